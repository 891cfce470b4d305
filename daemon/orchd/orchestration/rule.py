"""How a rule is declared: a function, the pairs of states that it is about, and what it must read."""

from collections.abc import Callable

from msgspec import Struct

from orchd.orchestration.facts import Facts, Need, Run
from orchd.orchestration.transition import ANY, ANY_OR_NONE, Proposed, StateType, Transition
from orchd.orchestration.verdicts import ACCEPT, Effect, Verdict

Decide = Callable[[Transition, Facts], Verdict]
Conclude = Callable[[Transition, Proposed, Facts], tuple[Effect, ...]]
Reads = Callable[[Transition, Run], Need]


class Rule(Struct, frozen=True):
    """Takes part when the run leaves one of `leaving` (None: no state) for one of `entering`."""

    decide: Decide
    leaving: frozenset[StateType | None]
    entering: frozenset[StateType]
    reads: Reads | None

    @property
    def name(self) -> str:
        return self.decide.__name__

    def applies(self, current: StateType | None, entered: StateType) -> bool:
        return current in self.leaving and entered in self.entering

    def __call__(self, asked: Transition, facts: Facts) -> Verdict:
        """The verdict on any pair: a rule has nothing against those that it is not about."""
        current = asked.current.type if asked.current else None
        return self.decide(asked, facts) if self.applies(current, asked.proposed.type) else ACCEPT


def rule(
    leaving: frozenset[StateType | None] = ANY_OR_NONE,
    entering: frozenset[StateType] = ANY,
    reads: Reads | None = None,
) -> Callable[[Decide], Rule]:
    """Declares a rule. `reads` names the costly facts that it needs for a transition."""
    return lambda decide: Rule(decide, leaving, entering, reads)


class Conclusion(Struct, frozen=True):
    """Follows every transition at its end, whatever was stored: the proposal, or a state in its place."""

    conclude: Conclude

    @property
    def name(self) -> str:
        return self.conclude.__name__

    def __call__(self, asked: Transition, stored: Proposed, facts: Facts) -> tuple[Effect, ...]:
        return self.conclude(asked, stored, facts)


def conclusion(conclude: Conclude) -> Conclusion:
    """Declares a conclusion."""
    return Conclusion(conclude)


class Policy:
    """Rules and conclusions in their order, found by the pair of states that a transition is about."""

    def __init__(self, name: str, *parts: Rule | Conclusion) -> None:
        self.name = name
        self.rules = tuple(part for part in parts if isinstance(part, Rule))
        self.conclusions = tuple(part for part in parts if isinstance(part, Conclusion))
        self._of_pair = {
            (current, entered): tuple(rule for rule in self.rules if rule.applies(current, entered))
            for current in ANY_OR_NONE
            for entered in ANY
        }

    def rules_for(self, asked: Transition) -> tuple[Rule, ...]:
        """The rules that take part in a transition, in their order."""
        current = asked.current
        return self._of_pair[None if current is None else current.type, asked.proposed.type]
