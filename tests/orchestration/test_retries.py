"""Attempts after the first."""

from datetime import timedelta
from typing import Any

import pytest

from orchd.orchestration.decision import Status
from orchd.orchestration.policy import CORE_FLOW, CORE_TASK
from orchd.orchestration.retries import name_later_attempts, retry_flow_run, retry_task_run
from orchd.orchestration.transition import (
    CANCELLED,
    COMPLETED,
    CRASHED,
    FAILED,
    PENDING,
    RUNNING,
    SCHEDULED,
)
from orchd.orchestration.verdicts import ACCEPT, Accept, Reject, ReleaseLease
from orchd.orchestration.walk import decide
from orchd.wire.states import State, StateType
from tests.orchestration.asking import CALL, DEPLOYMENT, LEASE, NOON, asked, held, of_flow, of_task, wished

FAILURE = asked(RUNNING, FAILED)


@pytest.mark.parametrize(
    ("retries", "attempts", "again"),
    [
        pytest.param(None, 1, False, id="no retries asked for"),
        pytest.param(0, 1, False, id="none allowed"),
        pytest.param(1, 1, True, id="one left"),
        pytest.param(1, 2, False, id="used up"),
        pytest.param(3, 2, True, id="two left"),
        pytest.param(1, 9, False, id="restarted by hand many times"),
        pytest.param(1, 0, True, id="put into RUNNING by force"),
    ],
)
@pytest.mark.parametrize(("rule", "of_run"), [(retry_flow_run, of_flow), (retry_task_run, of_task)])
def test_a_failed_run_tries_again_while_attempts_are_left(
    rule: Any, of_run: Any, retries: int | None, attempts: int, again: bool
) -> None:
    verdict = rule(FAILURE, of_run(retries=retries, run_count=attempts))
    assert isinstance(verdict, Reject) == again


@pytest.mark.parametrize("policy", [CORE_FLOW, CORE_TASK])
@pytest.mark.parametrize("end", [COMPLETED, CANCELLED, CRASHED])
def test_only_a_failure_is_retried(policy: Any, end: StateType) -> None:
    facts = (of_flow if policy is CORE_FLOW else of_task)(retries=5, run_count=1)
    assert decide(policy, asked(RUNNING, end), facts).status is Status.ACCEPT


@pytest.mark.parametrize("current", [None, SCHEDULED, PENDING])
def test_only_an_attempt_is_retried(current: StateType | None) -> None:
    assert retry_flow_run(asked(current, FAILED), of_flow(retries=5)) is ACCEPT
    assert retry_task_run(asked(current, FAILED), of_task(retries=5)) is ACCEPT


def test_a_flow_run_waits_in_its_process_for_its_retry() -> None:
    failure = asked(
        held(RUNNING, deployment_concurrency_lease_id=LEASE), wished(FAILED, "TimedOut", {"a": 1}, transition_id=CALL)
    )
    facts = of_flow(
        retries=1, retry_delay=30, run_count=1, pause_keys=("one",), resuming=True, deployment_id=DEPLOYMENT
    )
    decision = decide(CORE_FLOW, failure, facts)
    assert decision.state is not None
    assert decision.run is not None
    assert (decision.state.type, decision.state.name, decision.state.data) == (SCHEDULED, "AwaitingRetry", {"a": 1})
    assert decision.state.state_details.scheduled_time == NOON + timedelta(seconds=30)
    assert decision.state.state_details.deployment_concurrency_lease_id == LEASE
    assert decision.state.state_details.transition_id == CALL
    assert decision.run.policy == {"resuming": False, "pause_keys": (), "retry_type": "in_process"}
    assert decision.effects == ()


def test_the_last_failure_ends_the_retries_and_gives_the_slot_back() -> None:
    failure = asked(held(RUNNING, deployment_concurrency_lease_id=LEASE), FAILED)
    decision = decide(CORE_FLOW, failure, of_flow(retries=1, run_count=2, retry_type="in_process"))
    assert decision.run is not None
    assert (decision.status, decision.run.policy) == (Status.ACCEPT, {"retry_type": None})
    assert decision.effects == (ReleaseLease(LEASE),)


@pytest.mark.parametrize(
    ("policy", "attempt", "seconds"),
    [
        pytest.param({}, 1, 0, id="no delay"),
        pytest.param({"retry_delay": 7}, 1, 7, id="one delay"),
        pytest.param({"retry_delay": [1, 5, 9]}, 1, 1, id="first of a list"),
        pytest.param({"retry_delay": [1, 5, 9]}, 2, 5, id="second of a list"),
        pytest.param({"retry_delay": [1, 5, 9]}, 7, 9, id="past the end of the list"),
        pytest.param({"retry_delay": []}, 1, 0, id="an empty list"),
        pytest.param({"retry_delay": 10, "retry_jitter_factor": 0.5, "jitter": 0.0}, 1, 5, id="jitter, lowest"),
        pytest.param({"retry_delay": 10, "retry_jitter_factor": 0.5, "jitter": 0.5}, 1, 10, id="jitter, middle"),
        pytest.param({"retry_delay": 10, "retry_jitter_factor": 4.0, "jitter": 0.0}, 1, 0, id="never before now"),
        pytest.param({"retry_jitter_factor": 0.5, "jitter": 0.9}, 1, 0, id="nothing to spread"),
    ],
)
def test_a_task_run_waits_for_its_retry(policy: dict[str, Any], attempt: int, seconds: float) -> None:
    verdict = retry_task_run(FAILURE, of_task(retries=9, run_count=attempt, **policy))
    assert isinstance(verdict, Reject)
    assert verdict.state == wished(SCHEDULED, "AwaitingRetry", scheduled_time=NOON + timedelta(seconds=seconds))


def test_a_delay_beyond_the_calendar_is_cut() -> None:
    verdict = retry_task_run(FAILURE, of_task(retries=1, run_count=1, retry_delay=1e15))
    assert isinstance(verdict, Reject)
    assert verdict.state is not None
    assert verdict.state.state_details.scheduled_time == NOON + timedelta(days=36500)


@pytest.mark.parametrize(("retriable", "again"), [(None, True), (True, True), (False, False)])
def test_a_task_run_that_says_so_is_not_retried(retriable: bool | None, again: bool) -> None:
    verdict = retry_task_run(asked(RUNNING, wished(FAILED, retriable=retriable)), of_task(retries=1, run_count=1))
    assert isinstance(verdict, Reject) == again


@pytest.mark.parametrize(
    ("current", "attempts", "expected"),
    [
        pytest.param(held(PENDING), 0, ACCEPT, id="the first"),
        pytest.param(held(SCHEDULED, "AwaitingRetry"), 1, Accept(name="Retrying"), id="after a delay"),
        pytest.param(held(SCHEDULED), 1, Accept(name="Rerunning"), id="scheduled anew"),
        pytest.param(held(RUNNING), 1, Accept(name="Rerunning"), id="run again while running"),
        pytest.param(held(FAILED), 1, ACCEPT, id="starting over"),
    ],
)
def test_a_task_run_names_its_attempts(current: State, attempts: int, expected: Accept) -> None:
    assert name_later_attempts(asked(current, RUNNING), of_task(run_count=attempts)) == expected


def test_a_flow_run_does_not() -> None:
    decision = decide(CORE_FLOW, asked(held(SCHEDULED, "AwaitingRetry"), RUNNING), of_flow(run_count=1))
    assert decision.state is not None
    assert (decision.state.name, decision.run and decision.run.run_count) == ("Running", 2)
