"""What a change of state reads and writes: one row with all that rules and events want to know, then the new state."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import bindparam, insert, select, update

from orchd.db import Statement, Tx, Write
from orchd.db.tables import (
    deployment,
    flow,
    flow_run,
    flow_run_state,
    task_run,
    task_run_state,
    work_pool,
    work_queue,
)
from orchd.kit.jsontext import Raw


class FlowRunRow(Struct, frozen=True):
    """A flow run about to change, and the names that its events carry."""

    id: UUID
    name: str
    flow_id: UUID
    deployment_id: UUID | None
    parent_task_run_id: UUID | None
    infrastructure_pid: str | None
    run_count: int
    start_time: datetime | None
    end_time: datetime | None
    expected_start_time: datetime | None
    next_scheduled_start_time: datetime | None
    total_run_time: float
    empirical_policy: Raw
    tags: Raw
    created_by: Raw | None
    state: Raw | None
    flow_name: str
    flow_tags: Raw
    deployment_name: str | None
    deployment_tags: Raw | None
    concurrency_limit_id: UUID | None
    concurrency_options: Raw | None
    work_queue_id: UUID | None
    work_queue_name: str | None
    work_pool_id: UUID | None
    work_pool_name: str | None
    work_pool_type: str | None
    parent_name: str | None
    parent_tags: Raw | None


_FLOW_RUN = Statement(
    select(
        *(flow_run.c[name] for name in FlowRunRow.__struct_fields__[:16]),
        flow.c.name.label("flow_name"),
        flow.c.tags.label("flow_tags"),
        deployment.c.name.label("deployment_name"),
        deployment.c.tags.label("deployment_tags"),
        deployment.c.concurrency_limit_id,
        deployment.c.concurrency_options,
        flow_run.c.work_queue_id,
        work_queue.c.name.label("work_queue_name"),
        work_queue.c.work_pool_id,
        work_pool.c.name.label("work_pool_name"),
        work_pool.c.type.label("work_pool_type"),
        task_run.c.name.label("parent_name"),
        task_run.c.tags.label("parent_tags"),
    )
    .select_from(
        flow_run.join(flow, flow.c.id == flow_run.c.flow_id)
        .outerjoin(deployment, deployment.c.id == flow_run.c.deployment_id)
        .outerjoin(work_queue, work_queue.c.id == flow_run.c.work_queue_id)
        .outerjoin(work_pool, work_pool.c.id == work_queue.c.work_pool_id)
        .outerjoin(task_run, task_run.c.id == flow_run.c.parent_task_run_id)
    )
    .where(flow_run.c.id == bindparam("id"))
)


class TaskRunRow(Struct, frozen=True):
    """A task run about to change."""

    id: UUID
    flow_run_id: UUID | None
    task_key: str
    tags: Raw
    empirical_policy: Raw
    run_count: int
    flow_run_run_count: int
    start_time: datetime | None
    end_time: datetime | None
    expected_start_time: datetime | None
    next_scheduled_start_time: datetime | None
    total_run_time: float
    state: Raw | None


_TASK_RUN = Statement(
    select(*(task_run.c[name] for name in TaskRunRow.__struct_fields__)).where(task_run.c.id == bindparam("id"))
)
_FLOW_RUN_OF_TASK = Statement(select(flow_run.c.run_count, flow_run.c.state).where(flow_run.c.id == bindparam("id")))


_LOCK_FLOW_RUN = Statement(select(flow_run.c.id).where(flow_run.c.id == bindparam("id")).with_for_update())
_LOCK_TASK_RUN = Statement(select(task_run.c.id).where(task_run.c.id == bindparam("id")).with_for_update())


def flow_run_row(tx: Tx, id: UUID) -> FlowRunRow | None:
    """The run; None when there is none. It is locked only for the unlucky: the state seen here guards the change."""
    if tx.unlucky:
        tx.first(_LOCK_FLOW_RUN, {"id": id})
    row = tx.first(_FLOW_RUN, {"id": id})
    return None if row is None else FlowRunRow(*row)


def task_run_row(tx: Tx, id: UUID) -> TaskRunRow | None:
    """The same for a task run."""
    if tx.unlucky:
        tx.first(_LOCK_TASK_RUN, {"id": id})
    row = tx.first(_TASK_RUN, {"id": id})
    return None if row is None else TaskRunRow(*row)


def flow_run_of_task(tx: Tx, id: UUID) -> tuple[int, Raw | None] | None:
    """How often a flow run was started, and its present state."""
    row = tx.first(_FLOW_RUN_OF_TASK, {"id": id})
    return None if row is None else (row[0], row[1])


_CHANGED = (
    "updated",
    "run_count",
    "start_time",
    "end_time",
    "expected_start_time",
    "next_scheduled_start_time",
    "total_run_time",
    "empirical_policy",
    "state_id",
    "state_type",
    "state_name",
    "state_timestamp",
    "state",
)


def _update(table: Any, *more: str) -> Statement:
    values = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in (*_CHANGED, *more)}
    return Statement(
        update(table)
        .where(
            table.c.id == bindparam("run_id", type_=table.c.id.type),
            table.c.state_id.is_not_distinct_from(bindparam("seen", type_=table.c.state_id.type)),
        )
        .values(values)
    )


_UPDATE_FLOW_RUN = _update(flow_run)
_UPDATE_TASK_RUN = _update(task_run, "flow_run_run_count")
_INSERT_FLOW_RUN_STATE = Statement(insert(flow_run_state))
_INSERT_TASK_RUN_STATE = Statement(insert(task_run_state))


def update_flow_run(id: UUID, seen: UUID | None, values: dict[str, Any]) -> Write:
    """Writes the columns that a transition changes, if the run is still in the state that was seen."""
    return Write(_UPDATE_FLOW_RUN, _guarded(id, seen, values))


def update_task_run(id: UUID, seen: UUID | None, values: dict[str, Any]) -> Write:
    """The same for a task run; `flow_run_run_count` among them."""
    return Write(_UPDATE_TASK_RUN, _guarded(id, seen, values))


def _guarded(id: UUID, seen: UUID | None, values: dict[str, Any]) -> dict[str, Any]:
    return {"run_id": id, "seen": seen, **{f"new_{name}": value for name, value in values.items()}}


def insert_flow_run_state(values: dict[str, Any]) -> Write:
    """Adds a state to a flow run's history."""
    return Write(_INSERT_FLOW_RUN_STATE, values)


def insert_task_run_state(values: dict[str, Any]) -> Write:
    """Adds a state to a task run's history."""
    return Write(_INSERT_TASK_RUN_STATE, values)
