"""Questions about deployments."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ColumnElement, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_not

from orchd.db import Statement, Tx
from orchd.db.tables import concurrency_limit, deployment, flow, flow_run, work_pool, work_queue
from orchd.kit.jsontext import Raw
from orchd.queries import _filters as filters
from orchd.queries._filters import Condition
from orchd.queries.concurrency_limits import COLUMNS as LIMIT_COLUMNS
from orchd.queries.concurrency_limits import LimitRow
from orchd.wire.deployments import DeploymentSort


class DeploymentRow(Struct, frozen=True):
    """A deployment as it is stored, with the names of what it hangs on. The order is that of the query's columns."""

    id: UUID
    created: datetime
    updated: datetime
    name: str
    version: str | None
    description: str | None
    flow_id: UUID
    paused: bool
    concurrency_limit_id: UUID | None
    concurrency_options: Raw | None
    job_variables: Raw
    parameters: Raw
    tags: Raw
    labels: Raw
    work_queue_id: UUID | None
    last_polled: datetime | None
    status: str
    parameter_openapi_schema: Raw | None
    path: str | None
    pull_steps: Raw | None
    entrypoint: str | None
    storage_document_id: UUID | None
    infrastructure_document_id: UUID | None
    created_by: Raw | None
    updated_by: Raw | None
    enforce_parameter_schema: bool
    flow_name: str
    work_queue_name: str | None
    work_pool_id: UUID | None
    work_pool_name: str | None
    work_pool_type: str | None
    limit: LimitRow | None


_STANDINS = {
    "flow_name": flow.c.name,
    "work_queue_name": work_queue.c.name,
    "work_pool_id": work_queue.c.work_pool_id,
    "work_pool_name": work_pool.c.name,
    "work_pool_type": work_pool.c.type,
}
_FIELDS = DeploymentRow.__struct_fields__[:-1]
_COLUMNS = [_STANDINS[name] if name in _STANDINS else deployment.c[name] for name in _FIELDS]
ANSWERS = select(*_COLUMNS, *(column.label(f"limit_{column.key}") for column in LIMIT_COLUMNS)).select_from(
    deployment.join(flow, flow.c.id == deployment.c.flow_id)
    .outerjoin(work_queue, work_queue.c.id == deployment.c.work_queue_id)
    .outerjoin(work_pool, work_pool.c.id == work_queue.c.work_pool_id)
    .outerjoin(concurrency_limit, concurrency_limit.c.id == deployment.c.concurrency_limit_id)
)
_BY_ID = Statement(ANSWERS.where(deployment.c.id == bindparam("id")))
_BY_NAME = Statement(
    ANSWERS.where(flow.c.name == bindparam("flow_name"), deployment.c.name == bindparam("deployment_name"))
)
_LOCK = Statement(select(deployment.c.id).where(deployment.c.id == bindparam("id")).with_for_update())
_LOCK_NAMED = Statement(
    select(deployment.c.id)
    .where(deployment.c.flow_id == bindparam("flow_id"), deployment.c.name == bindparam("name"))
    .with_for_update()
)
_INSERT = Statement(
    insert_or_not(deployment)
    .values({c: bindparam(c.key, type_=c.type) for c in deployment.c})
    .on_conflict_do_nothing(index_elements=["flow_id", "name"])
)
_ORDERS: dict[DeploymentSort, tuple[ColumnElement[Any], ...]] = {
    DeploymentSort.CREATED_DESC: (deployment.c.created.desc(), deployment.c.id.desc()),
    DeploymentSort.UPDATED_DESC: (deployment.c.updated.desc(), deployment.c.id.desc()),
    DeploymentSort.NAME_ASC: (deployment.c.name.asc(), deployment.c.id.asc()),
    DeploymentSort.NAME_DESC: (deployment.c.name.desc(), deployment.c.id.desc()),
}


def _from_row(row: Sequence[Any]) -> DeploymentRow:
    own, limit = row[: len(_FIELDS)], row[len(_FIELDS) :]
    values: list[Any] = [*own, None if limit[0] is None else LimitRow(*limit)]
    return DeploymentRow(*values)


def by_id(tx: Tx, id: UUID) -> DeploymentRow | None:
    """The deployment; None when there is none."""
    row = tx.first(_BY_ID, {"id": id})
    return None if row is None else _from_row(row)


def by_name(tx: Tx, flow_name: str, deployment_name: str) -> DeploymentRow | None:
    """The deployment of that name of the flow of that name; None when there is none."""
    row = tx.first(_BY_NAME, {"flow_name": flow_name, "deployment_name": deployment_name})
    return None if row is None else _from_row(row)


def locked(tx: Tx, id: UUID) -> DeploymentRow | None:
    """The deployment, locked."""
    return None if tx.first(_LOCK, {"id": id}) is None else by_id(tx, id)


def locked_by_name(tx: Tx, flow_id: UUID, name: str) -> DeploymentRow | None:
    """A flow's deployment of that name, locked."""
    row = tx.first(_LOCK_NAMED, {"flow_id": flow_id, "name": name})
    return None if row is None else by_id(tx, row[0])


def insert_new(tx: Tx, values: dict[str, Any]) -> bool:
    """False when the flow has a deployment of that name: the unique index decides, not an earlier read."""
    return tx.run(_INSERT, values) == 1


def change(tx: Tx, id: UUID, values: dict[str, Any]) -> None:
    """Writes these columns of a deployment that is locked."""
    tx.execute(update(deployment).where(deployment.c.id == id).values(values))


def remove(tx: Tx, id: UUID) -> None:
    """Deletes the deployment with its schedules."""
    tx.execute(delete(deployment).where(deployment.c.id == id))


def listed(
    tx: Tx, meant: Condition, *, sort: DeploymentSort = DeploymentSort.NAME_ASC, limit: int, offset: int = 0
) -> list[DeploymentRow]:
    """The deployments that are meant, in order."""
    rows: Any = tx.execute(ANSWERS.where(meant).order_by(*_ORDERS[sort]).limit(limit).offset(offset))
    return [_from_row(row) for row in rows]


def count(tx: Tx, meant: Condition) -> int:
    """How many deployments are meant."""
    return int(tx.execute(filters.count(meant, deployment.c.id)).scalar_one())


def ids(tx: Tx, meant: Condition, limit: int) -> list[UUID]:
    """The ids of some of the deployments that are meant."""
    return list(tx.execute(select(deployment.c.id).where(meant).limit(limit)).scalars())


# Polls, and runs that wait


def due(ids: Sequence[UUID], before: datetime) -> Condition:
    """The scheduled runs of these deployments whose time comes no later than that."""
    return filters.together(
        filters.among(flow_run.c.deployment_id, ids),
        flow_run.c.state_type == "SCHEDULED",
        filters.at_most(flow_run.c.next_scheduled_start_time, before),
    )


def polled(tx: Tx, ids: Sequence[UUID], now: datetime) -> list[UUID]:
    """Writes down that somebody asks for the runs of deployments; returns those that were not known to be ready."""
    meant = deployment.c.id.in_(ids)
    found = select(deployment.c.id).where(meant, deployment.c.status != "READY").order_by(deployment.c.id)
    waking = list(tx.execute(found.with_for_update()).scalars())
    tx.execute(update(deployment).where(meant).values(last_polled=now, status="READY"))
    return waking


def unnoted(tx: Tx, queues: Sequence[UUID], since: datetime, limit: int) -> list[UUID]:
    """Deployments in these queues that are not known to be ready, or of which no poll was written down since."""
    last = deployment.c.last_polled
    quiet = (deployment.c.status != "READY") | last.is_(None) | (last < since)
    return ids(tx, deployment.c.work_queue_id.in_(queues) & quiet, limit)


def unpolled(tx: Tx, since: datetime, queues_since: datetime, limit: int) -> list[DeploymentRow]:
    """Deployments that count as ready although nobody has asked for their runs since, nor polled their queue."""
    quiet = work_queue.c.last_polled.is_(None) | (work_queue.c.last_polled < queues_since)
    meant = (deployment.c.status == "READY") & (deployment.c.last_polled < since) & quiet
    found: Any = tx.execute(ANSWERS.where(meant).order_by(deployment.c.id).limit(limit).with_for_update(of=deployment))
    return [_from_row(row) for row in found]


def unready(tx: Tx, ids: Sequence[UUID]) -> None:
    """Writes down that nobody asks for these any more. They do not count as changed thereby."""
    tx.execute(update(deployment).where(deployment.c.id.in_(ids)).values(status="NOT_READY"))


def drop_waiting_runs(
    tx: Tx, deployment_id: UUID, *, since: datetime | None = None, only_automatic: bool = True
) -> None:
    """Deletes runs that are scheduled and have never begun, but none that has asked for a slot already.

    `since`: those whose time comes later; without `only_automatic` also those that nobody's schedule has made.
    """
    c = flow_run.c
    waiting = delete(flow_run).where(
        c.deployment_id == deployment_id,
        c.state_type == "SCHEDULED",
        c.state_name != "AwaitingConcurrencySlot",
        c.run_count == 0,
    )
    if since is not None:
        waiting = waiting.where(c.next_scheduled_start_time >= since)
    if only_automatic:
        waiting = waiting.where(c.auto_scheduled.is_(True))
    tx.execute(waiting)


def template_of(tx: Tx, work_pool_id: UUID) -> Raw:
    """The base job template of a work pool that exists."""
    found: Raw = tx.execute(select(work_pool.c.base_job_template).where(work_pool.c.id == work_pool_id)).scalar_one()
    return found
