"""Background task runs."""

from typing import Any
from uuid import UUID

import pytest

from orchd.orchestration.background import copy_parameters_id
from orchd.orchestration.facts import Kind
from orchd.orchestration.policy import (
    BACKGROUND_TASK,
    CORE_FLOW,
    CORE_TASK,
    MINIMAL_FLOW,
    MINIMAL_TASK,
    chosen,
)
from orchd.orchestration.rule import Policy
from orchd.orchestration.transition import COMPLETED, FAILED, PENDING, RUNNING, SCHEDULED
from orchd.orchestration.verdicts import ACCEPT, Accept, EnqueueTask
from orchd.orchestration.walk import decide
from orchd.wire.states import StateType
from tests.orchestration.asking import FLOW_RUN, asked, flow_in, held, of_task, tag, wished

PARAMETERS = UUID(int=77)


@pytest.mark.parametrize(
    ("kind", "deferred", "force", "policy"),
    [
        (Kind.FLOW, None, False, CORE_FLOW),
        (Kind.FLOW, None, True, MINIMAL_FLOW),
        (Kind.FLOW, True, False, CORE_FLOW),
        (Kind.TASK, None, False, CORE_TASK),
        (Kind.TASK, None, True, MINIMAL_TASK),
        (Kind.TASK, False, False, CORE_TASK),
        (Kind.TASK, True, False, BACKGROUND_TASK),
        (Kind.TASK, True, True, BACKGROUND_TASK),
    ],
)
def test_a_proposal_chooses_its_policy(kind: Kind, deferred: bool | None, force: bool, policy: Policy) -> None:
    assert chosen(kind, wished(SCHEDULED, deferred=deferred), force=force) is policy


@pytest.mark.parametrize(
    ("current", "proposed", "copied"),
    [
        (SCHEDULED, PENDING, True),
        (PENDING, RUNNING, True),
        (SCHEDULED, RUNNING, True),
        (RUNNING, COMPLETED, False),
        (RUNNING, SCHEDULED, False),
    ],
)
def test_parameters_are_found_until_the_task_runs(current: StateType, proposed: StateType, copied: bool) -> None:
    verdict = copy_parameters_id(asked(held(current, task_parameters_id=PARAMETERS), proposed), of_task())
    assert verdict == (Accept(details={"task_parameters_id": PARAMETERS}) if copied else ACCEPT)


def test_parameters_of_the_proposal_s_own_are_kept() -> None:
    own = wished(PENDING, task_parameters_id=UUID(int=78))
    assert copy_parameters_id(asked(held(SCHEDULED, task_parameters_id=PARAMETERS), own), of_task()) is ACCEPT
    assert copy_parameters_id(asked(SCHEDULED, PENDING), of_task()) is ACCEPT


@pytest.mark.parametrize(
    ("transition", "queued"),
    [
        pytest.param(asked(None, SCHEDULED), (EnqueueTask(retry=False),), id="created"),
        pytest.param(asked(RUNNING, wished(SCHEDULED, "AwaitingRetry")), (EnqueueTask(retry=True),), id="to retry"),
        pytest.param(asked(RUNNING, FAILED), (EnqueueTask(retry=True),), id="failed with attempts left"),
        pytest.param(asked(SCHEDULED, PENDING), (), id="picked up"),
    ],
)
def test_a_scheduled_task_is_put_on_its_queue(transition: Any, queued: tuple[EnqueueTask, ...]) -> None:
    assert decide(BACKGROUND_TASK, transition, of_task(retries=1, run_count=1)).effects == queued


def test_a_retry_keeps_the_parameters() -> None:
    running = held(RUNNING, deferred=True, task_parameters_id=PARAMETERS)
    decision = decide(BACKGROUND_TASK, asked(running, FAILED), of_task(retries=1, run_count=1))
    assert decision.state is not None
    details = decision.state.state_details
    assert (decision.state.name, details.deferred, details.task_parameters_id) == ("AwaitingRetry", True, PARAMETERS)


def test_a_background_task_needs_no_running_flow_and_no_slot() -> None:
    facts = of_task(
        flow_run_id=FLOW_RUN, flow_run=flow_in(COMPLETED), tags=("db",), tag_limits=(tag("db", 1, taken=1),)
    )
    decision = decide(BACKGROUND_TASK, asked(SCHEDULED, RUNNING), facts)
    assert (decision.status, decision.effects) == ("ACCEPT", ())
