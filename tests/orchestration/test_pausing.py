"""Pause, suspend, resume."""

from typing import Any

import pytest

from orchd.orchestration.decision import Status
from orchd.orchestration.pausing import leave_pause, pause
from orchd.orchestration.policy import CORE_FLOW
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
    Proposed,
)
from orchd.orchestration.verdicts import ACCEPT, Abort, Accept, Reject
from orchd.orchestration.walk import decide
from orchd.wire.states import StateType
from tests.orchestration.asking import (
    DEPLOYMENT,
    MINUTE,
    NEW,
    NO_STATE_OR_ANY,
    NOON,
    PARENT,
    asked,
    held,
    of_flow,
    wished,
)


@pytest.mark.parametrize("current", NO_STATE_OR_ANY)
def test_only_a_running_run_pauses(current: StateType | None) -> None:
    expected = Abort if current is None else Accept if current is RUNNING else Reject
    assert isinstance(pause(asked(current, PAUSED), of_flow()), expected)


def test_a_pause_is_remembered_by_its_key() -> None:
    verdict = pause(asked(RUNNING, wished(PAUSED, pause_key="two")), of_flow(pause_keys=("one",)))
    assert verdict == Accept(policy={"pause_keys": ("one", "two")})


def test_a_pause_without_a_key_gets_one() -> None:
    assert pause(asked(RUNNING, PAUSED), of_flow(pause_keys=None)) == Accept(policy={"pause_keys": (str(NEW),)})


def test_a_rerun_passes_the_pauses_that_it_has_behind_it() -> None:
    again = asked(RUNNING, wished(PAUSED, pause_key="one"))
    assert isinstance(pause(again, of_flow(pause_keys=("one",))), Reject)


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        pytest.param({"deployment_id": DEPLOYMENT}, Accept, id="a deployed run"),
        pytest.param({}, Abort, id="nothing would pick it up"),
        pytest.param({"deployment_id": DEPLOYMENT, "parent_task_run_id": PARENT}, Abort, id="a subflow"),
    ],
)
def test_a_run_is_suspended_only_if_it_can_come_back(run: dict[str, Any], expected: type) -> None:
    suspend = asked(RUNNING, wished(PAUSED, "Suspended", pause_reschedule=True))
    assert isinstance(pause(suspend, of_flow(**run)), expected)


def test_a_subflow_may_pause() -> None:
    assert isinstance(pause(asked(RUNNING, PAUSED), of_flow(parent_task_run_id=PARENT)), Accept)


@pytest.mark.parametrize(
    ("proposed", "expected"),
    [
        (SCHEDULED, Accept(policy_after={"resuming": True})),
        (RUNNING, Accept(policy_after={"resuming": True})),
        (CANCELLING, ACCEPT),
        (COMPLETED, ACCEPT),
        (FAILED, ACCEPT),
        (CANCELLED, ACCEPT),
        (CRASHED, ACCEPT),
    ],
)
def test_ways_out_of_a_pause(proposed: StateType, expected: Accept) -> None:
    assert leave_pause(asked(PAUSED, proposed), of_flow()) == expected


@pytest.mark.parametrize("proposed", [PENDING, PAUSED])
def test_a_paused_run_has_no_other_way(proposed: StateType) -> None:
    assert isinstance(leave_pause(asked(PAUSED, proposed), of_flow()), Reject)


@pytest.mark.parametrize("proposed", [SCHEDULED, RUNNING, CANCELLING, FAILED])
def test_a_suspended_run_whose_deployment_is_gone_stays(proposed: StateType) -> None:
    suspended = held(PAUSED, "Suspended", pause_reschedule=True)
    verdict = leave_pause(asked(suspended, proposed), of_flow())
    assert isinstance(verdict, Reject)
    assert verdict.state is None


@pytest.mark.parametrize("proposed", [SCHEDULED, RUNNING, COMPLETED, FAILED, CANCELLED, CRASHED])
def test_a_pause_that_took_too_long_has_failed(proposed: StateType) -> None:
    paused = held(PAUSED, pause_timeout=NOON - MINUTE)
    verdict = leave_pause(asked(paused, proposed), of_flow())
    assert isinstance(verdict, Reject)
    assert verdict.state == Proposed(FAILED, "Failed", f"The flow was {proposed.lower()} and never resumed.")


@pytest.mark.parametrize(
    ("timeout", "proposed"),
    [
        pytest.param(NOON - MINUTE, CANCELLING, id="but it may be cancelled"),
        pytest.param(NOON, RUNNING, id="the last instant"),
        pytest.param(NOON + MINUTE, RUNNING, id="in time"),
        pytest.param(None, RUNNING, id="without an end"),
    ],
)
def test_a_pause_that_did_not_has_not(timeout: Any, proposed: StateType) -> None:
    assert isinstance(leave_pause(asked(held(PAUSED, pause_timeout=timeout), proposed), of_flow()), Accept)


@pytest.mark.parametrize(
    ("resuming", "attempts"),
    [pytest.param(False, 2, id="first pause of the run"), pytest.param(True, 1, id="a later one")],
)
def test_going_on_after_a_blocking_pause_counts_once(resuming: bool, attempts: int) -> None:
    decision = decide(CORE_FLOW, asked(PAUSED, RUNNING), of_flow(run_count=1, resuming=resuming))
    assert decision.run is not None
    assert decision.run.run_count == attempts
    assert decision.run.policy.get("resuming", resuming) is True


def test_going_on_after_a_suspension_is_not_a_new_attempt() -> None:
    suspended = held(PAUSED, "Suspended", pause_reschedule=True)
    resume = decide(
        CORE_FLOW, asked(suspended, wished(SCHEDULED, "Resuming")), of_flow(run_count=1, deployment_id=DEPLOYMENT)
    )
    start = decide(CORE_FLOW, asked(PENDING, RUNNING), of_flow(run_count=1, resuming=True))
    assert resume.run is not None
    assert start.run is not None
    assert resume.run.policy == {"resuming": True}
    assert (start.run.run_count, start.run.policy) == (1, {"resuming": False})


def test_a_refused_resume_changes_nothing() -> None:
    decision = decide(CORE_FLOW, asked(held(PAUSED, pause_reschedule=True), RUNNING), of_flow())
    assert (decision.status, decision.state, decision.run) == (Status.REJECT, None, None)
