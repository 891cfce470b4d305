"""Every operator of the filters of task runs, flows and deployments. Rows are named by one letter."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import msgspec
from sqlalchemy import select

from orchd.db import Tx
from orchd.db.tables import deployment
from orchd.queries._filters_related import deployments_meant
from orchd.wire.criteria import QueueCriteria
from tests.api.conftest import Api
from tests.kit.rows import NOON, Rows
from tests.queries.asking import Asked, check

HOUR = timedelta(hours=1)


def tasks(**criteria: object) -> dict[str, object]:
    return {"task_runs": criteria}


def flows(**criteria: object) -> dict[str, object]:
    return {"flows": criteria}


async def test_task_runs(api: Api, rows: Rows) -> None:
    run = await rows.flow_run(await rows.flow())
    a = await rows.task_run(run, name="a", tags=["x", "y"], state_type="RUNNING", start_time=NOON)
    await rows.task_run(run, name="b", tags=["x"], expected_start_time=NOON)
    await rows.task_run(None, name="c", state_type="COMPLETED", state_name="Cached", end_time=NOON + HOUR)
    noon, later = NOON.isoformat(), (NOON + HOUR).isoformat()
    await check(
        api,
        "/task_runs",
        [
            Asked(tasks(), "abc"),
            Asked(tasks(id={"any_": [str(a)]}), "a"),
            Asked(tasks(id={"any_": []}), ""),
            Asked(tasks(name={"any_": ["a", "c"]}), "ac"),
            Asked(tasks(name={"like_": "B"}), "b"),
            Asked(tasks(tags={"all_": ["x"]}), "ab"),
            Asked(tasks(tags={"all_": ["x", "y"]}), "a"),
            Asked(tasks(tags={"is_null_": True}), "c"),
            Asked(tasks(tags={"operator": "or_", "all_": ["y"], "is_null_": True}), "ac"),
            Asked(tasks(state={"type": {"any_": ["RUNNING"]}}), "a"),
            Asked(tasks(state={"name": {"any_": ["Cached"]}}), "c"),
            Asked(tasks(state={"operator": "or_", "type": {"any_": ["RUNNING"]}, "name": {"any_": ["Cached"]}}), "ac"),
            Asked(tasks(start_time={"after_": noon}), "a"),
            Asked(tasks(start_time={"is_null_": True}), "bc"),
            Asked(tasks(end_time={"before_": later}), "c"),
            Asked(tasks(end_time={"is_null_": False}), "c"),
            Asked(tasks(expected_start_time={"before_": noon}), "b"),
            Asked(tasks(flow_run_id={}), "ab"),
            Asked(tasks(flow_run_id={"is_null_": True}), "c"),
            Asked(tasks(flow_run_id={"is_null_": True, "any_": [str(run)]}), "c"),
            Asked(tasks(flow_run_id={"is_null_": None}), "abc"),
            Asked(tasks(flow_run_id={"any_": [str(run)]}), "ab"),
            Asked(tasks(flow_run_id={"any_": [str(uuid4())]}), ""),
            Asked(tasks(flow_run_id={"any_": []}), ""),
            Asked(tasks(operator="or_", name={"any_": ["a"]}, flow_run_id={"is_null_": True}), "ac"),
        ],
    )


async def test_task_runs_by_what_they_belong_to(api: Api, rows: Rows) -> None:
    one, other = await rows.flow(name="one"), await rows.flow(name="other")
    made = await rows.deployment(one)
    first = await rows.flow_run(one, name="first", deployment_id=made)
    second = await rows.flow_run(other, name="second")
    await rows.task_run(first, name="a")
    wrapper = await rows.task_run(second, name="b")
    await rows.task_run(None, name="c")
    await rows.flow_run(one, name="child", parent_task_run_id=wrapper)
    await check(
        api,
        "/task_runs",
        [
            Asked({"flow_runs": {}}, "ab"),
            Asked({"flow_runs": {"id": {"any_": [str(first)]}}}, "a"),
            Asked({"flow_runs": {"id": {"any_": [str(first)]}, "name": {"any_": ["second"]}}}, ""),
            Asked({"flow_runs": {"name": {"any_": ["second"]}}}, "b"),
            Asked({"flow_runs": {"name": {"like_": "FIRST"}}}, "a"),
            Asked({"flows": {}}, "ab"),
            Asked({"flows": {"name": {"any_": ["other"]}}}, "b"),
            Asked({"flows": {"name": {"any_": ["other"]}}, "flow_runs": {"name": {"any_": ["first"]}}}, ""),
            Asked({"deployments": {}}, "a"),
            Asked({"deployments": {"id": {"any_": [str(made)]}}}, "a"),
            Asked({"flow_runs": {"id": {"any_": [str(second)]}}, "deployments": {}}, ""),
            Asked(tasks(subflow_runs={"exists_": True}), "b"),
            Asked(tasks(subflow_runs={"exists_": False}), "ac"),
            Asked(tasks(subflow_runs={}), "abc"),
        ],
    )


async def test_flows(api: Api, rows: Rows) -> None:
    a = await rows.flow(name="a", tags=["x"])
    await rows.flow(name="B", tags=["x", "y"])
    await rows.flow(name="c")
    await rows.deployment(a)
    await check(
        api,
        "/flows",
        [
            Asked(flows(id={"any_": [str(a)]}), "a"),
            Asked(flows(id={"any_": []}), ""),
            Asked(flows(name={"any_": ["a", "b"]}), "a"),
            Asked(flows(name={"like_": "b"}), "B"),
            Asked(flows(tags={"all_": ["x", "y"]}), "B"),
            Asked(flows(tags={"is_null_": True}), "c"),
            Asked(flows(deployment={"is_null_": False}), "a"),
            Asked(flows(operator="or_", name={"any_": ["c"]}, deployment={"is_null_": False}), "ac"),
        ],
    )
    assert await api.post("/flows/count", flows(id={"not_any_": [str(a)]})) == 2
    assert await api.post("/flows/count", flows(deployment={"is_null_": True})) == 2
    assert await api.post("/flows/count", flows(deployment={})) == 3


async def test_flows_by_what_belongs_to_them(api: Api, rows: Rows) -> None:
    a, b, _ = await rows.flow(name="a"), await rows.flow(name="b"), await rows.flow(name="c")
    queue = await rows.queue(await rows.pool(name="P"))
    await rows.deployment(a, name="one", work_queue_id=queue)
    await rows.deployment(a, name="two")
    running = await rows.flow_run(a, state_type="RUNNING")
    await rows.flow_run(b, state_type="RUNNING", name="bare")
    done = await rows.flow_run(a, state_type="COMPLETED")
    await rows.task_run(done, name="t")
    in_state = {"flow_runs": {"state": {"type": {"any_": ["RUNNING"]}}}}
    await check(
        api,
        "/flows",
        [
            Asked({"flow_runs": {}}, "ab"),
            Asked(in_state, "ab"),
            Asked({"flow_runs": {"id": {"any_": [str(running)]}}}, "a"),
            Asked({"task_runs": {}}, "a"),
            Asked({**in_state, "task_runs": {"name": {"any_": ["t"]}}}, ""),
            Asked({"deployments": {}}, "a"),
            Asked({"deployments": {"name": {"any_": ["two"]}}}, "a"),
            Asked({"work_pools": {"name": {"any_": ["P"]}}}, "a"),
            Asked({"work_pools": {"name": {"any_": ["P"]}}, "deployments": {"name": {"any_": ["two"]}}}, ""),
            Asked({"work_pools": {"name": {"any_": ["P"]}}, "deployments": {"name": {"any_": ["one"]}}}, "a"),
        ],
    )


def deployment_names(tx: Tx, body: dict[str, Any]) -> str:
    asked = msgspec.convert(body, QueueCriteria)
    meant = deployments_meant(asked, asked.work_pool_queues)
    found = tx.execute(select(deployment.c.name).where(meant).order_by(deployment.c.name))
    return "".join(found.scalars())


async def test_deployments(api: Api, rows: Rows) -> None:
    etl, other = await rows.flow(name="etl"), await rows.flow(name="other", tags=["f"])
    queue = await rows.queue(await rows.pool(name="P"), name="Q")
    a = await rows.deployment(etl, name="a", paused=True, tags=["x"], work_queue_id=queue, work_queue_name="Q")
    await rows.deployment(etl, name="b", tags=["x", "y"])
    c = await rows.deployment(other, name="c")
    await rows.task_run(await rows.flow_run(other, deployment_id=c, name="r"), name="t")
    cases: list[tuple[dict[str, Any], str]] = [
        ({"id": {"any_": [str(a)]}}, "a"),
        ({"id": {"not_any_": [str(a)]}}, "bc"),
        ({"name": {"any_": ["b"]}}, "b"),
        ({"name": {"like_": "B"}}, "b"),
        ({"flow_or_deployment_name": {"like_": "ETL"}}, "ab"),
        ({"flow_or_deployment_name": {"like_": "C"}}, "c"),
        ({"flow_or_deployment_name": {"like_": ""}}, "abc"),
        ({"paused": {"eq_": True}}, "a"),
        ({"paused": {"eq_": False}}, "bc"),
        ({"paused": {}}, "abc"),
        ({"tags": {"all_": ["x", "y"]}}, "b"),
        ({"tags": {"any_": ["y", "q"]}}, "b"),
        ({"tags": {"is_null_": True}}, "c"),
        ({"work_queue_name": {"any_": ["Q"]}}, "a"),
        ({"concurrency_limit": {"ge_": 7}}, "abc"),
        ({"operator": "or_", "paused": {"eq_": True}, "name": {"any_": ["c"]}}, "ac"),
    ]
    bodies = [({"deployments": filter}, names) for filter, names in cases]
    bodies += [
        ({}, "abc"),
        ({"flows": {"name": {"any_": ["etl"]}}}, "ab"),
        ({"flows": {"tags": {"all_": ["f"]}}}, "c"),
        ({"flow_runs": {}}, "c"),
        ({"flow_runs": {"name": {"any_": ["r"]}}, "task_runs": {"name": {"any_": ["t"]}}}, "c"),
        ({"flow_runs": {}, "task_runs": {"name": {"any_": ["u"]}}}, ""),
        ({"work_pools": {"name": {"any_": ["P"]}}}, "a"),
        ({"work_pool_queues": {"name": {"startswith_": ["q"]}}}, "a"),
    ]
    found = [(body, await api.db.read(deployment_names, body)) for body, _ in bodies]
    assert found == bodies
