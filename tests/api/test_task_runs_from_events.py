"""Task runs are what clients tell of them in events: what is recorded, and what is let be."""

import logging
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from orchd.db import Tx
from orchd.db.tables import task_run
from tests.api.conftest import Api
from tests.api.event_kit import NOON, SECOND, Sender, a_flow_run, a_state_event

LATER, LATEST = NOON + SECOND, NOON + 2 * SECOND


async def history(api: Api, run_id: UUID) -> list[str]:
    """The types of the run's states, oldest first."""
    return [each["type"] for each in await api.get(f"/task_run_states/?task_run_id={run_id}")]


async def read(api: Api, run_id: UUID) -> dict[str, Any]:
    answer: dict[str, Any] = await api.get(f"/task_runs/{run_id}")
    return answer


async def runs(api: Api) -> int:
    def ask(tx: Tx) -> int:
        return tx.execute(select(func.count()).select_from(task_run)).scalar_one()

    return await api.db.read(ask)


async def events(api: Api) -> int:
    asked = {"occurred": {"since": "2020-01-01T00:00:00Z"}}
    return int((await api.post("/events/filter", {"filter": asked}))["total"])


@pytest.fixture
async def flow_run_id(api: Api) -> UUID:
    return await a_flow_run(api)


async def test_a_first_event_makes_the_run(api: Api, flow_run_id: UUID) -> None:
    run_id, child, at = uuid4(), str(uuid4()), "2026-04-01T12:00:00Z"
    told = {
        "name": "work-7", "task_key": "work-1", "dynamic_key": "d", "cache_key": "c", "cache_expiration": at,
        "task_version": "v1", "tags": ["b", "a"], "labels": {"x": 1}, "run_count": 2, "flow_run_run_count": 3,
        "task_inputs": {"x": [{"input_type": "task_run", "id": child}]}, "expected_start_time": at,
        "start_time": at, "end_time": at, "total_run_time": 1.5,
    }  # fmt: skip
    policy = {"max_retries": 2, "retries": 2, "retry_delay": [1, 2], "retry_delay_seconds": 0}
    state = {"message": "busy", "data": {"type": "reference"}, "state_details": {"cache_key": "c"}}
    event = a_state_event(run_id, flow_run_id, run={**told, "empirical_policy": policy}, state=state)
    await api.post("/events", [event])

    found = await read(api, run_id)
    assert {name: found[name] for name in told} == told
    assert found["empirical_policy"] == {**policy, "retry_jitter_factor": None}
    assert (found["id"], found["flow_run_id"]) == (str(run_id), str(flow_run_id))
    assert (found["state_id"], found["state_type"], found["state_name"]) == (event["id"], "RUNNING", "Running")
    shown = found["state"]
    assert (shown["id"], shown["type"], shown["name"], shown["timestamp"]) == (event["id"], "RUNNING", "Running", at)
    assert (shown["message"], shown["data"]) == ("busy", {"type": "reference"})
    details = shown["state_details"]
    assert (details["task_run_id"], details["flow_run_id"]) == (str(run_id), str(flow_run_id))
    assert (details["cache_key"], details["untrackable_result"], details["retriable"]) == ("c", False, None)
    assert await api.get(f"/task_run_states/?task_run_id={run_id}") == [shown]
    assert await api.get(f"/task_run_states/{event['id']}") == shown


async def test_what_a_first_event_leaves_out_is_empty(api: Api, flow_run_id: UUID) -> None:
    run_id = uuid4()
    event = a_state_event(run_id, flow_run_id)
    del event["payload"]["task_run"]["name"]
    await api.post("/events", [event])
    found = await read(api, run_id)
    assert found["name"] == "work-0"  # the resource's name
    empty = {"labels": None, "tags": [], "task_inputs": {}, "run_count": 0, "start_time": None, "cache_key": None}
    assert {name: found[name] for name in empty} == empty


async def test_a_later_event_changes_only_what_it_says(api: Api, flow_run_id: UUID) -> None:
    run_id = uuid4()
    first = {"tags": ["a"], "run_count": 1, "start_time": "2026-04-01T12:00:00Z"}
    await api.post("/events", [a_state_event(run_id, flow_run_id, "RUNNING", run=first)])
    created = (await read(api, run_id))["created"]
    second = {"end_time": "2026-04-01T12:00:01Z", "total_run_time": 1.0}
    await api.post("/events", [a_state_event(run_id, flow_run_id, "COMPLETED", LATER, run=second)])
    found = await read(api, run_id)
    assert {name: found[name] for name in (*first, *second)} == {**first, **second}
    assert (found["state_type"], found["created"]) == ("COMPLETED", created)
    assert found["updated"] > created
    assert await history(api, run_id) == ["RUNNING", "COMPLETED"]


@pytest.mark.parametrize("at_once", [True, False], ids=["in one batch", "one by one"])
async def test_the_order_of_arrival_does_not_matter(api: Api, flow_run_id: UUID, at_once: bool) -> None:
    run_id = uuid4()
    told = [
        a_state_event(run_id, flow_run_id, "COMPLETED", LATEST, run={"run_count": 1}),
        a_state_event(run_id, flow_run_id, "PENDING", NOON, run={"run_count": 0, "task_version": "old"}),
        a_state_event(run_id, flow_run_id, "RUNNING", LATER, run={"run_count": 7}),
    ]
    for batch in [told] if at_once else [[each] for each in told]:
        await api.post("/events", batch)
    found = await read(api, run_id)
    assert (found["state_type"], found["run_count"], found["task_version"]) == ("COMPLETED", 1, None)
    assert found["state"]["timestamp"] == "2026-04-01T12:00:02Z"
    assert await history(api, run_id) == ["PENDING", "RUNNING", "COMPLETED"]


@pytest.mark.parametrize("at_once", [True, False], ids=["in one batch", "one by one"])
async def test_several_states_of_one_run_add_up(api: Api, flow_run_id: UUID, at_once: bool) -> None:
    run_id = uuid4()
    told = [
        a_state_event(run_id, flow_run_id, "PENDING", NOON, run={"expected_start_time": "2026-04-01T12:00:00Z"}),
        a_state_event(run_id, flow_run_id, "RUNNING", LATER, run={"start_time": "2026-04-01T12:00:01Z"}),
        a_state_event(run_id, flow_run_id, "COMPLETED", LATEST, run={"end_time": "2026-04-01T12:00:02Z"}),
    ]
    for batch in [told] if at_once else [[each] for each in told]:
        await api.post("/events", batch)
    found = await read(api, run_id)
    times = [found[name] for name in ("expected_start_time", "start_time", "end_time")]
    assert times == ["2026-04-01T12:00:00Z", "2026-04-01T12:00:01Z", "2026-04-01T12:00:02Z"]


async def test_an_event_told_again_changes_nothing(api: Api, flow_run_id: UUID) -> None:
    run_id = uuid4()
    told = [a_state_event(run_id, flow_run_id, "RUNNING"), a_state_event(run_id, flow_run_id, "COMPLETED", LATER)]
    await api.post("/events", told)
    before = await read(api, run_id)
    await api.post("/events", [*told, *told])
    assert await read(api, run_id) == before
    assert await history(api, run_id) == ["RUNNING", "COMPLETED"]


async def test_of_two_states_at_one_moment_the_first_stays(api: Api, flow_run_id: UUID) -> None:
    run_id = uuid4()
    await api.post("/events", [a_state_event(run_id, flow_run_id, "COMPLETED")])
    await api.post("/events", [a_state_event(run_id, flow_run_id, "FAILED")])
    assert (await read(api, run_id))["state_type"] == "COMPLETED"
    assert await history(api, run_id) == ["COMPLETED"]


@pytest.mark.parametrize("at_once", [True, False], ids=["in one batch", "one by one"])
@pytest.mark.parametrize("flowless", [True, False], ids=["without a flow", "in a flow"])
async def test_a_run_known_under_another_id_keeps_its_id(
    api: Api, flow_run_id: UUID, at_once: bool, flowless: bool
) -> None:
    first, second = uuid4(), uuid4()
    parent = None if flowless else flow_run_id
    told = [
        a_state_event(first, parent, "RUNNING", run={"dynamic_key": "same"}),
        a_state_event(second, parent, "COMPLETED", LATER, run={"dynamic_key": "same"}),
    ]
    for batch in [told] if at_once else [[each] for each in told]:
        await api.post("/events", batch)
    assert (await read(api, first))["state_type"] == "COMPLETED"
    assert (await api.get(f"/task_run_states/{told[1]['id']}"))["state_details"]["task_run_id"] == str(first)
    assert await history(api, first) == ["RUNNING", "COMPLETED"]
    assert (await api.call("GET", f"/task_runs/{second}"))[0] == 404


async def test_a_known_id_under_another_key_is_still_the_same_run(api: Api, flow_run_id: UUID) -> None:
    run_id = uuid4()
    await api.post("/events", [a_state_event(run_id, flow_run_id, "RUNNING", run={"dynamic_key": "a"})])
    await api.post("/events", [a_state_event(run_id, flow_run_id, "COMPLETED", LATER, run={"dynamic_key": "b"})])
    found = await read(api, run_id)
    assert (found["state_type"], found["dynamic_key"], await runs(api)) == ("COMPLETED", "a", 1)


async def test_a_run_without_a_flow_is_recorded(api: Api) -> None:
    run_id = uuid4()
    await api.post("/events", [a_state_event(run_id, None)])
    found = await read(api, run_id)
    assert (found["flow_run_id"], found["state"]["state_details"]["flow_run_id"]) == (None, None)


async def test_a_run_made_over_http_is_taken_over(api: Api, flow_run_id: UUID) -> None:
    made = await api.post(
        "/task_runs/", {"flow_run_id": str(flow_run_id), "task_key": "work", "dynamic_key": "0", "name": "mine"}
    )
    at = NOON.replace(year=2030)
    await api.post("/events", [a_state_event(uuid4(), flow_run_id, "RUNNING", at, run={"dynamic_key": "0"})])
    found = await read(api, made["id"])
    assert (found["state_type"], found["name"]) == ("RUNNING", "work-0")
    assert await history(api, made["id"]) == ["PENDING", "RUNNING"]


async def test_a_deleted_run_comes_back_with_its_next_event(api: Api, flow_run_id: UUID) -> None:
    run_id = uuid4()
    await api.post("/events", [a_state_event(run_id, flow_run_id, "RUNNING")])
    await api.delete(f"/task_runs/{run_id}")
    await api.post("/events", [a_state_event(run_id, flow_run_id, "COMPLETED", LATER)])
    assert await history(api, run_id) == ["COMPLETED"]


async def test_any_name_of_a_state_is_kept(api: Api, flow_run_id: UUID) -> None:
    run_id = uuid4()
    event = a_state_event(run_id, flow_run_id, "SCHEDULED", state={"name": "AwaitingRetry"})
    await api.post("/events", [event])
    found = await read(api, run_id)
    assert (found["state_type"], found["state_name"], found["next_scheduled_start_time"]) == (
        "SCHEDULED", "AwaitingRetry", None,
    )  # fmt: skip


def without(event: dict[str, Any], *path: str) -> dict[str, Any]:
    inner = event
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    return event


UNKNOWN = uuid4()


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda run, flow: a_state_event(run, UNKNOWN), id="of a flow run that is not there"),
        pytest.param(lambda run, flow: without(a_state_event(run, flow), "payload", "task_run"), id="no task run"),
        pytest.param(lambda run, flow: without(a_state_event(run, flow), "payload", "validated_state"), id="no state"),
        pytest.param(lambda run, flow: without(a_state_event(run, flow), "payload"), id="no payload"),
        pytest.param(lambda run, flow: a_state_event(run, flow, state={"type": "DREAMING"}), id="an unknown type"),
        pytest.param(lambda run, flow: a_state_event(run, flow, run={"run_count": 2**40}), id="too large a number"),
        pytest.param(lambda run, flow: a_state_event(run, flow, run={"start_time": "soon"}), id="a time that is none"),
        pytest.param(lambda run, flow: a_state_event(run, flow, run={"tags": "blue"}), id="tags that are no list"),
        pytest.param(
            lambda run, flow: a_state_event(
                run,
                flow,
                resource={"prefect.resource.id": "prefect.task-run.seven", "prefect.orchestration": "client"},
            ),
            id="an id that is no UUID",
        ),
    ],
)
async def test_an_event_that_cannot_be_recorded_is_kept_and_spares_the_others(
    api: Api, flow_run_id: UUID, make: Any, caplog: pytest.LogCaptureFixture
) -> None:
    bad, before, after = uuid4(), uuid4(), uuid4()
    sender = await Sender.connect(api)
    with caplog.at_level(logging.WARNING, logger="orchd.domain.event_intake"):
        await sender.tell(a_state_event(before, flow_run_id), make(bad, flow_run_id), a_state_event(after, flow_run_id))
    assert (await runs(api), await events(api)) == (2, 3)
    assert (await api.call("GET", f"/task_runs/{bad}"))[0] == 404
    assert [record.levelname for record in caplog.records if "no task run is recorded" in record.message] == ["WARNING"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"event": "prefect.flow-run.Running"}, id="of something else"),
        pytest.param(
            {"resource": {"prefect.resource.id": f"prefect.task-run.{uuid4()}"}}, id="not the client's to tell"
        ),
    ],
)
async def test_other_events_record_nothing(api: Api, flow_run_id: UUID, change: dict[str, Any]) -> None:
    await api.post("/events", [{**a_state_event(uuid4(), flow_run_id), **change}])
    assert (await runs(api), await events(api)) == (0, 1)


async def test_an_event_that_the_database_refuses_to_record_spares_the_others(api: Api, flow_run_id: UUID) -> None:
    """A name may be of any length, but an index of PostgreSQL does not take one of this."""
    long = "".join(str(uuid4()) for _ in range(3000))
    told = [a_state_event(uuid4(), flow_run_id, run={"name": long if at == 7 else "short"}) for at in range(20)]
    sender = await Sender.connect(api)
    await sender.tell(*told)
    assert await events(api) == 20
    assert await runs(api) >= 19


async def test_a_nul_does_not_stop_a_record(api: Api, flow_run_id: UUID) -> None:
    run_id = uuid4()
    await api.post("/events", [a_state_event(run_id, flow_run_id, run={"tags": ["a\0"]}, state={"message": "\0!"})])
    found = await read(api, run_id)
    assert (found["tags"], found["state"]["message"]) == (["a"], "!")


async def test_a_thousand_runs_of_mixed_states_end_as_told(api: Api, flow_run_id: UUID) -> None:
    ids = [uuid4() for _ in range(1000)]
    sender = await Sender.connect(api)
    for at, kind in enumerate(("PENDING", "RUNNING", "COMPLETED")):
        await sender.send(*(a_state_event(each, flow_run_id, kind, NOON + at * SECOND) for each in ids))
    await sender.confirm()
    asked = {"task_runs": {"flow_run_id": {"any_": [str(flow_run_id)]}, "state": {"type": {"any_": ["COMPLETED"]}}}}
    assert await api.post("/task_runs/count", asked) == 1000
    assert await history(api, ids[500]) == ["PENDING", "RUNNING", "COMPLETED"]
