"""The lists that pages and clients ask for are served by an index: no table of runs is read from end to end."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text

from orchd.db import Database, Tx
from orchd.db.tables import (
    artifact,
    deployment,
    deployment_schedule,
    flow,
    flow_run,
    flow_run_state,
    task_delivery,
    task_run,
    task_run_state,
    work_pool,
    work_queue,
)
from orchd.queries import (
    dashboard,
    flow_runs,
    flows,
    graph,
    heartbeats,
    history,
    leftovers,
    run_removal,
    scheduled_runs,
    states,
    task_deliveries,
    task_runs,
    work_polls,
    work_pools,
)
from orchd.queries._filters_related import flow_runs_meant, flows_meant, task_runs_meant
from orchd.wire.criteria import QueueCriteria
from orchd.wire.flow_runs import FlowRunSort
from orchd.wire.flows import FlowSort
from orchd.wire.task_runs import TaskRunSort
from tests.kit.rows import NOON, row
from tests.queries.explaining import Explaining

MANY = 3000
"""Runs: enough for PostgreSQL to see that an index is worth it."""

SECOND = timedelta(seconds=1)
LATELY = {"after_": (NOON + (MANY - 30) * SECOND).isoformat()}
ONE = str(UUID(int=7))

Ask = Callable[[Any], Any]


def fill(tx: Tx) -> None:
    """A hundred flows with their runs and task runs, the ids in no order of time."""
    tx.execute(flow.insert(), [row(flow, {"id": UUID(int=n), "name": f"flow-{n}"}) for n in range(100)])
    runs, tasks, run_states, task_states, artifacts = [], [], [], [], []
    for number in range(MANY):
        moment = NOON + number * SECOND
        shared = {
            "id": UUID(int=number),
            "name": f"name-{number * 7919 % MANY:05}",
            "state_type": "FAILED" if number % 50 == 0 else "COMPLETED",
            **dict.fromkeys(("expected_start_time", "start_time", "end_time", "next_scheduled_start_time"), moment),
        }
        of = UUID(int=number % 100)
        runs.append(row(flow_run, {**shared, "flow_id": of, "deployment_id": of}))
        tasks.append(row(task_run, {**shared, "flow_run_id": of, "dynamic_key": str(number)}))
        run_states.append(row(flow_run_state, {"flow_run_id": shared["id"]}))
        task_states.append(row(task_run_state, {"task_run_id": shared["id"]}))
        artifacts.append(row(artifact, {"flow_run_id": shared["id"], "key": shared["name"]}))
    filled = {flow_run: runs, task_run: tasks, flow_run_state: run_states, task_run_state: task_states}
    for table, made in (*filled.items(), (artifact, artifacts)):
        tx.execute(table.insert(), made)


@pytest.fixture
async def filled(db: Database) -> Database:
    await db.write(fill)
    await db.write(lambda tx: tx.execute(text("ANALYZE")))
    return db


async def explained(db: Database, ask: Ask) -> Explaining:
    def run(tx: Tx) -> Explaining:
        watched = Explaining(tx)
        ask(watched)
        return watched

    return await db.read(run)


def criteria(**body: Any) -> QueueCriteria:
    return msgspec.convert(body, QueueCriteria)


def of_flow_runs(sort: FlowRunSort = FlowRunSort.START_TIME_DESC, **body: Any) -> Ask:
    meant = flow_runs_meant(criteria(**body))
    return lambda tx: flow_runs.listed(tx, meant, NOON, sort=sort, limit=10)


def of_task_runs(sort: TaskRunSort = TaskRunSort.EXPECTED_START_TIME_DESC, **body: Any) -> Ask:
    meant = task_runs_meant(criteria(**body))
    return lambda tx: task_runs.listed(tx, meant, NOON, sort=sort, limit=10)


async def test_every_order_of_every_list_is_that_of_an_index(filled: Database) -> None:
    """But for those by the next start over all runs, ended ones included, which nobody asks for."""
    lists: dict[str, Ask] = {
        **{
            f"flow runs {sort}": of_flow_runs(sort)
            for sort in set(FlowRunSort) - {FlowRunSort.NEXT_SCHEDULED_START_TIME_ASC}
        },
        **{
            f"task runs {sort}": of_task_runs(sort)
            for sort in set(TaskRunSort) - {TaskRunSort.NEXT_SCHEDULED_START_TIME_ASC}
        },
        "flows by name": lambda tx: flows.listed(tx, flows_meant(criteria()), sort=FlowSort.NAME_ASC, limit=10),
        "flow runs that began lately": of_flow_runs(flow_runs={"start_time": LATELY}),
        "flow runs whose flow has a tag": of_flow_runs(flows={"tags": {"is_null_": True}}),
        "flow runs that ended long ago": lambda tx: run_removal.ended_before(tx, NOON, 10),
        "flow runs due next": of_flow_runs(
            FlowRunSort.NEXT_SCHEDULED_START_TIME_ASC,
            flow_runs={"next_scheduled_start_time": {"before_": LATELY["after_"]}},
        ),
    }
    found = {name: await explained(filled, ask) for name, ask in lists.items()}
    wrong = {name: watched.plan for name, watched in found.items() if watched.sorts or watched.reads_a_whole_table}
    assert wrong == {}


async def test_what_a_queue_hands_out_lies_in_its_index_in_order(filled: Database) -> None:
    lab, queue, most = UUID(int=1), UUID(int=2), 500
    waits = {"flow_id": UUID(ONE), "work_queue_id": queue, "state_type": "SCHEDULED"}
    runs = [row(flow_run, {**waits, "next_scheduled_start_time": NOON + number * SECOND}) for number in range(most)]

    def hand_in(tx: Tx) -> None:
        tx.execute(work_pool.insert(), [row(work_pool, {"id": lab})])
        tx.execute(work_queue.insert(), [row(work_queue, {"id": queue, "work_pool_id": lab})])
        tx.execute(flow_run.insert(), runs)
        tx.execute(text("ANALYZE"))

    await filled.write(hand_in)
    last = NOON + most * SECOND
    watched = await explained(filled, lambda tx: work_polls.waiting(tx, queue, None, last, NOON, 10))
    assert not watched.sorts
    assert not watched.reads_a_whole_table
    assert "ix_flow_run_work_queue_id_next_scheduled_start_time" in "".join(watched.plan)


async def test_the_queue_of_a_background_task_lies_in_its_index_in_order(filled: Database) -> None:
    runs = [{"task_run_id": UUID(int=n), "task_key": f"k{n % 3}", "rank": 1, "queued": NOON} for n in range(MANY)]

    def hand_in(tx: Tx) -> None:
        tx.execute(task_delivery.insert(), runs)
        tx.execute(text("ANALYZE"))

    await filled.write(hand_in)
    foremost = await explained(filled, lambda tx: task_deliveries.foremost(tx, "k1", 10))
    assert not foremost.sorts
    asked = await explained(filled, lambda tx: task_deliveries.with_work(tx, ["k1", "none"]))
    for watched in (foremost, asked):
        assert not watched.reads_a_whole_table
        assert "ix_task_delivery_task_key_rank_queued" in "".join(watched.plan)


async def test_lists_about_one_object_and_about_lately_read_no_whole_table(filled: Database) -> None:
    by_id = {"id": {"any_": [ONE]}}
    steps = history.Steps(NOON, SECOND, 60)
    asked: dict[str, Ask] = {
        "flow runs of a flow": of_flow_runs(flows=by_id),
        "flow runs of a flow by name": of_flow_runs(flows={"name": {"any_": ["flow-7"]}}),
        "flow runs of a deployment": of_flow_runs(flow_runs={"deployment_id": {"any_": [ONE]}}),
        "flow runs by id": of_flow_runs(flow_runs=by_id),
        "failed flow runs of lately": of_flow_runs(
            FlowRunSort.EXPECTED_START_TIME_DESC,
            flow_runs={"state": {"type": {"any_": ["FAILED", "CRASHED"]}}, "expected_start_time": LATELY},
        ),
        "subflow runs of a run": of_flow_runs(flow_runs={"parent_flow_run_id": {"any_": [ONE]}}),
        "flow runs of a parent task": of_flow_runs(flow_runs={"parent_task_run_id": {"any_": [ONE]}}),
        "flow run by key": of_flow_runs(flows=by_id, flow_runs={"idempotency_key": {"any_": ["k"]}}),
        "task runs of a flow run": of_task_runs(flow_runs=by_id),
        "task runs of a flow run, said otherwise": of_task_runs(task_runs={"flow_run_id": {"any_": [ONE]}}),
        "task runs by id": of_task_runs(task_runs=by_id),
        "failed task runs of lately": of_task_runs(
            task_runs={"state": {"type": {"any_": ["FAILED"]}}, "expected_start_time": LATELY}
        ),
        "count of failed flow runs of lately": lambda tx: flow_runs.count(
            tx,
            flow_runs_meant(
                criteria(flow_runs={"state": {"type": {"any_": ["FAILED"]}}, "expected_start_time": LATELY})
            ),
        ),
        "history of flow runs": lambda tx: history.of_flow_runs(tx, flow_runs_meant(criteria()), steps, NOON),
        "history of task runs": lambda tx: history.of_task_runs(tx, task_runs_meant(criteria()), steps, NOON),
        "ended task runs": lambda tx: dashboard.ended_task_runs(tx, task_runs_meant(criteria()), steps),
        "task runs of runs": lambda tx: dashboard.task_runs_of(tx, [UUID(ONE)]),
        "next runs": lambda tx: dashboard.next_runs(tx, [UUID(ONE)]),
        "states": lambda tx: states.of_flow_run(tx, UUID(ONE)),
        "states of a task run": lambda tx: states.of_task_run(tx, UUID(ONE)),
        "steps of a graph": lambda tx: graph.steps(tx, UUID(ONE), 100),
        "artifacts of a graph": lambda tx: graph.artifacts(tx, UUID(ONE), 100),
        "states of a graph": lambda tx: graph.states(tx, UUID(ONE)),
        "silent runs": lambda tx: heartbeats.silent(tx, heartbeats.Patience(180.0, 3, NOON), NOON, 100),
        "who sends heartbeats": lambda tx: heartbeats.known(tx, [UUID(ONE)]),
        "removed runs": lambda tx: leftovers.due(tx, NOON, 100),
        "artifacts to remove": lambda tx: leftovers.artifacts_of(tx, UUID(ONE), 10),
        "task runs to remove": lambda tx: run_removal.task_runs_of(tx, UUID(ONE), 10),
        "subflows to remove": lambda tx: run_removal.ended_subflows(tx, UUID(ONE), 10),
        "living tasks of a run": lambda tx: heartbeats.living_tasks(tx, UUID(ONE), 10),
        "living subflows of a run": lambda tx: heartbeats.living_subflows(tx, UUID(ONE), 10),
        "queues that workers poll": lambda tx: work_polls.polled(tx, "lab", None, NOON),
        "held slots of queues": lambda tx: work_polls.held(tx, [UUID(ONE)]),
        "holders of slots": lambda tx: work_polls.holders(tx, [UUID(ONE)], 10),
        "a work pool": lambda tx: work_pools.by_name(tx, "lab"),
        "one flow run": lambda tx: flow_runs.by_id(tx, UUID(ONE), NOON),
        "one task run": lambda tx: task_runs.by_id(tx, UUID(ONE), NOON),
    }
    found = {name: await explained(filled, ask) for name, ask in asked.items()}
    wrong = {name: watched.plan for name, watched in found.items() if watched.reads_a_whole_table}
    assert wrong == {}


async def test_what_schedules_lack_is_read_from_an_index_of_their_runs(filled: Database) -> None:
    """However many runs there are: each schedule is looked up twice."""
    of, hour = UUID(ONE), 3600 * SECOND
    waits = {"flow_id": of, "deployment_id": of, "state_type": "SCHEDULED", "auto_scheduled": True}

    def schedule(tx: Tx) -> None:
        tx.execute(deployment.insert(), [row(deployment, {"id": of, "flow_id": of})])
        for number in range(200):
            made = {"id": UUID(int=number), "deployment_id": of, "schedule": {"interval": 60}, "active": True}
            common = {"created": NOON, "updated": NOON, "parameters": {}, "max_scheduled_runs": None, "slug": None}
            tx.execute(deployment_schedule.insert(), [{**made, **common}])
            times = [NOON + at * SECOND for at in range(10 if number % 2 else 2)]
            runs = [{**waits, "schedule_id": UUID(int=number), "next_scheduled_start_time": at} for at in times]
            tx.execute(flow_run.insert(), [row(flow_run, each) for each in runs])
        tx.execute(text("ANALYZE"))

    await filled.write(schedule)
    wanted = scheduled_runs.Wanted(NOON, NOON + 5 * SECOND, 3)
    found = await filled.read(scheduled_runs.lacking, wanted, None, 1000)
    assert [each.id.int for each in found] == [number for number in range(200) if number % 2 == 0]
    assert (
        len(await filled.read(scheduled_runs.lacking, scheduled_runs.Wanted(NOON, NOON + hour, 3), None, 1000)) == 200
    )
    watched = await explained(filled, lambda tx: scheduled_runs.lacking(tx, wanted, UUID(int=7), 50))
    assert "ix_flow_run_schedule_id_next_scheduled_start_time" in "".join(watched.plan)
    assert not any("SCAN flow_run" in step or "Seq Scan on flow_run" in step for step in watched.plan)
