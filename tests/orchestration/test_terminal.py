"""What an ended run may still become."""

from typing import Any

import pytest

from orchd.orchestration.policy import CORE_FLOW, CORE_TASK
from orchd.orchestration.terminal import keep_result, restart_ended_flow_run, restart_ended_task_run
from orchd.orchestration.transition import (
    CANCELLED,
    CANCELLING,
    COMPLETED,
    CRASHED,
    FAILED,
    PAUSED,
    PENDING,
    RUNNING,
    SCHEDULED,
    TERMINAL,
)
from orchd.orchestration.verdicts import ACCEPT, Abort, Accept, Reject
from orchd.orchestration.walk import decide
from orchd.wire.states import StateType
from tests.orchestration.asking import (
    DEPLOYMENT,
    FLOW_RUN,
    asked,
    flow_in,
    held,
    of_flow,
    of_task,
    slots,
    wished,
)

RESULT = {"type": "reference", "storage_key": "k"}
ENDED = sorted(TERMINAL)


@pytest.mark.parametrize("rule", [restart_ended_flow_run, restart_ended_task_run])
@pytest.mark.parametrize("current", ENDED)
@pytest.mark.parametrize("proposed", [CANCELLING, PAUSED, CRASHED])
def test_what_has_ended_cannot_be_stopped(rule: Any, current: StateType, proposed: StateType) -> None:
    assert isinstance(rule(asked(current, proposed), of_flow()), Abort)


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        pytest.param(RESULT, True, id="a result in storage"),
        pytest.param({}, True, id="a dictionary without a type"),
        pytest.param({"type": "unpersisted"}, False, id="a result that was never stored"),
        pytest.param(None, False, id="no result"),
        pytest.param("text", False, id="something else"),
    ],
)
@pytest.mark.parametrize("proposed", [SCHEDULED, PENDING, RUNNING])
@pytest.mark.parametrize("rule", [restart_ended_flow_run, restart_ended_task_run])
def test_a_completed_run_starts_over_unless_its_result_is_kept(
    rule: Any, proposed: StateType, data: object, kept: bool
) -> None:
    verdict = rule(asked(held(COMPLETED, data=data), proposed), of_flow(deployment_id=DEPLOYMENT))
    assert isinstance(verdict, Reject if kept else Accept)


@pytest.mark.parametrize(
    ("old", "new", "refused"),
    [
        pytest.param(RESULT, None, True, id="a result by none"),
        pytest.param(RESULT, {"type": "unpersisted"}, True, id="a result by one that is not stored"),
        pytest.param(RESULT, RESULT, False, id="a result by a result"),
        pytest.param(None, None, False, id="none by none"),
        pytest.param(None, RESULT, False, id="none by a result"),
    ],
)
def test_a_kept_result_is_not_overwritten(old: object, new: object, refused: bool) -> None:
    verdict = keep_result(asked(held(COMPLETED, data=old), wished(COMPLETED, data=new)), of_flow())
    assert isinstance(verdict, Reject) == refused


def test_a_completed_flow_run_may_still_be_declared_failed() -> None:
    assert restart_ended_flow_run(asked(held(COMPLETED, data=RESULT), FAILED), of_flow()) is ACCEPT


def test_a_completed_task_run_with_a_result_stays_as_it_is() -> None:
    verdict = restart_ended_task_run(asked(held(COMPLETED, data=RESULT), wished(FAILED, data=RESULT)), of_task())
    assert isinstance(verdict, Reject)


@pytest.mark.parametrize("current", ENDED)
def test_only_a_deployed_run_is_scheduled_again(current: StateType) -> None:
    assert isinstance(restart_ended_flow_run(asked(current, SCHEDULED), of_flow()), Abort)
    again = restart_ended_flow_run(asked(current, SCHEDULED), of_flow(deployment_id=DEPLOYMENT))
    assert again == Accept(policy={"resuming": False, "pause_keys": (), "retry_type": "reschedule"})


@pytest.mark.parametrize("proposed", [PENDING, RUNNING])
def test_a_restart_forgets_pauses_and_retries(proposed: StateType) -> None:
    facts = of_flow(pause_keys=("one",), resuming=True, retry_type="in_process", run_count=2)
    decision = decide(CORE_FLOW, asked(FAILED, proposed), facts)
    assert decision.run is not None
    assert decision.run.policy == {"resuming": False, "pause_keys": (), "retry_type": None}


def test_a_restart_that_finds_no_slot_forgets_nothing() -> None:
    facts = of_flow(deployment_id=DEPLOYMENT, deployment=slots(1, taken=1), pause_keys=("one",))
    decision = decide(CORE_FLOW, asked(FAILED, PENDING), facts)
    assert decision.state is not None
    assert decision.run is not None
    assert (decision.state.name, decision.run.policy) == ("AwaitingConcurrencySlot", {})


@pytest.mark.parametrize(("proposed", "attempts"), [(SCHEDULED, 0), (PENDING, 0), (RUNNING, 1), (CANCELLED, 3)])
def test_a_task_run_that_starts_over_counts_from_the_beginning(proposed: StateType, attempts: int) -> None:
    decision = decide(CORE_TASK, asked(FAILED, proposed), of_task(run_count=3))
    assert decision.run is not None
    assert decision.run.run_count == attempts


@pytest.mark.parametrize(("flow_attempt", "name"), [(1, "Running"), (2, "Retrying")])
def test_a_task_run_that_starts_over_in_a_later_attempt_of_its_flow_is_retrying(flow_attempt: int, name: str) -> None:
    facts = of_task(
        run_count=1, flow_run_id=FLOW_RUN, flow_run_run_count=1, flow_run=flow_in(RUNNING, run_count=flow_attempt)
    )
    decision = decide(CORE_TASK, asked(FAILED, RUNNING), facts)
    assert decision.state is not None
    assert decision.state.name == name


@pytest.mark.parametrize("rule", [restart_ended_flow_run, restart_ended_task_run])
@pytest.mark.parametrize("current", ENDED)
@pytest.mark.parametrize("proposed", [COMPLETED, FAILED, CANCELLED])
def test_one_end_may_follow_another(rule: Any, current: StateType, proposed: StateType) -> None:
    assert rule(asked(current, proposed), of_flow()) is ACCEPT
