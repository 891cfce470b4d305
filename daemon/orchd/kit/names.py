"""Names for runs that were given none: an adjective and an animal, easy to say on the phone."""

import secrets

_ADJECTIVES = (
    "able agile amber ample apt arctic ashen astute azure balmy bold brave breezy bright brisk bronze calm candid "
    "chief civil clear clever copper coral cosmic crisp curious dapper daring deft dusky eager early earnest easy "
    "elder elegant fabled fair famous fast fearless festive fleet fond frank free fresh frosty gallant gentle "
    "giddy gilded glad golden grand green hale handy happy hardy hasty hazel hearty honest humble icy ideal "
    "indigo ivory jade jaunty jolly jovial keen kind lasting lavish lean lively lofty loyal lucid lucky lunar "
    "mellow merry mighty mild misty modest nimble noble novel olive open patient placid plucky polite prime proud "
    "quick quiet radiant rapid ready regal robust rosy royal ruby rustic sage sandy scarlet serene sharp silent "
    "silver sincere sleek smart snowy solar solid spry stable stark steady stellar still stout sturdy subtle "
    "sunny sure swift tame tidy tranquil true trusty upbeat valiant vast velvet violet vivid warm wary wise witty "
    "young zany zesty"
).split()
_ANIMALS = (
    "adder albatross alpaca ant antelope auk badger bat bear beaver bee beetle bison boar bobcat buffalo bunting "
    "buzzard camel caribou carp cat chamois cheetah chough cicada civet cobra cod condor coot cormorant cougar "
    "coyote crab crane cricket crow cuckoo curlew deer dingo dolphin dormouse dove duck eagle eel egret eider elk "
    "emu falcon ferret finch flamingo fox frog gannet gazelle gecko gibbon giraffe gnu goat goose gopher grebe "
    "grouse gull haddock hare harrier hawk hedgehog heron herring hoopoe hornet horse hound hyena ibex ibis "
    "iguana impala jackal jackdaw jaguar jay kestrel kite kiwi koala lapwing lark lemur leopard lion lizard llama "
    "loon lynx macaw magpie mallard mantis marlin marmot marten mink mole mongoose moose moth mule newt ocelot "
    "octopus okapi orca oriole osprey ostrich otter owl ox oyster panda panther parrot partridge peacock pelican "
    "penguin perch pheasant pigeon pike plover pony porpoise puffin puma quail rabbit raccoon ram raven ray robin "
    "rook salmon sandpiper seal shark shrew shrike skua skylark sloth snail snipe sparrow squid stag starling "
    "stoat stork swallow swan swift tapir tern thrush tiger toad toucan trout tuna turtle viper vole vulture "
    "wagtail walrus warbler wasp weasel whale wigeon wolf wombat woodcock wren yak zebra"
).split()


def random_name() -> str:
    """Two lower-case words joined by a dash."""
    return f"{secrets.choice(_ADJECTIVES)}-{secrets.choice(_ANIMALS)}"
