"""Cancelling sticks, and happens at once where nothing runs."""

import pytest

from orchd.orchestration.cancelling import cancel_at_once, stay_cancelling
from orchd.orchestration.transition import CANCELLED, CANCELLING, PAUSED, SCHEDULED, Proposed
from orchd.orchestration.verdicts import ACCEPT, Reject
from orchd.wire.states import State, StateType
from tests.orchestration.asking import ALL_TYPES, NO_STATE_OR_ANY, asked, held, of_flow


@pytest.mark.parametrize("proposed", ALL_TYPES)
def test_a_run_being_cancelled_becomes_only_cancelled(proposed: StateType) -> None:
    verdict = stay_cancelling(asked(CANCELLING, proposed), of_flow())
    if proposed is CANCELLED:
        assert verdict is ACCEPT
    else:
        assert isinstance(verdict, Reject)
        assert verdict.state is None


@pytest.mark.parametrize(
    ("current", "process", "at_once"),
    [
        pytest.param(held(SCHEDULED), None, True, id="nothing was started"),
        pytest.param(held(SCHEDULED), "", True, id="an empty process id"),
        pytest.param(held(SCHEDULED, "AwaitingRetry"), "4711", False, id="a process waits for its retry"),
        pytest.param(held(SCHEDULED, "Resuming"), "4711", True, id="the process exited at its suspension"),
        pytest.param(held(PAUSED, "Suspended", pause_reschedule=True), "4711", True, id="suspended"),
        pytest.param(held(PAUSED), None, False, id="a process waits in a pause"),
    ],
)
def test_a_run_without_a_process_is_cancelled_at_once(current: State, process: str | None, at_once: bool) -> None:
    verdict = cancel_at_once(asked(current, CANCELLING), of_flow(infrastructure_pid=process))
    if at_once:
        assert isinstance(verdict, Reject)
        assert verdict.state == Proposed(CANCELLED, "Cancelled")
    else:
        assert verdict is ACCEPT


@pytest.mark.parametrize("current", [one for one in NO_STATE_OR_ANY if one not in (SCHEDULED, PAUSED)])
def test_any_other_run_is_left_to_its_process(current: StateType | None) -> None:
    assert cancel_at_once(asked(current, CANCELLING), of_flow()) is ACCEPT
