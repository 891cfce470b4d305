"""What schedules lack, and the runs that are made for them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, bindparam, exists, select
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT is written the same way for SQLite

from orchd.db import Statement, Tx
from orchd.db.tables import deployment, deployment_schedule, flow_run, flow_run_state, work_queue
from orchd.kit.jsontext import Raw
from orchd.queries._bulk import Bulk, bulk_insert, unnested


class ScheduleRow(Struct, frozen=True):
    """A schedule, and what its runs take from their deployment. The order is that of the query's columns."""

    id: UUID
    updated: datetime
    schedule: Raw
    parameters: Raw
    slug: str | None
    deployment_id: UUID
    deployment_updated: datetime
    flow_id: UUID
    deployment_parameters: Raw
    tags: Raw
    labels: Raw
    version: str | None
    work_queue_id: UUID | None
    work_queue_name: str | None
    infrastructure_document_id: UUID | None


_RENAMED: dict[str, ColumnElement[Any]] = {
    "deployment_updated": deployment.c.updated,
    "deployment_parameters": deployment.c.parameters,
    "work_queue_name": work_queue.c.name,
}
_OWN = ("id", "updated", "schedule", "parameters", "slug", "deployment_id")
_COLUMNS = [
    deployment_schedule.c[name] if name in _OWN else _RENAMED[name] if name in _RENAMED else deployment.c[name]
    for name in ScheduleRow.__struct_fields__
]
_ACTIVE = (
    select(*_COLUMNS)
    .select_from(
        deployment_schedule.join(deployment, deployment.c.id == deployment_schedule.c.deployment_id).outerjoin(
            work_queue, work_queue.c.id == deployment.c.work_queue_id
        )
    )
    .where(deployment_schedule.c.active.is_(True))
    .order_by(deployment_schedule.c.id)
)
_OF_ONE = Statement(_ACTIVE.where(deployment_schedule.c.deployment_id == bindparam("deployment_id")))
_LOCKED = (
    select(deployment_schedule.c.id, deployment_schedule.c.updated, deployment.c.updated)
    .join(deployment, deployment.c.id == deployment_schedule.c.deployment_id)
    .order_by(deployment.c.id, deployment_schedule.c.id)
    .with_for_update(read=True, of=deployment)
)
_NEXT = flow_run.c.next_scheduled_start_time
RUN_COLUMNS = [column.key for column in flow_run.c]
_STATE_COLUMNS = [column.key for column in flow_run_state.c]


def _waiting(since: str) -> Select[Any]:
    """The runs that a schedule still has to offer, from a moment on, the next one first."""
    return (
        select(flow_run.c.id)
        .where(
            flow_run.c.schedule_id == deployment_schedule.c.id,
            flow_run.c.state_type == "SCHEDULED",
            bindparam(since, type_=_NEXT.type) <= _NEXT,
        )
        .order_by(_NEXT)
        .limit(1)
        .correlate(deployment_schedule)
    )


_LACKING = _ACTIVE.where(
    deployment.c.paused.is_(False),
    ~exists(_waiting("now").offset(bindparam("spare")).subquery().select())
    | ~exists(_waiting("ahead").subquery().select()),
)
_FIRST = Statement(_LACKING.limit(bindparam("limit")))
_AFTER = Statement(_LACKING.where(deployment_schedule.c.id > bindparam("after")).limit(bindparam("limit")))


class Wanted(Struct, frozen=True):
    """What a schedule should have: so many runs from `now` on, and one at `ahead` or later."""

    now: datetime
    ahead: datetime
    runs: int


def lacking(tx: Tx, wanted: Wanted, after: UUID | None, limit: int) -> list[ScheduleRow]:
    """Schedules that are to make runs and have not all they should have, by id from beyond `after`."""
    asked = {"now": wanted.now, "ahead": wanted.ahead, "spare": wanted.runs - 1, "limit": limit}
    rows = tx.fetch(_FIRST, asked) if after is None else tx.fetch(_AFTER, {**asked, "after": after})
    return [ScheduleRow(*row) for row in rows]


def active_of(tx: Tx, deployment_id: UUID) -> list[ScheduleRow]:
    """A deployment's active schedules."""
    return [ScheduleRow(*row) for row in tx.fetch(_OF_ONE, {"deployment_id": deployment_id})]


def waiting(tx: Tx, ids: Sequence[UUID], first: datetime, last: datetime) -> dict[UUID, set[datetime]]:
    """For which times these schedules have runs that nobody has begun."""
    found: dict[UUID, set[datetime]] = {id: set() for id in ids}
    rows: Any = tx.execute(
        select(flow_run.c.schedule_id, _NEXT).where(
            flow_run.c.schedule_id.in_(ids), flow_run.c.state_type == "SCHEDULED", _NEXT.between(first, last)
        )
    )
    for id, moment in rows:
        found[id].add(moment)
    return found


def locked(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, tuple[datetime, datetime]]:
    """When these schedules and their deployments were changed; until the end of the transaction nobody does so."""
    rows: Any = tx.execute(_LOCKED.where(deployment_schedule.c.id.in_(ids)))
    return {id: (own, of_deployment) for id, own, of_deployment in rows}


def _states_of_runs_that_are_there() -> Bulk:
    """INSERT of first states; a run that was not written, since its key is taken, gets none."""
    columns = [flow_run_state.c[name] for name in _STATE_COLUMNS]
    given = [bindparam(column.key, type_=column.type).label(column.key) for column in columns]
    key = bindparam("flow_run_id", type_=flow_run.c.id.type)
    each = insert(flow_run_state).from_select(
        _STATE_COLUMNS, select(*given).where(exists().where(flow_run.c.id == key))
    )
    rows = select(*unnested(flow_run_state, _STATE_COLUMNS)).subquery("given")
    arrays = insert(flow_run_state).from_select(
        _STATE_COLUMNS, select(*rows.c).join(flow_run, flow_run.c.id == rows.c.flow_run_id)
    )
    return Bulk(_STATE_COLUMNS, Statement(each), Statement(arrays))


_INSERT_RUNS = bulk_insert(flow_run, RUN_COLUMNS)
_INSERT_STATES = _states_of_runs_that_are_there()


def insert_all(tx: Tx, runs: Sequence[dict[str, Any]], states: Sequence[dict[str, Any]]) -> int:
    """New runs with their first states. One whose idempotency key is taken is left out; says how many were written.

    SQLite does not count, and says how many were given.
    """
    _INSERT_RUNS.run(tx, runs)
    return _INSERT_STATES.run(tx, states)
