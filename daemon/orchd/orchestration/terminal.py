"""Ended runs: what an end allows, and how a run starts over."""

from orchd.orchestration.facts import Facts, Kind, Need, Run
from orchd.orchestration.rule import rule
from orchd.orchestration.transition import (
    CANCELLING,
    COMPLETED,
    CRASHED,
    PAUSED,
    RETRYING,
    RUNNING,
    SCHEDULED,
    TERMINAL,
    Transition,
    persisted,
)
from orchd.orchestration.verdicts import ACCEPT, Abort, Accept, Reject, Verdict

_ENDED_FOR_GOOD = frozenset({CANCELLING, PAUSED, CRASHED})


def reads_result(asked: Transition, run: Run) -> Need:
    """Only a completed run has a result to protect; task runs also ask after their flow run's attempt."""
    needed = Need.NOTHING
    if asked.current is not None and asked.current.type is COMPLETED:
        needed = Need.RESULT
    if run.kind is Kind.TASK and run.flow_run_id is not None and asked.proposed.type is RUNNING:
        needed |= Need.FLOW_RUN
    return needed


@rule(leaving=TERMINAL, reads=reads_result)
def restart_ended_flow_run(asked: Transition, facts: Facts) -> Verdict:
    """An ended run may start over, unless its result is kept, or nothing could pick it up."""
    current, new = asked.current, asked.proposed
    if new.type in _ENDED_FOR_GOOD:
        return Abort(f"This run has ended and cannot become {new.type}.")
    if new.type in TERMINAL:
        return ACCEPT
    if current is not None and current.type is COMPLETED and persisted(current.data):
        return Reject(None, "This run has completed and its result is kept.")
    if new.type is SCHEDULED and facts.run.deployment_id is None:
        return Abort("A run without a deployment cannot be rescheduled: nothing would pick it up.")
    retry_type = "reschedule" if new.type is SCHEDULED else None
    return Accept(policy={"resuming": False, "pause_keys": (), "retry_type": retry_type})


@rule(leaving=frozenset({COMPLETED}), entering=frozenset({COMPLETED}), reads=reads_result)
def keep_result(asked: Transition, facts: Facts) -> Verdict:
    """A kept result is not overwritten by none, not even by force."""
    if asked.current is not None and persisted(asked.current.data) and not persisted(asked.proposed.data):
        return Reject(None, "The completed state holds a kept result and the proposed one does not.")
    return ACCEPT


@rule(leaving=TERMINAL, reads=reads_result)
def restart_ended_task_run(asked: Transition, facts: Facts) -> Verdict:
    """An ended task run starts over with its first attempt, unless its result is kept."""
    current, new, flow_run = asked.current, asked.proposed, facts.flow_run
    if new.type in _ENDED_FOR_GOOD:
        return Abort(f"This run has ended and cannot become {new.type}.")
    if current is not None and current.type is COMPLETED and persisted(current.data):
        return Reject(None, "This run has completed and its result is kept.")
    if new.type in TERMINAL:
        return ACCEPT
    flow_retries = flow_run is not None and flow_run.run_count > facts.run.flow_run_run_count
    return Accept(run_count=0, name=RETRYING if new.type is RUNNING and flow_retries else None)
