"""Reading, changing and removing task runs over HTTP."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from orchd.db import Database
from orchd.db.tables import log
from tests.api.conftest import Api
from tests.kit.rows import NOON, Rows

NOBODY = UUID(int=0)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def rows(db: Database) -> Rows:
    return Rows(db)


async def test_a_task_run_is_answered_with_every_field(api: Api, rows: Rows) -> None:
    run = await rows.flow_run(await rows.flow())
    inputs = {"x": [{"input_type": "parameter", "name": "p"}]}
    id = await rows.task_run(
        run, state_type="COMPLETED", labels=None, task_inputs=inputs, start_time=NOON, expected_start_time=NOON - MINUTE
    )
    found = await api.get(f"/task_runs/{id}")
    assert (found["id"], found["flow_run_id"], found["task_inputs"]) == (str(id), str(run), inputs)
    assert (found["labels"], found["state"]["type"], found["estimated_start_time_delta"]) == (None, "COMPLETED", 60.0)
    assert len(found) == 27
    assert await api.call("GET", f"/task_runs/{NOBODY}") == (404, {"detail": "Task not found"})


async def test_lists_and_pages_come_in_every_order(api: Api, rows: Rows) -> None:
    run = await rows.flow_run(await rows.flow())
    for number, name in enumerate("bca"):
        moment = NOON + number * MINUTE
        await rows.task_run(
            run,
            id=UUID(int=10 - number),
            name=name,
            expected_start_time=moment,
            end_time=moment,
            next_scheduled_start_time=moment,
        )
    expected = {
        "ID_DESC": "bca",
        "EXPECTED_START_TIME_ASC": "bca",
        "EXPECTED_START_TIME_DESC": "acb",
        "NAME_ASC": "abc",
        "NAME_DESC": "cba",
        "NEXT_SCHEDULED_START_TIME_ASC": "bca",
        "END_TIME_DESC": "acb",
    }
    for narrowed in ({}, {"flow_runs": {"id": {"any_": [str(run)]}}}):
        found = {
            sort: "".join(each["name"] for each in await api.post("/task_runs/filter", {"sort": sort, **narrowed}))
            for sort in expected
        }
        assert found == expected
    page = await api.post("/task_runs/paginate", {"sort": "NAME_ASC", "limit": 2, "page": 2})
    assert [each["name"] for each in page["results"]] == ["c"]
    assert (page["count"], page["pages"], page["page"], page["limit"]) == (3, 2, 2, 2)
    assert (await api.call("POST", "/task_runs/filter", {"sort": "START_TIME_ASC"}))[0] == 422


async def test_only_the_name_of_a_task_run_can_be_changed(api: Api, rows: Rows) -> None:
    id = await rows.task_run(None, name="old")
    assert await api.call("PATCH", f"/task_runs/{id}", {"name": "new"}) == (204, "")
    assert (await api.get(f"/task_runs/{id}"))["name"] == "new"
    await api.patch(f"/task_runs/{id}", {"name": None})
    assert (await api.get(f"/task_runs/{id}"))["name"].count("-") == 1
    assert (await api.call("PATCH", f"/task_runs/{id}", {"tags": []}))[0] == 422
    assert await api.call("PATCH", f"/task_runs/{NOBODY}", {}) == (404, {"detail": "Task run not found"})


async def test_a_deleted_task_run_takes_its_logs_along_and_frees_the_run_that_it_started(api: Api, rows: Rows) -> None:
    flow = await rows.flow()
    run = await rows.flow_run(flow)
    id = await rows.task_run(run)
    child = await rows.flow_run(flow, parent_task_run_id=id)
    await rows.log(run, task_run_id=id)
    await rows.log(run)
    assert await api.call("DELETE", f"/task_runs/{id}") == (204, "")
    assert await api.call("DELETE", f"/task_runs/{id}") == (404, {"detail": "Task not found"})
    assert (await api.get(f"/flow_runs/{child}"))["parent_task_run_id"] is None
    left = await api.db.read(lambda tx: tx.execute(select(func.count()).select_from(log)).scalar_one())
    assert left == 1


async def test_the_states_of_a_task_run(api: Api) -> None:
    made = await api.post("/task_runs/", {"task_key": "t", "dynamic_key": "0", "state": {"type": "PENDING"}})
    await api.post(f"/task_runs/{made['id']}/set_state", {"state": {"type": "COMPLETED"}})
    found = await api.get(f"/task_run_states/?task_run_id={made['id']}")
    assert [state["type"] for state in found] == ["PENDING", "COMPLETED"]
    assert await api.get(f"/task_run_states/{found[0]['id']}") == found[0]
    assert await api.get(f"/task_run_states/?task_run_id={NOBODY}") == []
    assert await api.call("GET", f"/task_run_states/{NOBODY}") == (404, {"detail": "Flow run state not found"})


async def test_history_counts_task_runs_in_steps(api: Api, rows: Rows) -> None:
    for minutes, state in ((0, "COMPLETED"), (1, "FAILED"), (1, "FAILED"), (2, "FAILED")):
        await rows.task_run(None, state_type=state, expected_start_time=NOON + minutes * MINUTE)
    span = {"history_start": NOON.isoformat(), "history_end": (NOON + 2 * MINUTE).isoformat()}
    steps = await api.post("/task_runs/history", {**span, "history_interval_seconds": 60})
    assert [[(each["state_type"], each["count_runs"]) for each in step["states"]] for step in steps] == [
        [("COMPLETED", 1)],
        [("FAILED", 2)],
    ]


async def test_a_dashboard_counts_task_runs_by_state_and_those_that_ended_in_twenty_steps(api: Api, rows: Rows) -> None:
    for seconds, state in ((0, "COMPLETED"), (59, "CANCELLED"), (60, "CRASHED"), (61, "FAILED"), (61, "RUNNING")):
        await rows.task_run(None, state_type=state, start_time=NOON + timedelta(seconds=seconds))
    counts = await api.post("/ui/task_runs/count", {})
    assert len(counts) == 9
    assert (counts["COMPLETED"], counts["RUNNING"], counts["PAUSED"]) == (1, 1, 0)
    began = {"after_": NOON.isoformat(), "before_": (NOON + 19 * MINUTE).isoformat()}
    steps = await api.post("/ui/task_runs/dashboard/counts", {"task_runs": {"start_time": began}})
    assert (
        steps == [{"completed": 2, "failed": 0}, {"completed": 0, "failed": 2}] + [{"completed": 0, "failed": 0}] * 18
    )
    missing = {"detail": "task_runs.start_time.after_ is required"}
    assert await api.call("POST", "/ui/task_runs/dashboard/counts", {"task_runs": {}}) == (422, missing)
    assert (await api.call("POST", "/ui/task_runs/dashboard/counts", {}))[0] == 422


async def test_a_dashboard_reads_a_task_run_with_the_name_of_its_flow_run(api: Api, rows: Rows) -> None:
    run = await rows.flow_run(await rows.flow(), name="the run")
    of_run, alone = await rows.task_run(run), await rows.task_run(None)
    assert (await api.get(f"/ui/task_runs/{of_run}"))["flow_run_name"] == "the run"
    assert (await api.get(f"/ui/task_runs/{alone}"))["flow_run_name"] is None
    assert await api.call("GET", f"/ui/task_runs/{NOBODY}") == (404, {"detail": "Task not found"})
