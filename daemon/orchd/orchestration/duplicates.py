"""The same proposal twice: a client whose connection broke sends again what may have been stored."""

from orchd.orchestration.facts import Facts
from orchd.orchestration.rule import rule
from orchd.orchestration.transition import CANCELLED, CANCELLING, PENDING, RUNNING, Transition
from orchd.orchestration.verdicts import ACCEPT, Abort, Accept, Reject, Verdict


@rule()
def know_repeated_call(asked: Transition, facts: Facts) -> Verdict:
    """A call that led to the current state is answered with that state, not carried out again."""
    call = asked.proposed.state_details.transition_id
    if asked.current is None or call is None or call != asked.current.state_details.transition_id:
        return ACCEPT
    return Reject(None, "This transition was made already.")


@rule(leaving=frozenset({PENDING, RUNNING, CANCELLING, CANCELLED}), entering=frozenset({PENDING}))
def submit_once(asked: Transition, facts: Facts) -> Verdict:
    """Of two workers that pick a run up, the second one stops. Infrastructure may tell its progress by names."""
    current, new = asked.current, asked.proposed
    if current is None or current.type is not PENDING or new.name in (current.name, "Pending"):
        held = "none" if current is None else current.type
        return Abort(f"A run in state {held} cannot become PENDING: it is, or was, on its way already.")
    if new.state_details.scheduled_time is not None or current.state_details.scheduled_time is None:
        return ACCEPT
    return Accept(details={"scheduled_time": current.state_details.scheduled_time})
