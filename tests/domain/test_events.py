"""What the events that orchd itself tells of look like."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from orchd.domain.events import Named, flow_run_related, flow_run_state, object_changed
from orchd.wire.states import State, StateDetails, StateType

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)
RUN = Named(UUID(int=1), "quick-fox")
FLOW = Named(UUID(int=2), "etl")


def state(kind: StateType, at: datetime = NOON, number: int = 7, **more: object) -> State:
    return State(id=UUID(int=number), type=kind, name=kind.value.title(), timestamp=at, **more)


def test_the_event_of_a_state_carries_the_id_and_the_time_of_the_state() -> None:
    told = flow_run_state(RUN, 3, state(StateType.RUNNING, message="go"), None, [])
    assert (told.id, told.occurred, told.event, told.follows) == (UUID(int=7), NOON, "prefect.flow-run.Running", None)
    assert told.resource == {
        "prefect.resource.id": f"prefect.flow-run.{RUN.id}",
        "prefect.resource.name": "quick-fox",
        "prefect.run-count": "3",
        "prefect.state-message": "go",
        "prefect.state-name": "Running",
        "prefect.state-timestamp": "2026-04-01T12:00:00+00:00",
        "prefect.state-type": "RUNNING",
    }
    assert told.payload == {
        "intended": {"from": None, "to": "RUNNING"},
        "initial_state": None,
        "validated_state": {"type": "RUNNING", "name": "Running", "message": "go"},
    }


def test_a_paused_state_says_whether_the_run_is_rescheduled() -> None:
    paused = state(StateType.PAUSED, state_details=StateDetails(pause_reschedule=True))
    told = flow_run_state(RUN, 1, paused, state(StateType.RUNNING, number=6), [])
    assert told.payload["validated_state"]["pause_reschedule"] == "true"
    assert told.payload["initial_state"] == {"type": "RUNNING", "name": "Running"}


@pytest.mark.parametrize(
    ("apart", "follows"),
    [
        pytest.param(timedelta(minutes=5) - timedelta(microseconds=1), UUID(int=6), id="less than five minutes"),
        pytest.param(timedelta(minutes=5), None, id="five minutes"),
    ],
)
def test_an_event_follows_the_one_before_only_when_they_are_close(apart: timedelta, follows: UUID | None) -> None:
    before = state(StateType.PENDING, NOON - apart, number=6)
    assert flow_run_state(RUN, 1, state(StateType.RUNNING), before, []).follows == follows


def test_a_message_is_cut_to_what_an_event_may_carry() -> None:
    told = flow_run_state(RUN, 1, state(StateType.FAILED, message="x" * 100_001), None, [])
    assert len(told.resource["prefect.state-message"]) == 100_000


def test_related_resources_come_in_the_order_that_clients_know() -> None:
    found = flow_run_related(
        flow=FLOW,
        deployment=Named(UUID(int=3), "nightly"),
        work_queue=Named(UUID(int=4), "default"),
        work_pool=Named(UUID(int=5), "pool"),
        work_pool_type="process",
        task_run=Named(UUID(int=6), "child-0"),
        tags=["b", "a", "b"],
        creator=("deployment", UUID(int=3), "nightly"),
    )
    roles = [each["prefect.resource.role"] for each in found]
    assert roles == ["flow", "deployment", "work-queue", "work-pool", "task-run", "tag", "tag", "creator"]
    assert found[3]["prefect.work-pool.type"] == "process"
    assert found[5:7] == [
        {"prefect.resource.id": f"prefect.tag.{tag}", "prefect.resource.role": "tag"} for tag in ("a", "b")
    ]


def test_a_changed_object_is_named_and_shown() -> None:
    told = object_changed("variable", "updated", UUID(int=9), "answer", {"value": 42}, NOON)
    assert told.event == "prefect.variable.updated"
    assert told.resource == {
        "prefect.resource.id": f"prefect.variable.{UUID(int=9)}",
        "prefect.resource.name": "answer",
    }
    assert (told.payload, told.occurred) == ({"value": 42}, NOON)
