"""What every transition does to its run, whatever the policy: times, counts, and the state that the run shows."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from orchd.orchestration.decision import RunChanges
from orchd.orchestration.facts import Facts, Kind, Run
from orchd.orchestration.transition import RUNNING, SCHEDULED, TERMINAL, Proposed
from orchd.orchestration.verdicts import Gathered
from orchd.wire.states import State, StateDetails

_MICROSECOND = timedelta(microseconds=1)


def stamped(current: State | None, stored: Proposed, facts: Facts) -> State:
    """The state with its id, the ids of its runs, and a time after that of every earlier state of the run."""
    timestamp = facts.now if current is None else max(facts.now, current.timestamp + _MICROSECOND)
    return State(
        id=facts.new_id,
        type=stored.type,
        name=stored.name,
        timestamp=timestamp,
        message=stored.message,
        data=stored.data,
        state_details=_placed(stored.state_details, facts.run),
    )


def _placed(details: StateDetails, run: Run) -> StateDetails:
    """Names the run; a subflow's state also names the task run that stands for it in the parent."""
    if run.kind is Kind.FLOW:
        task_run_id = run.parent_task_run_id or details.task_run_id
        return replace(details, flow_run_id=run.id, task_run_id=task_run_id)
    return replace(details, flow_run_id=run.flow_run_id, task_run_id=run.id)


def mirror(state: State, flow_run_id: UUID) -> Proposed:
    """A subflow's state, as it is to be forced onto the task run that stands for the subflow in its parent."""
    details = replace(state.state_details, child_flow_run_id=flow_run_id)
    return Proposed(state.type, state.name, state.message, state.data, details)


def changes(run: Run, current: State | None, new: State, gathered: Gathered) -> RunChanges:
    """The run's columns once it is in the new state."""
    starts, ends = _times(run, current, new)
    attempts = run.run_count if gathered.run_count is None else gathered.run_count
    flow_attempt = gathered.flow_run_run_count
    return RunChanges(
        state_type=new.type,
        state_name=new.name,
        state_timestamp=new.timestamp,
        run_count=attempts + _counts(run, new, gathered.policy),
        start_time=starts,
        end_time=ends,
        expected_start_time=_expected(run, new),
        next_scheduled_start_time=_next_start(run, current, new),
        total_run_time=_run_time(run, current, new),
        flow_run_run_count=run.flow_run_run_count if flow_attempt is None else flow_attempt,
        policy=_policy(run, new, gathered),
    )


def _times(run: Run, current: State | None, new: State) -> tuple[datetime | None, datetime | None]:
    """Start time: of the first attempt, never cleared. End time: of the last change from living to ended."""
    starts, ends = run.start_time, run.end_time
    if new.type is RUNNING and starts is None:
        starts = new.timestamp
    if new.type not in TERMINAL:
        return starts, None if current is not None and current.type in TERMINAL else ends
    if ends is None:
        ends = new.timestamp
        starts = starts or ends
    return starts, ends


def _run_time(run: Run, current: State | None, new: State) -> float:
    if current is None or current.type is not RUNNING:
        return run.total_run_time
    return run.total_run_time + (new.timestamp - current.timestamp).total_seconds()


def _expected(run: Run, new: State) -> datetime:
    """Set once, by the first state."""
    if run.expected_start_time is not None:
        return run.expected_start_time
    return (new.state_details.scheduled_time if new.type is SCHEDULED else None) or new.timestamp


def _next_start(run: Run, current: State | None, new: State) -> datetime | None:
    if new.type is SCHEDULED:
        return new.state_details.scheduled_time
    return None if current is not None and current.type is SCHEDULED else run.next_scheduled_start_time


def _counts(run: Run, new: State, policy: Mapping[str, Any]) -> int:
    """Entering RUNNING is an attempt, unless a flow run goes on after a pause."""
    resumes = run.kind is Kind.FLOW and policy.get("resuming", run.policy.resuming)
    return 1 if new.type is RUNNING and not resumes else 0


def _policy(run: Run, new: State, gathered: Gathered) -> dict[str, Any]:
    """The fields that end up different from what the run has now. An attempt, or an end, ends a pause."""
    ends_pause = run.kind is Kind.FLOW and (new.type is RUNNING or new.type in TERMINAL)
    resumes = gathered.policy.get("resuming", run.policy.resuming)
    if not (gathered.policy or gathered.policy_after or (ends_pause and resumes)):
        return {}
    cleared = {"resuming": False} if ends_pause and resumes else {}
    wanted = {**gathered.policy, **cleared, **gathered.policy_after}
    return {field: value for field, value in wanted.items() if value != getattr(run.policy, field)}
