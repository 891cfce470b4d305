"""Scheduled times: carried along, and waited for; and runs that are late."""

from datetime import timedelta

from orchd.orchestration.facts import Facts
from orchd.orchestration.rule import rule
from orchd.orchestration.transition import LATE, PENDING, RUNNING, SCHEDULED, Transition
from orchd.orchestration.verdicts import ACCEPT, Accept, Reject, Verdict, Wait

_SECOND = timedelta(seconds=1)


@rule(leaving=frozenset({SCHEDULED}), entering=frozenset({PENDING}))
def copy_scheduled_time(asked: Transition, facts: Facts) -> Verdict:
    """A run may be submitted early; it must still know its time when it is about to run."""
    if asked.current is None or asked.proposed.state_details.scheduled_time is not None:
        return ACCEPT
    return Accept(details={"scheduled_time": asked.current.state_details.scheduled_time})


@rule(leaving=frozenset({SCHEDULED, PENDING}), entering=frozenset({RUNNING}))
def wait_for_scheduled_time(asked: Transition, facts: Facts) -> Verdict:
    """A run does not start before its time. Up to half a second is not worth waiting."""
    starts = asked.current.state_details.scheduled_time if asked.current else None
    if starts is None or starts <= facts.now:
        return ACCEPT
    whole, rest = divmod(starts - facts.now, _SECOND)
    seconds = whole + round(rest / _SECOND)
    return Wait(seconds, "The run's scheduled time has not come.") if seconds else ACCEPT


@rule(entering=frozenset({SCHEDULED}))
def late_once(asked: Transition, facts: Facts) -> Verdict:
    """Only a run that still waits can be late, and it is called so once."""
    if asked.proposed.name != LATE:
        return ACCEPT
    if asked.current is None or asked.current.type is not SCHEDULED:
        return Reject(None, "Only a scheduled run can be late.")
    return Reject(None, "The run is marked late already.") if asked.current.name == LATE else ACCEPT
