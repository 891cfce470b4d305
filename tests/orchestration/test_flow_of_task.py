"""Task runs within their flow run."""

import pytest

from orchd.orchestration.flow_of_task import note_attempt_of_flow, run_within_running_flow
from orchd.orchestration.policy import CORE_TASK
from orchd.orchestration.transition import PAUSED, PENDING, RUNNING
from orchd.orchestration.verdicts import ACCEPT, Abort, Accept, Reject
from orchd.orchestration.walk import decide
from orchd.wire.states import StateType
from tests.orchestration.asking import FLOW_RUN, HOUR, NO_STATE_OR_ANY, NOON, asked, flow_in, of_task, wished


@pytest.mark.parametrize("state", NO_STATE_OR_ANY)
def test_a_task_runs_while_its_flow_does(state: StateType | None) -> None:
    verdict = run_within_running_flow(asked(PENDING, RUNNING), of_task(flow_run_id=FLOW_RUN, flow_run=flow_in(state)))
    expected = Accept if state is RUNNING else Reject if state is PAUSED else Abort
    assert isinstance(verdict, expected)


def test_a_task_of_a_paused_flow_is_paused_as_long() -> None:
    paused = flow_in(PAUSED, pause_timeout=NOON + HOUR, pause_reschedule=True)
    verdict = run_within_running_flow(asked(PENDING, RUNNING), of_task(flow_run_id=FLOW_RUN, flow_run=paused))
    assert isinstance(verdict, Reject)
    assert verdict.state == wished(PAUSED, "NotReady", pause_timeout=NOON + HOUR, pause_reschedule=True)
    assert str(FLOW_RUN) in verdict.reason


def test_a_task_whose_flow_run_is_gone_does_not_run() -> None:
    assert isinstance(run_within_running_flow(asked(PENDING, RUNNING), of_task(flow_run_id=FLOW_RUN)), Abort)


def test_a_task_without_a_flow_runs() -> None:
    assert run_within_running_flow(asked(PENDING, RUNNING), of_task()) is ACCEPT
    assert note_attempt_of_flow(asked(PENDING, RUNNING), of_task()) is ACCEPT


@pytest.mark.parametrize(("proposed", "noted"), [(RUNNING, 3), (PENDING, 1)])
def test_a_task_notes_in_which_attempt_of_its_flow_it_runs(proposed: StateType, noted: int) -> None:
    facts = of_task(flow_run_id=FLOW_RUN, flow_run_run_count=1, flow_run=flow_in(RUNNING, run_count=3))
    decision = decide(CORE_TASK, asked(None, proposed), facts)
    assert decision.run is not None
    assert decision.run.flow_run_run_count == noted
