"""Repeated calls and double submissions."""

from uuid import UUID

import pytest

from orchd.orchestration.decision import Status
from orchd.orchestration.duplicates import know_repeated_call, submit_once
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
)
from orchd.orchestration.verdicts import ACCEPT, Abort, Accept, Reject
from orchd.orchestration.walk import decide
from orchd.wire.states import StateType
from tests.orchestration.asking import CALL, NOON, asked, held, of_flow, wished

OTHER_CALL = UUID(int=99)


@pytest.mark.parametrize(
    ("first", "second", "known"),
    [
        pytest.param(CALL, CALL, True, id="the same call"),
        pytest.param(CALL, OTHER_CALL, False, id="another call"),
        pytest.param(CALL, None, False, id="a call without an id"),
        pytest.param(None, CALL, False, id="a state that no call made"),
        pytest.param(None, None, False, id="neither has an id"),
    ],
)
def test_a_call_is_known_by_its_transition_id(first: UUID | None, second: UUID | None, known: bool) -> None:
    verdict = know_repeated_call(
        asked(held(RUNNING, transition_id=first), wished(RUNNING, transition_id=second)), of_flow()
    )
    assert isinstance(verdict, Reject) == known


def test_a_first_state_repeats_nothing() -> None:
    assert know_repeated_call(asked(None, wished(PENDING, transition_id=CALL)), of_flow()) is ACCEPT


def test_a_failure_that_became_a_retry_is_known_when_it_is_sent_again() -> None:
    facts = of_flow(retries=1, run_count=1)
    failure = wished(FAILED, transition_id=CALL)
    first = decide(CORE_FLOW, asked(RUNNING, failure), facts)
    again = decide(CORE_FLOW, asked(first.state, failure), facts)
    assert (first.state and first.state.name) == "AwaitingRetry"
    assert (again.status, again.state) == (Status.REJECT, None)


@pytest.mark.parametrize("current", [RUNNING, CANCELLING, CANCELLED])
def test_a_run_on_its_way_is_not_submitted(current: StateType) -> None:
    assert isinstance(submit_once(asked(current, wished(PENDING, "Submitting")), of_flow()), Abort)


@pytest.mark.parametrize("current", [None, SCHEDULED, PAUSED, COMPLETED, FAILED, CRASHED])
def test_other_runs_are(current: StateType | None) -> None:
    assert submit_once(asked(current, PENDING), of_flow()) is ACCEPT


@pytest.mark.parametrize(
    ("current", "proposed", "passes"),
    [
        pytest.param("Pending", "Submitting", True, id="the worker goes on"),
        pytest.param("Submitting", "InfrastructurePending", True, id="the infrastructure goes on"),
        pytest.param("Pending", "Pending", False, id="a second worker"),
        pytest.param("Submitting", "Submitting", False, id="a second worker, later"),
        pytest.param("Submitting", "Pending", False, id="back to the beginning"),
    ],
)
def test_a_pending_run_may_only_change_its_name(current: str, proposed: str, passes: bool) -> None:
    verdict = submit_once(asked(held(PENDING, current), wished(PENDING, proposed)), of_flow())
    assert isinstance(verdict, Abort) != passes


def test_a_new_name_keeps_the_scheduled_time() -> None:
    renamed = asked(held(PENDING, scheduled_time=NOON), wished(PENDING, "Submitting"))
    assert submit_once(renamed, of_flow()) == Accept(details={"scheduled_time": NOON})
