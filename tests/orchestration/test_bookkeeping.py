"""What a transition does to its run, whatever the policy."""

from datetime import datetime
from typing import Any

import pytest

from orchd.orchestration.bookkeeping import mirror
from orchd.orchestration.decision import RunChanges
from orchd.orchestration.facts import Facts
from orchd.orchestration.policy import MINIMAL_FLOW, MINIMAL_TASK
from orchd.orchestration.transition import (
    CANCELLED,
    COMPLETED,
    FAILED,
    PENDING,
    RUNNING,
    SCHEDULED,
    Proposed,
)
from orchd.orchestration.walk import decide
from orchd.wire.states import State, StateType
from tests.orchestration.asking import (
    ALL_TYPES,
    FLOW_RUN,
    HOUR,
    MINUTE,
    NEW,
    NOON,
    PARENT,
    RUN,
    SECOND,
    asked,
    held,
    of_flow,
    of_task,
    wished,
)

EARLIER = NOON - HOUR


def after(current: State | StateType | None, proposed: Proposed | StateType, facts: Facts) -> RunChanges:
    decision = decide(MINIMAL_FLOW, asked(current, proposed), facts)
    assert decision.run is not None
    return decision.run


@pytest.mark.parametrize("proposed", ALL_TYPES)
def test_the_run_shows_its_state(proposed: StateType) -> None:
    run = after(None, wished(proposed, "Mine"), of_flow())
    assert (run.state_type, run.state_name, run.state_timestamp) == (proposed, "Mine", NOON)


@pytest.mark.parametrize(
    ("current", "proposed", "known", "starts", "ends"),
    [
        pytest.param(PENDING, RUNNING, {}, NOON, None, id="first start"),
        pytest.param(SCHEDULED, RUNNING, {"start_time": EARLIER}, EARLIER, None, id="second start"),
        pytest.param(RUNNING, COMPLETED, {"start_time": EARLIER}, EARLIER, NOON, id="end"),
        pytest.param(SCHEDULED, CANCELLED, {}, NOON, NOON, id="an end without a start"),
        pytest.param(
            COMPLETED, FAILED, {"start_time": EARLIER, "end_time": EARLIER}, EARLIER, EARLIER, id="another end"
        ),
        pytest.param(FAILED, PENDING, {"start_time": EARLIER, "end_time": EARLIER}, EARLIER, None, id="over again"),
    ],
)
def test_start_and_end(
    current: StateType, proposed: StateType, known: dict[str, Any], starts: datetime, ends: datetime | None
) -> None:
    run = after(current, proposed, of_flow(**known))
    assert (run.start_time, run.end_time) == (starts, ends)


@pytest.mark.parametrize(("current", "total"), [(None, 5.0), (PENDING, 5.0), (RUNNING, 65.0)])
@pytest.mark.parametrize("proposed", [RUNNING, COMPLETED])
def test_time_in_running_adds_up(current: StateType | None, proposed: StateType, total: float) -> None:
    assert after(current, proposed, of_flow(total_run_time=5.0)).total_run_time == total


@pytest.mark.parametrize(
    ("proposed", "known", "expected"),
    [
        pytest.param(wished(SCHEDULED, scheduled_time=NOON + HOUR), None, NOON + HOUR, id="scheduled"),
        pytest.param(wished(PENDING, scheduled_time=NOON + HOUR), None, NOON, id="not scheduled"),
        pytest.param(wished(SCHEDULED, scheduled_time=NOON + HOUR), EARLIER, EARLIER, id="said once"),
    ],
)
def test_a_run_is_expected_when_it_was_first_expected(
    proposed: Proposed, known: datetime | None, expected: datetime
) -> None:
    assert after(None, proposed, of_flow(expected_start_time=known)).expected_start_time == expected


@pytest.mark.parametrize(
    ("current", "proposed", "known", "expected"),
    [
        pytest.param(RUNNING, wished(SCHEDULED, scheduled_time=NOON + HOUR), None, NOON + HOUR, id="comes"),
        pytest.param(SCHEDULED, wished(SCHEDULED, scheduled_time=NOON + HOUR), EARLIER, NOON + HOUR, id="moves"),
        pytest.param(SCHEDULED, wished(PENDING), EARLIER, None, id="goes"),
        pytest.param(PENDING, wished(RUNNING), None, None, id="is gone"),
    ],
)
def test_the_next_start_is_known_while_the_run_waits_for_it(
    current: StateType, proposed: Proposed, known: datetime | None, expected: datetime | None
) -> None:
    assert after(current, proposed, of_flow(next_scheduled_start_time=known)).next_scheduled_start_time == expected


@pytest.mark.parametrize(
    ("facts", "current", "proposed", "attempts"),
    [
        pytest.param(of_flow(run_count=1), SCHEDULED, RUNNING, 2, id="a start"),
        pytest.param(of_flow(run_count=1), RUNNING, RUNNING, 2, id="a start while running"),
        pytest.param(of_flow(run_count=1, resuming=True), PENDING, RUNNING, 1, id="after a pause"),
        pytest.param(of_task(run_count=1, resuming=True), PENDING, RUNNING, 2, id="tasks have no pauses"),
        pytest.param(of_flow(run_count=1), RUNNING, FAILED, 1, id="an end"),
    ],
)
def test_starts_are_counted(facts: Facts, current: StateType, proposed: StateType, attempts: int) -> None:
    assert after(current, proposed, facts).run_count == attempts


@pytest.mark.parametrize("proposed", ALL_TYPES)
def test_a_start_and_an_end_finish_a_resumption(proposed: StateType) -> None:
    finishes = proposed in (RUNNING, COMPLETED, FAILED, CANCELLED, StateType.CRASHED)
    assert after(PENDING, proposed, of_flow(resuming=True)).policy == ({"resuming": False} if finishes else {})
    assert after(PENDING, proposed, of_flow()).policy == {}


def test_states_of_a_flow_run_name_it_and_the_task_that_stands_for_it() -> None:
    decision = decide(MINIMAL_FLOW, asked(None, PENDING), of_flow(parent_task_run_id=PARENT))
    assert decision.state is not None
    details = decision.state.state_details
    assert (details.flow_run_id, details.task_run_id, decision.mirror_onto) == (RUN, PARENT, PARENT)


def test_states_of_a_task_run_name_it_and_its_flow_run() -> None:
    decision = decide(MINIMAL_TASK, asked(None, PENDING), of_task(flow_run_id=FLOW_RUN))
    assert decision.state is not None
    details = decision.state.state_details
    assert (details.flow_run_id, details.task_run_id, decision.mirror_onto) == (FLOW_RUN, RUN, None)


def test_a_subflow_is_shown_by_its_task_run() -> None:
    stored = decide(MINIMAL_FLOW, asked(None, wished(RUNNING, "Mine", {"a": 1})), of_flow(parent_task_run_id=PARENT))
    assert stored.state is not None
    shown = mirror(stored.state, RUN)
    assert (shown.type, shown.name, shown.data, shown.state_details.child_flow_run_id) == (
        RUNNING,
        "Mine",
        {"a": 1},
        RUN,
    )


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(NOON, NOON, id="time goes on"),
        pytest.param(NOON - MINUTE, NOON - MINUTE + SECOND / 1_000_000, id="within the same microsecond"),
        pytest.param(NOON - HOUR, NOON - MINUTE + SECOND / 1_000_000, id="the clock was set back"),
    ],
)
def test_each_state_of_a_run_is_later_than_the_one_before(now: datetime, expected: datetime) -> None:
    decision = decide(MINIMAL_FLOW, asked(held(PENDING), RUNNING), of_flow(now=now))
    assert decision.state is not None
    assert (decision.state.id, decision.state.timestamp) == (NEW, expected)
