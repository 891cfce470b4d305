"""Concurrency limits of tags, for task runs whose states come over HTTP. (Others ask for slots by themselves.)"""

import math

from orchd.orchestration.facts import Facts, Need, Run
from orchd.orchestration.rule import conclusion, rule
from orchd.orchestration.transition import CANCELLING, RUNNING, Proposed, Transition
from orchd.orchestration.verdicts import ACCEPT, Abort, Accept, Effect, ReleaseTagSlots, TakeTagSlots, Verdict, Wait


def _reads_tags(asked: Transition, run: Run) -> Need:
    return Need.TAGS if run.tags else Need.NOTHING


@rule(entering=frozenset({RUNNING}), reads=_reads_tags)
def take_tag_slots(asked: Transition, facts: Facts) -> Verdict:
    """A task run takes one slot of each of its tags, or none at all."""
    wanted = [tag for tag in facts.tag_limits if tag.limit.active and not tag.held]
    if not wanted:
        return ACCEPT
    for tag in wanted:
        if tag.limit.limit == 0:
            return Abort(f"The concurrency limit of tag {tag.tag!r} is 0: the task would wait for ever.")
    for tag in wanted:
        if tag.limit.full:
            seconds = math.ceil(facts.settings.tag_slot_wait)
            return Wait(seconds, f"The concurrency limit of tag {tag.tag!r} is reached.")
    return Accept(effects=(TakeTagSlots(tuple(tag.limit.id for tag in wanted)),))


@conclusion
def release_tag_slots(asked: Transition, stored: Proposed, facts: Facts) -> tuple[Effect, ...]:
    """A task run that neither runs nor is being cancelled holds no slot of a tag."""
    if asked.current is None or not facts.run.tags or stored.type in (RUNNING, CANCELLING):
        return ()
    return (ReleaseTagSlots(),)
