"""Cancelling: it sticks, and it needs something to kill."""

from orchd.orchestration.facts import Facts
from orchd.orchestration.rule import rule
from orchd.orchestration.transition import (
    ANY,
    CANCELLED,
    CANCELLING,
    PAUSED,
    RESUMING,
    SCHEDULED,
    Proposed,
    Transition,
)
from orchd.orchestration.verdicts import ACCEPT, Reject, Verdict


@rule(leaving=frozenset({CANCELLING}), entering=ANY - {CANCELLED})
def stay_cancelling(asked: Transition, facts: Facts) -> Verdict:
    """A run that is being cancelled can only become cancelled."""
    return Reject(None, "A run that is being cancelled can only become CANCELLED.")


@rule(leaving=frozenset({SCHEDULED, PAUSED}), entering=frozenset({CANCELLING}))
def cancel_at_once(asked: Transition, facts: Facts) -> Verdict:
    """Where no process runs there is none to kill: the run is cancelled on the spot."""
    current = asked.current
    if current is None:
        return ACCEPT
    if current.type is SCHEDULED and (not facts.run.infrastructure_pid or current.name == RESUMING):
        return Reject(Proposed(CANCELLED, "Cancelled"), "Scheduled flow run has no infrastructure to terminate.")
    if current.type is PAUSED and current.state_details.pause_reschedule:
        return Reject(Proposed(CANCELLED, "Cancelled"), "Suspended flow run has no infrastructure to terminate.")
    return ACCEPT
