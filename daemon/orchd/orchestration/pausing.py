"""Pauses: the process waits (pause) or exits and is scheduled again (suspend)."""

from orchd.orchestration.facts import Facts
from orchd.orchestration.rule import rule
from orchd.orchestration.transition import (
    CANCELLING,
    FAILED,
    PAUSED,
    RUNNING,
    SCHEDULED,
    TERMINAL,
    Proposed,
    Transition,
)
from orchd.orchestration.verdicts import ACCEPT, Abort, Accept, Reject, Verdict

_WAYS_OUT = TERMINAL | {RUNNING, SCHEDULED, CANCELLING}
_GOES_ON = frozenset({RUNNING, SCHEDULED})


@rule(entering=frozenset({PAUSED}))
def pause(asked: Transition, facts: Facts) -> Verdict:
    """Only a running run pauses, and at each of its pause points once: a rerun passes those that it has behind it."""
    details, run = asked.proposed.state_details, facts.run
    if asked.current is None:
        return Abort("A run without a state cannot be paused.")
    if asked.current.type is not RUNNING:
        return Reject(None, "Cannot pause flows that are not currently running.")
    passed = run.policy.pause_keys or ()
    key = details.pause_key or str(facts.new_id)
    if key in passed:
        return Reject(None, "This pause has already fired.")
    if details.pause_reschedule and run.parent_task_run_id is not None:
        return Abort("Cannot suspend subflows.")
    if details.pause_reschedule and run.deployment_id is None:
        return Abort("Cannot suspend flows without a deployment.")
    return Accept(policy={"pause_keys": (*passed, key)})


@rule(leaving=frozenset({PAUSED}))
def leave_pause(asked: Transition, facts: Facts) -> Verdict:
    """A paused run goes on, is cancelled, or ends; one that waited too long has failed.

    That the run resumes is noted after attempts are counted. So the attempt after a suspension is not counted; the
    first blocking pause of a run counts as a new attempt, the ones after it do not.
    """
    new = asked.proposed.type
    if asked.current is None or new not in _WAYS_OUT:
        return Reject(None, f"A paused run cannot become {new}.")
    paused = asked.current.state_details
    if paused.pause_reschedule and facts.run.deployment_id is None:
        return Reject(None, "A suspended run without a deployment cannot go on: nothing would pick it up.")
    if paused.pause_timeout is not None and paused.pause_timeout < facts.now and new is not CANCELLING:
        failed = Proposed(FAILED, "Failed", f"The flow was {asked.proposed.name.lower()} and never resumed.")
        return Reject(failed, "The flow run pause has timed out and can no longer resume.")
    return Accept(policy_after={"resuming": True}) if new in _GOES_ON else ACCEPT
