"""Reading, changing and removing flow runs over HTTP."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from orchd.db import Database, Tx
from orchd.db.tables import flow_run_input, flow_run_state, log, task_run, task_run_state
from tests.api.conftest import Api
from tests.kit.rows import NOON, Rows

NOBODY = UUID(int=0)
GONE = (404, {"detail": "Flow run not found"})
SECOND = timedelta(seconds=1)


@pytest.fixture
def rows(db: Database) -> Rows:
    return Rows(db)


@pytest.fixture
async def flow(rows: Rows) -> UUID:
    return await rows.flow()


async def sizes(api: Api, *tables: Any) -> list[int]:
    def count(tx: Tx) -> list[int]:
        return [tx.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]

    return await api.db.read(count)


async def test_a_run_is_answered_with_its_queue_and_pool_and_every_field(api: Api, rows: Rows, flow: UUID) -> None:
    queue = await rows.queue(await rows.pool(name="P"), name="Q")
    id = await rows.flow_run(
        flow,
        work_queue_id=queue,
        work_queue_name="older name",
        labels=None,
        parameters={"b": 1, "a": [None]},
        created_by={"type": "SCHEDULE"},
        state_type="COMPLETED",
    )
    run = await api.get(f"/flow_runs/{id}")
    assert (run["id"], run["flow_id"], run["name"]) == (str(id), str(flow), "run")
    assert (run["work_queue_name"], run["work_pool_name"]) == ("Q", "P")
    assert (run["labels"], run["parameters"], run["created_by"]) == ({}, {"b": 1, "a": [None]}, {"type": "SCHEDULE"})
    assert (run["state"]["id"], run["state"]["type"]) == (run["state_id"], "COMPLETED")
    assert run["start_time"] is None
    assert len(run) == 36
    assert await api.call("GET", f"/flow_runs/{NOBODY}") == GONE


async def test_a_run_in_no_queue_keeps_the_name_it_was_given(api: Api, rows: Rows, flow: UUID) -> None:
    id = await rows.flow_run(flow, work_queue_name="default")
    run = await api.get(f"/flow_runs/{id}")
    assert (run["work_queue_name"], run["work_pool_id"], run["work_pool_name"]) == ("default", None, None)
    assert (run["state"], run["state_type"]) == (None, None)


@pytest.mark.parametrize(
    ("state", "start", "lateness"),
    [
        pytest.param("COMPLETED", NOON + 9 * SECOND, 9.0, id="began late"),
        pytest.param("COMPLETED", NOON - SECOND, 0.0, id="began early"),
        pytest.param("CANCELLED", None, 0.0, id="ended unstarted"),
    ],
)
async def test_lateness(api: Api, rows: Rows, flow: UUID, state: str, start: Any, lateness: float) -> None:
    id = await rows.flow_run(flow, state_type=state, expected_start_time=NOON, start_time=start)
    assert (await api.get(f"/flow_runs/{id}"))["estimated_start_time_delta"] == lateness
    assert await api.post("/flow_runs/lateness", {}) == lateness


async def test_a_run_that_should_have_started_long_ago_is_late_by_now(api: Api, rows: Rows, flow: UUID) -> None:
    long_ago = NOON.replace(year=2000)
    id = await rows.flow_run(flow, state_type="SCHEDULED", expected_start_time=long_ago)
    assert (await api.get(f"/flow_runs/{id}"))["estimated_start_time_delta"] > 86400 * 365 * 20
    assert await api.post("/flow_runs/lateness", {}) > 86400 * 365 * 20
    assert await api.post("/flow_runs/lateness", {"flow_runs": {"name": {"any_": ["nobody"]}}}) is None


async def test_the_run_time_of_a_running_run_grows_and_that_of_others_stands(api: Api, rows: Rows, flow: UUID) -> None:
    long_ago = NOON.replace(year=2000)
    running = await rows.flow_run(flow, state_type="RUNNING", state_timestamp=long_ago, total_run_time=5.0)
    ended = await rows.flow_run(flow, state_type="FAILED", state_timestamp=long_ago, total_run_time=5.0)
    run = await api.get(f"/flow_runs/{running}")
    assert (run["total_run_time"], run["estimated_run_time"] > 86400 * 365 * 20) == (5.0, True)
    assert (await api.get(f"/flow_runs/{ended}"))["estimated_run_time"] == 5.0


async def test_lists_come_in_every_order(api: Api, rows: Rows, flow: UUID) -> None:
    for number, name in enumerate("bca"):
        moment = NOON + number * SECOND
        await rows.flow_run(
            flow,
            id=UUID(int=10 - number),
            name=name,
            expected_start_time=NOON - number * SECOND,
            start_time=moment if name != "b" else None,
            end_time=moment,
            next_scheduled_start_time=moment,
        )
    expected = {
        "ID_DESC": "bca",
        "START_TIME_ASC": "bca",
        "START_TIME_DESC": "acb",
        "EXPECTED_START_TIME_ASC": "acb",
        "EXPECTED_START_TIME_DESC": "bca",
        "NAME_ASC": "abc",
        "NAME_DESC": "cba",
        "NEXT_SCHEDULED_START_TIME_ASC": "bca",
        "END_TIME_DESC": "acb",
    }
    for narrowed in ({}, {"flow_runs": {"tags": {"is_null_": True}}}):
        found = {
            sort: "".join(run["name"] for run in await api.post("/flow_runs/filter", {"sort": sort, **narrowed}))
            for sort in expected
        }
        assert found == expected
    assert await api.post("/flow_runs/filter") == await api.post("/flow_runs/filter", {"sort": "ID_DESC"})


async def test_limits_and_pages(api: Api, rows: Rows, flow: UUID) -> None:
    for name in "abc":
        await rows.flow_run(flow, name=name)

    async def names(path: str, **body: Any) -> Any:
        answer = await api.post(path, {"sort": "NAME_ASC", **body})
        found = answer if isinstance(answer, list) else answer["results"]
        return "".join(run["name"] for run in found)

    assert await names("/flow_runs/filter", limit=2) == "ab"
    assert await names("/flow_runs/filter", limit=2, offset=2) == "c"
    assert await names("/flow_runs/filter", limit=0) == ""
    assert await names("/flow_runs/paginate", limit=2, page=2) == "c"
    assert await names("/flow_runs/paginate", limit=2, page=9) == ""
    page = await api.post("/flow_runs/paginate", {"limit": 2})
    assert {name: page[name] for name in ("count", "limit", "pages", "page")} == {
        "count": 3,
        "limit": 2,
        "pages": 2,
        "page": 1,
    }
    for wrong in ({"limit": 201}, {"limit": -1}, {"offset": -1}, {"offset": 2**70}):
        assert (await api.call("POST", "/flow_runs/filter", wrong))[0] == 422


async def test_a_change_writes_only_what_it_names(api: Api, rows: Rows, flow: UUID) -> None:
    id = await rows.flow_run(flow, tags=["a"], parameters={"x": 1}, flow_version="1")
    before = await api.get(f"/flow_runs/{id}")
    change = {"tags": ["b"], "infrastructure_pid": "7", "empirical_policy": {"retries": 2}}
    assert await api.call("PATCH", f"/flow_runs/{id}", change) == (204, "")
    after = await api.get(f"/flow_runs/{id}")
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"tags", "infrastructure_pid", "empirical_policy", "updated"}
    assert (after["tags"], after["infrastructure_pid"], after["empirical_policy"]["retries"]) == (["b"], "7", 2)
    await api.patch(f"/flow_runs/{id}", {"flow_version": None, "parameters": {}, "name": None})
    last = await api.get(f"/flow_runs/{id}")
    assert (last["flow_version"], last["parameters"]) == (None, {})
    assert last["name"] != "run"
    assert last["name"].count("-") == 1


async def test_a_change_of_the_state_or_of_an_unknown_run_is_refused(api: Api, rows: Rows, flow: UUID) -> None:
    id = await rows.flow_run(flow)
    for wrong in ({"state": {"type": "FAILED"}}, {"tags": None}, {"parameters": []}):
        assert (await api.call("PATCH", f"/flow_runs/{id}", wrong))[0] == 422
    assert await api.call("PATCH", f"/flow_runs/{NOBODY}", {}) == GONE


async def test_job_variables_change_only_while_the_run_waits_for_its_deployment(
    api: Api, rows: Rows, flow: UUID
) -> None:
    made = await rows.deployment(flow)
    waiting = await rows.flow_run(flow, deployment_id=made, state_type="SCHEDULED")
    running = await rows.flow_run(flow, deployment_id=made, state_type="RUNNING")
    alone = await rows.flow_run(flow, deployment_id=uuid4(), state_type="SCHEDULED")
    change = {"job_variables": {"image": "x"}}
    await api.patch(f"/flow_runs/{waiting}", change)
    assert (await api.get(f"/flow_runs/{waiting}"))["job_variables"] == {"image": "x"}
    assert (await api.call("PATCH", f"/flow_runs/{running}", change))[0] == 400
    assert (await api.call("PATCH", f"/flow_runs/{alone}", change))[0] == 400
    assert await api.call("PATCH", f"/flow_runs/{NOBODY}", change) == GONE


async def test_labels_are_laid_over_those_that_the_run_has(api: Api, rows: Rows, flow: UUID) -> None:
    id, bare = await rows.flow_run(flow, labels={"a": 1, "b": "x"}), await rows.flow_run(flow, labels=None)
    assert await api.call("PATCH", f"/flow_runs/{id}/labels", {"b": True, "c": 0.5}) == (204, "")
    await api.patch(f"/flow_runs/{bare}/labels", {"a": "b"})
    assert (await api.get(f"/flow_runs/{id}"))["labels"] == {"a": 1, "b": True, "c": 0.5}
    assert (await api.get(f"/flow_runs/{bare}"))["labels"] == {"a": "b"}
    assert (await api.call("PATCH", f"/flow_runs/{id}/labels", {"a": ["list"]}))[0] == 422
    status, answer = await api.call("PATCH", f"/flow_runs/{NOBODY}/labels", {})
    assert (status, list(answer)) == (404, ["exception_message"])


async def test_a_deleted_run_takes_all_of_its_own_along_and_frees_its_children(
    api: Api, rows: Rows, flow: UUID
) -> None:
    id, other = await rows.flow_run(flow), await rows.flow_run(flow)
    task = await rows.task_run(id)
    child = await rows.flow_run(flow, parent_task_run_id=task)
    await rows.flow_run_state(id)
    await rows.log(id, task_run_id=task)
    await rows.log(other)
    await rows.artifact(id, key="kept")
    await api.post(f"/flow_runs/{id}/input", {"key": "k", "value": "v"})
    assert await api.call("DELETE", f"/flow_runs/{id}") == (204, "")
    assert await api.call("DELETE", f"/flow_runs/{id}") == GONE
    assert await sizes(api, task_run, flow_run_state, task_run_state, flow_run_input, log) == [0, 0, 0, 0, 1]
    assert (await api.get(f"/flow_runs/{child}"))["parent_task_run_id"] is None


@pytest.mark.parametrize("state", ["RUNNING", "SCHEDULED"])
async def test_a_deleted_run_gives_its_slot_back(api: Api, rows: Rows, flow: UUID, state: str) -> None:
    """Also one that waits for its retry: its process holds on to the slot."""
    await api.post("/v2/concurrency_limits/", {"name": "l", "limit": 2})
    lease = await api.post(
        "/v2/concurrency_limits/increment-with-lease", {"names": ["l"], "slots": 1, "mode": "concurrency"}
    )
    details = {"deployment_concurrency_lease_id": lease["lease_id"]}
    holder = await rows.flow_run(flow, state_type=state, state_details=details)
    ended = await rows.flow_run(flow, state_type="COMPLETED", state_details=details)

    async def active() -> int:
        found: int = (await api.get("/v2/concurrency_limits/l"))["active_slots"]
        return found

    await api.delete(f"/flow_runs/{ended}")
    assert await active() == 1
    await api.delete(f"/flow_runs/{holder}")
    assert await active() == 0


async def test_a_bulk_deletion_deletes_what_matches_up_to_its_limit(api: Api, rows: Rows, flow: UUID) -> None:
    a, b, c = [await rows.flow_run(flow, name=name) for name in "abc"]
    deleted = await api.post("/flow_runs/bulk_delete", {"flow_runs": {"id": {"any_": [str(a), str(b), str(NOBODY)]}}})
    assert set(deleted["deleted"]) == {str(a), str(b)}
    for wrong in (0, 51):
        assert (await api.call("POST", "/flow_runs/bulk_delete", {"limit": wrong}))[0] == 422
    assert await api.post("/flow_runs/bulk_delete", {}) == {"deleted": [str(c)]}
    assert await api.post("/flow_runs/bulk_delete") == {"deleted": []}


async def test_history_counts_runs_in_steps_by_state(api: Api, rows: Rows, flow: UUID) -> None:
    await rows.flow_run(flow, state_type="COMPLETED", expected_start_time=NOON, start_time=NOON, total_run_time=2.0)
    await rows.flow_run(
        flow, state_type="COMPLETED", expected_start_time=NOON + 59 * SECOND, start_time=NOON + 60 * SECOND
    )
    await rows.flow_run(flow, state_type="FAILED", expected_start_time=NOON + 60 * SECOND)
    await rows.flow_run(flow, state_type="FAILED", expected_start_time=NOON - SECOND / 1_000_000)
    bounds = {"history_start": NOON.isoformat(), "history_end": (NOON + 61 * SECOND).isoformat()}
    steps = await api.post("/flow_runs/history", {**bounds, "history_interval_seconds": 60})
    assert [step["interval_start"] for step in steps] == ["2099-01-01T12:00:00Z", "2099-01-01T12:01:00Z"]
    assert steps[1]["interval_end"] == "2099-01-01T12:02:00Z"
    completed, failed = (
        {
            "state_type": kind.upper(),
            "state_name": kind,
            "count_runs": count,
            "sum_estimated_run_time": time,
            "sum_estimated_lateness": late,
        }
        for kind, count, time, late in (("Completed", 2, 2.0, 1.0), ("Failed", 1, 0.0, 0.0))
    )
    assert [step["states"] for step in steps] == [[completed], [failed]]


async def test_history_has_no_more_than_500_steps_and_none_below_a_second(api: Api) -> None:
    bounds = {"history_start": NOON.isoformat(), "history_end": (NOON + 600 * SECOND).isoformat()}
    assert len(await api.post("/flow_runs/history", {**bounds, "history_interval_seconds": 1})) == 500
    status, answer = await api.call("POST", "/flow_runs/history", {**bounds, "history_interval_seconds": 0.5})
    assert (status, answer) == (422, {"detail": "History interval must not be less than 1 second."})
    backwards = {"history_start": bounds["history_end"], "history_end": bounds["history_start"]}
    assert await api.post("/flow_runs/history", {**backwards, "history_interval_seconds": 1}) == []
    assert (await api.call("POST", "/flow_runs/history", {**bounds, "history_interval_seconds": 1e300}))[0] == 422
    assert (await api.call("POST", "/flow_runs/history", {"history_interval_seconds": 1}))[0] == 422


async def test_history_is_narrowed_by_work_queues(api: Api, rows: Rows, flow: UUID) -> None:
    queue = await rows.queue(await rows.pool())
    await rows.flow_run(flow, state_type="PENDING", expected_start_time=NOON, work_queue_id=queue)
    await rows.flow_run(flow, state_type="PENDING", expected_start_time=NOON)
    span = {
        "history_start": NOON.isoformat(),
        "history_end": (NOON + SECOND).isoformat(),
        "history_interval_seconds": 60,
    }

    async def counted(**more: Any) -> int:
        (step,) = await api.post("/flow_runs/history", {**span, **more})
        return sum(state["count_runs"] for state in step["states"])

    assert (await counted(), await counted(work_queues={}), await counted(work_pool_queues={})) == (2, 1, 2)


async def test_states_are_read_one_by_one_and_in_the_order_of_their_times(api: Api, rows: Rows, flow: UUID) -> None:
    id = await rows.flow_run(flow)
    later = await rows.flow_run_state(id, type="FAILED", name="TimedOut", timestamp=NOON + SECOND, message="late")
    first = await rows.flow_run_state(id, timestamp=NOON, state_details={"pause_reschedule": True}, data={"a": 1})
    found = await api.get(f"/flow_run_states/?flow_run_id={id}")
    assert [state["id"] for state in found] == [str(first), str(later)]
    assert found[1] == await api.get(f"/flow_run_states/{later}")
    assert (found[0]["data"], found[0]["state_details"], found[1]["message"]) == (
        {"a": 1},
        {"pause_reschedule": True},
        "late",
    )
    assert await api.get(f"/flow_run_states/?flow_run_id={NOBODY}") == []
    assert await api.call("GET", f"/flow_run_states/{NOBODY}") == (404, {"detail": "Flow run state not found"})
    assert (await api.call("GET", "/flow_run_states/"))[0] == 422


async def test_an_input_is_kept_once_and_read_as_it_was_sent(api: Api, rows: Rows, flow: UUID) -> None:
    id = await rows.flow_run(flow)
    path = f"/flow_runs/{id}/input"
    assert await api.call("POST", path, {"key": "a-1", "value": '{"x": 1}', "sender": "s"}) == (201, None)
    taken = {"detail": "A flow run input with this key already exists."}
    assert await api.call("POST", path, {"key": "a-1", "value": "other"}) == (409, taken)
    async with api.client.get(f"/api{path}/a-1") as answer:
        assert (answer.content_type, await answer.text()) == ("text/plain", '{"x": 1}')
    for key in ("UP", "a_b", "a\n"):
        assert (await api.call("POST", path, {"key": key, "value": ""}))[0] == 422
    assert await api.call("POST", f"/flow_runs/{NOBODY}/input", {"key": "a", "value": ""}) == GONE
    assert await api.call("DELETE", f"{path}/a-1") == (204, "")
    missing = (404, {"detail": "Flow run input not found"})
    assert await api.call("DELETE", f"{path}/a-1") == missing
    assert await api.call("GET", f"{path}/a-1") == missing


async def test_inputs_are_found_by_prefix_the_oldest_first_without_those_already_seen(
    api: Api, rows: Rows, flow: UUID
) -> None:
    id = await rows.flow_run(flow)
    path = f"/flow_runs/{id}/input"
    for key in ("box-2", "box-1", "other", "box-3"):
        await api.post(path, {"key": key, "value": key})

    async def keys(**body: Any) -> list[str]:
        return [each["key"] for each in await api.post(f"{path}/filter", body)]

    assert await keys(prefix="box") == ["box-2"]
    assert await keys(prefix="box", limit=9) == ["box-2", "box-1", "box-3"]
    assert await keys(prefix="box", limit=9, exclude_keys=["box-2"]) == ["box-1", "box-3"]
    assert await keys(prefix="", limit=9, exclude_keys=[f"seen-{n}" for n in range(40_000)]) == [
        "box-2",
        "box-1",
        "other",
        "box-3",
    ]
    assert await keys(prefix="b_x%3", limit=9) == ["box-3"]
    assert await api.post(f"/flow_runs/{NOBODY}/input/filter", {"prefix": ""}) == []


async def test_a_dashboard_gets_points_counts_and_the_next_runs(api: Api, rows: Rows, flow: UUID) -> None:
    bare = await rows.flow(name="bare")
    first = await rows.flow_run(flow, state_type="SCHEDULED", next_scheduled_start_time=NOON, expected_start_time=NOON)
    await rows.flow_run(flow, state_type="SCHEDULED", next_scheduled_start_time=NOON + SECOND)
    ended = await rows.flow_run(
        flow,
        state_type="COMPLETED",
        expected_start_time=NOON + SECOND,
        start_time=NOON + 2 * SECOND,
        total_run_time=3.0,
    )
    await rows.task_run(ended)
    await rows.flow_run(flow, parent_task_run_id=await rows.task_run(ended))
    await rows.deployment(flow)
    found = await api.post(
        "/ui/flow_runs/history", {"flow_runs": {"expected_start_time": {"after_": NOON.isoformat()}}}
    )
    assert [(point["id"], point["duration"], point["lateness"]) for point in found] == [
        (str(ended), 3.0, 1.0),
        (str(first), 0.0, 0.0),
    ]
    assert found[0]["timestamp"] == "2099-01-01T12:00:02Z"
    assert (await api.call("POST", "/ui/flow_runs/history", {"limit": 1001}))[0] == 422
    ids = [str(ended), str(NOBODY)]
    assert await api.post("/ui/flow_runs/count-task-runs", {"flow_run_ids": ids}) == {ids[0]: 1, ids[1]: 0}
    flows = {"flow_ids": [str(flow), str(bare)]}
    assert await api.post("/ui/flows/count-deployments", flows) == {str(flow): 1, str(bare): 0}
    following = await api.post("/ui/flows/next-runs", flows)
    assert (following[str(flow)]["id"], following[str(bare)]) == (str(first), None)
    assert following[str(flow)]["next_scheduled_start_time"] == "2099-01-01T12:00:00Z"
