"""The graphs of a flow run."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest

from orchd.db import Database
from tests.api.conftest import Api
from tests.kit.rows import NOON, Rows

MINUTE = timedelta(minutes=1)


@pytest.fixture
def rows(db: Database) -> Rows:
    return Rows(db)


def of(*ids: UUID) -> list[dict[str, str]]:
    return [{"input_type": "task_run", "id": str(id)} for id in ids]


def edges(*ids: UUID) -> list[dict[str, str]]:
    return [{"id": str(id)} for id in ids]


async def nodes(api: Api, run: UUID, since: str = "") -> dict[str, Any]:
    graph = await api.get(f"/flow_runs/{run}/graph-v2" + (f"?since={quote(since)}" if since else ""))
    assert [id for id, node in graph["nodes"]] == [node["id"] for _, node in graph["nodes"]]
    return dict(graph["nodes"])


async def test_task_runs_are_joined_to_those_whose_results_went_in(api: Api, rows: Rows) -> None:
    run = await rows.flow_run(await rows.flow(), start_time=NOON, end_time=NOON + 9 * MINUTE)
    a = await rows.task_run(run, name="a", start_time=NOON, end_time=NOON + MINUTE, state_type="COMPLETED")
    b = await rows.task_run(
        run,
        name="b",
        start_time=NOON + MINUTE,
        state_type="RUNNING",
        task_inputs={"x": of(a), "wait_for": of(a), "y": [{"input_type": "parameter", "name": "p"}]},
    )
    c = await rows.task_run(run, name="c", start_time=NOON + 2 * MINUTE, task_inputs={"__parents__": of(b), "z": of(a)})
    await rows.task_run(run, name="neither begun nor expected")
    graph = await api.get(f"/flow_runs/{run}/graph-v2")
    assert (graph["start_time"], graph["end_time"]) == ("2099-01-01T12:00:00Z", "2099-01-01T12:09:00Z")
    assert [id for id, _ in graph["nodes"]] == [str(a), str(b), str(c)]
    found = dict(graph["nodes"])
    assert (found[str(a)]["children"], found[str(a)]["parents"]) == (edges(b, c), [])
    assert (found[str(b)]["parents"], found[str(b)]["children"]) == (edges(a), [])
    assert (found[str(c)]["parents"], found[str(c)]["encapsulating"]) == (edges(a), edges(b))
    assert graph["root_node_ids"] == [str(a)]
    assert (found[str(a)]["kind"], found[str(a)]["label"], found[str(a)]["state_type"]) == (
        "task-run",
        "a",
        "COMPLETED",
    )


async def test_a_task_run_that_started_a_flow_run_is_shown_as_that(api: Api, rows: Rows) -> None:
    run = await rows.flow_run(await rows.flow())
    task = await rows.task_run(run, name="mirror", start_time=NOON, state_type="RUNNING")
    child = await rows.flow_run(
        await rows.flow(name="sub"),
        name="inner",
        parent_task_run_id=task,
        state_type="FAILED",
        start_time=NOON + MINUTE,
    )
    after = await rows.task_run(run, start_time=NOON + 2 * MINUTE, task_inputs={"x": of(child), "y": of(task)})
    found = await nodes(api, run)
    shown = found[str(child)]
    assert (shown["kind"], shown["label"], shown["state_type"]) == ("flow-run", "sub / inner", "FAILED")
    assert (shown["start_time"], shown["children"]) == ("2099-01-01T12:01:00Z", edges(after))
    assert str(task) not in found
    assert found[str(after)]["parents"] == edges(child)


async def test_a_cached_task_run_ends_when_it_was_due(api: Api, rows: Rows) -> None:
    run = await rows.flow_run(await rows.flow())
    cached = await rows.task_run(run, state_type="COMPLETED", expected_start_time=NOON)
    waiting = await rows.task_run(run, state_type="PENDING", expected_start_time=NOON)
    found = await nodes(api, run)
    assert found[str(cached)]["end_time"] == "2099-01-01T12:00:00Z"
    assert found[str(waiting)]["end_time"] is None


async def test_nodes_that_ended_before_since_are_left_out_but_still_named(api: Api, rows: Rows) -> None:
    run = await rows.flow_run(await rows.flow())
    old = await rows.task_run(run, start_time=NOON, end_time=NOON + MINUTE)
    new = await rows.task_run(run, start_time=NOON, task_inputs={"x": of(old)})
    found = await nodes(api, run, since=(NOON + 2 * MINUTE).isoformat())
    assert list(found) == [str(new)]
    assert found[str(new)]["parents"] == edges(old)
    assert len(await nodes(api, run, since=(NOON + MINUTE).isoformat())) == 2
    assert len(await nodes(api, run, since="0001-01-01T00:00:00+14:00")) == 2


async def test_artifacts_and_states_come_along(api: Api, rows: Rows) -> None:
    run = await rows.flow_run(await rows.flow())
    task = await rows.task_run(run, start_time=NOON)
    await rows.artifact(run, type="result", data=1)
    old = await rows.artifact(run, key="k", type="markdown", data="text", created=NOON)
    bare = await rows.artifact(run, type="progress", data=0.5, created=NOON + MINUTE)
    mine = await rows.artifact(run, task_run_id=task, data=2)
    state = await rows.flow_run_state(run, name="Late", type="SCHEDULED")
    graph = await api.get(f"/flow_runs/{run}/graph-v2")
    assert [(each["id"], each["is_latest"], each["data"]) for each in graph["artifacts"]] == [
        (str(old), False, None),
        (str(bare), True, 0.5),
    ]
    assert [each["id"] for each in graph["nodes"][0][1]["artifacts"]] == [str(mine)]
    assert graph["states"] == [
        {"id": str(state), "timestamp": "2099-01-01T12:00:00Z", "type": "SCHEDULED", "name": "Late"}
    ]


async def test_the_newest_artifact_of_a_key_is_the_latest(api: Api, rows: Rows) -> None:
    run = await rows.flow_run(await rows.flow())
    for data in ("one", "two"):
        await api.post("/artifacts/", {"key": "k", "type": "markdown", "data": data, "flow_run_id": str(run)})
    graph = await api.get(f"/flow_runs/{run}/graph-v2")
    assert [each["is_latest"] for each in graph["artifacts"]] == [False, True]


async def test_the_older_graph_names_what_each_task_run_waited_for(api: Api, rows: Rows) -> None:
    run = await rows.flow_run(await rows.flow())
    a = await rows.task_run(run, name="a", state_type="COMPLETED", state_details={"untrackable_result": True})
    b = await rows.task_run(run, name="b", task_inputs={"x": of(a), "y": of(a)})
    found = {each["id"]: each for each in await api.get(f"/flow_runs/{run}/graph")}
    assert found[str(b)]["upstream_dependencies"] == [{"id": str(a), "input_type": "task_run"}]
    assert (found[str(a)]["untrackable_result"], found[str(b)]["untrackable_result"]) == (True, False)
    assert (found[str(a)]["state"]["type"], found[str(b)]["state"]) == ("COMPLETED", None)


async def test_there_is_no_graph_of_an_unknown_run(api: Api) -> None:
    for path in ("graph", "graph-v2"):
        status, answer = await api.call("GET", f"/flow_runs/{UUID(int=0)}/{path}")
        assert (status, list(answer)) == (404, ["exception_message"])
