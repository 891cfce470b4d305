"""Failed attempts: whether there is another one, when, and what it is called."""

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from orchd.orchestration.facts import Facts, RunPolicy
from orchd.orchestration.rule import rule
from orchd.orchestration.transition import (
    ANY_OR_NONE,
    AWAITING_RETRY,
    FAILED,
    RERUNNING,
    RETRYING,
    RUNNING,
    SCHEDULED,
    TERMINAL,
    Proposed,
    StateDetails,
    Transition,
)
from orchd.orchestration.verdicts import ACCEPT, Accept, Reject, Verdict

_LONGEST_DELAY = timedelta(days=36500).total_seconds()  # a time beyond the calendar cannot be stored


@rule(leaving=frozenset({RUNNING}), entering=frozenset({FAILED}))
def retry_flow_run(asked: Transition, facts: Facts) -> Verdict:
    """A flow run with attempts left is scheduled again. The process that failed waits and goes on, with its slot."""
    if not _attempts_left(facts):
        return Accept(policy={"retry_type": None})
    lease = _lease(asked)
    again = _again(asked.proposed, facts, _delay(facts.run.policy, 0))
    again = replace(again, state_details=replace(again.state_details, deployment_concurrency_lease_id=lease))
    policy: dict[str, Any] = {"resuming": False, "pause_keys": (), "retry_type": "in_process"}
    return Reject(again, "Retrying", policy)


@rule(leaving=frozenset({RUNNING}), entering=frozenset({FAILED}))
def retry_task_run(asked: Transition, facts: Facts) -> Verdict:
    """A task run with attempts left is scheduled again, unless the client knows that it is of no use."""
    if asked.proposed.state_details.retriable is False or not _attempts_left(facts):
        return ACCEPT
    delay = _jittered(_delay(facts.run.policy, facts.run.run_count - 1), facts)
    again = _again(asked.proposed, facts, delay)
    if asked.current is not None and asked.current.state_details.task_parameters_id is not None:
        held = asked.current.state_details  # a task worker must find the parameters once more
        kept = replace(again.state_details, deferred=held.deferred, task_parameters_id=held.task_parameters_id)
        again = replace(again, state_details=kept)
    return Reject(again, "Retrying")


@rule(leaving=ANY_OR_NONE - TERMINAL, entering=frozenset({RUNNING}))
def name_later_attempts(asked: Transition, facts: Facts) -> Verdict:
    """From its second attempt on a task run says so. One that had ended counts from the beginning."""
    if facts.run.run_count == 0:
        return ACCEPT
    waited = asked.current is not None and asked.current.name == AWAITING_RETRY
    return Accept(name=RETRYING if waited else RERUNNING)


def _attempts_left(facts: Facts) -> bool:
    retries = facts.run.policy.retries
    return retries is not None and facts.run.run_count <= retries


def _again(failed: Proposed, facts: Facts, delay: float) -> Proposed:
    when = facts.now + timedelta(seconds=min(delay, _LONGEST_DELAY))
    return Proposed(SCHEDULED, AWAITING_RETRY, failed.message, failed.data, StateDetails(scheduled_time=when))


def _delay(policy: RunPolicy, attempt: int) -> float:
    """Seconds before the attempt after this one, counted from 0."""
    delay = policy.retry_delay
    if isinstance(delay, list):
        delay = delay[min(max(attempt, 0), len(delay) - 1)] if delay else 0.0
    return max(delay or 0.0, 0.0)


def _jittered(delay: float, facts: Facts) -> float:
    """Spread evenly around the delay, by at most the policy's factor, so that tasks do not come back all at once."""
    factor = facts.run.policy.retry_jitter_factor or 0.0
    return max(delay * (1 + factor * (2 * facts.jitter - 1)), 0.0) if factor > 0 else delay


def _lease(asked: Transition) -> Any:
    held = asked.current.state_details.deployment_concurrency_lease_id if asked.current else None
    return asked.proposed.state_details.deployment_concurrency_lease_id or held
