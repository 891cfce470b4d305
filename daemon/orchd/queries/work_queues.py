"""Questions about work queues."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, bindparam, case, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT is written the same way for SQLite

from orchd.db import Statement, Tx
from orchd.db.tables import flow_run, work_pool, work_queue
from orchd.kit.jsontext import Raw
from orchd.queries import _filters as filters
from orchd.queries._filters_nouns import of_work_queue
from orchd.queries.work_pools import HOLDS_SLOT
from orchd.wire.work_queues import QueueRuns, WorkQueue, WorkQueueFilter


class InPool(NamedTuple):
    """A queue by its name, which is unique within its pool."""

    pool: str
    name: str


class QueueRow(Struct, frozen=True):
    """A queue as it is stored, with what is told of its pool. The order is that of the query's columns."""

    id: UUID
    name: str
    description: str | None
    is_paused: bool
    concurrency_limit: int | None
    priority: int
    filter: Raw | None
    last_polled: datetime | None
    status: str
    work_pool_id: UUID
    work_pool_name: str
    work_pool_type: str
    default_queue_id: UUID | None


HELD = (
    select(func.count())
    .where(flow_run.c.work_queue_id == work_queue.c.id, HOLDS_SLOT)
    .correlate(work_queue)
    .scalar_subquery()
)
"""How many runs hold a slot of the queue."""

_OF_POOL: dict[str, ColumnElement[Any]] = {
    "work_pool_name": work_pool.c.name,
    "work_pool_type": work_pool.c.type,
    "default_queue_id": work_pool.c.default_queue_id,
    "active_slots": case((work_queue.c.concurrency_limit.is_not(None), HELD)),
}
_BOTH = work_queue.join(work_pool, work_pool.c.id == work_queue.c.work_pool_id)


def _columns(names: Sequence[str]) -> list[ColumnElement[Any]]:
    return [_OF_POOL[name] if name in _OF_POOL else work_queue.c[name] for name in names]


_ANSWERS = select(*_columns(WorkQueue.__struct_fields__)).select_from(_BOTH)
_ROWS = select(*_columns(QueueRow.__struct_fields__)).select_from(_BOTH)
_WITH_ID = work_queue.c.id == bindparam("id")
_NAMED = (work_pool.c.name == bindparam("pool"), work_queue.c.name == bindparam("name"))

_BY_ID, _BY_NAME = Statement(_ANSWERS.where(_WITH_ID)), Statement(_ANSWERS.where(*_NAMED))
_STORED, _STORED_NAMED = Statement(_ROWS.where(_WITH_ID)), Statement(_ROWS.where(*_NAMED))
_PRIORITIES = Statement(
    select(work_queue.c.id, work_queue.c.priority)
    .where(work_queue.c.work_pool_id == bindparam("pool"))
    .order_by(work_queue.c.priority)
)
_INSERT = Statement(
    insert(work_queue)
    .values({c: bindparam(c.key, type_=c.type) for c in work_queue.c})
    .on_conflict_do_nothing(index_elements=["work_pool_id", "name"])
)
_SHIFT = Statement(
    update(work_queue)
    .where(work_queue.c.id == bindparam("queue"))
    .values({work_queue.c.priority: bindparam("priority"), work_queue.c.updated: bindparam("updated")})
)


def answered(tx: Tx, key: UUID | InPool) -> WorkQueue | None:
    """The queue as it is answered; None when there is none."""
    row = tx.first(_BY_ID, {"id": key}) if isinstance(key, UUID) else tx.first(_BY_NAME, key._asdict())
    return None if row is None else WorkQueue(*row)


def stored(tx: Tx, key: UUID | InPool) -> QueueRow | None:
    """The queue; None when there is none."""
    row = tx.first(_STORED, {"id": key}) if isinstance(key, UUID) else tx.first(_STORED_NAMED, key._asdict())
    return None if row is None else QueueRow(*row)


def any_named(tx: Tx, name: str) -> WorkQueue | None:
    """The oldest queue of that name, whichever its pool."""
    row: Any = tx.execute(_ANSWERS.where(work_queue.c.name == name).order_by(work_queue.c.id).limit(1)).first()
    return None if row is None else WorkQueue(*row)


def choosing(tx: Tx) -> list[tuple[WorkQueue, QueueRuns]]:
    """The queues of the oldest kind, which choose runs, and how they do."""
    rows: Any = tx.execute(_ANSWERS.where(work_queue.c.filter.is_not(None)).order_by(work_queue.c.id))
    found = [WorkQueue(*row) for row in rows]
    chosen: list[Any] = [queue.filter for queue in found]  # still encoded
    return [(queue, msgspec.json.decode(each, type=QueueRuns)) for queue, each in zip(found, chosen, strict=True)]


def priorities(tx: Tx, pool: UUID) -> list[tuple[UUID, int]]:
    """The queues of a pool with their priorities, the first one first."""
    return [(id, priority) for id, priority in tx.fetch(_PRIORITIES, {"pool": pool})]


def shift(tx: Tx, moved: Sequence[tuple[UUID, int]], now: datetime) -> None:
    """Gives queues another priority."""
    tx.run_many(_SHIFT, [{"queue": id, "priority": priority, "updated": now} for id, priority in moved])


def insert_new(tx: Tx, values: dict[str, Any]) -> bool:
    """False when the pool has a queue of that name: the unique index decides, not an earlier read."""
    return tx.run(_INSERT, values) == 1


def change(tx: Tx, id: UUID, values: dict[str, Any]) -> None:
    """Writes these columns of a queue. Raises Conflict for a taken name, and for a null where there must be none."""
    tx.execute(update(work_queue).where(work_queue.c.id == id).values(values))


def turn(tx: Tx, ids: Sequence[UUID], status: str, now: datetime) -> None:
    """Gives queues another status."""
    if ids:
        tx.execute(update(work_queue).where(work_queue.c.id.in_(ids)).values(status=status, updated=now))


def remove(tx: Tx, id: UUID) -> None:
    """Deletes a queue; deployments and runs in it stay."""
    tx.execute(delete(work_queue).where(work_queue.c.id == id))


def of_pool(tx: Tx, pool: UUID) -> list[QueueRow]:
    """Every queue of a pool, in the order of their priorities."""
    found: Any = tx.execute(_ROWS.where(work_queue.c.work_pool_id == pool).order_by(work_queue.c.priority))
    return [QueueRow(*row) for row in found]


def page(tx: Tx, asked: WorkQueueFilter | None, limit: int, offset: int, pool: UUID | None = None) -> list[WorkQueue]:
    """The queues that match: those of a pool by priority, else all by name."""
    meant = filters.together(
        None if asked is None else of_work_queue(asked),
        None if pool is None else work_queue.c.work_pool_id == pool,
    )
    order = work_queue.c.name if pool is None else work_queue.c.priority
    found: Any = tx.execute(_ANSWERS.where(meant).order_by(order, work_queue.c.id).limit(limit).offset(offset))
    return [WorkQueue(*row) for row in found]


# Polls


def note_poll(tx: Tx, ids: Sequence[UUID], now: datetime) -> list[QueueRow]:
    """Writes down that these queues are polled; returns those that thereby are to become ready."""
    meant = work_queue.c.id.in_(ids)
    waking = meant & (work_queue.c.status == "NOT_READY") & work_queue.c.is_paused.is_(False)
    found: Any = tx.execute(_ROWS.where(waking).order_by(work_queue.c.id).with_for_update(of=work_queue)).all()
    tx.execute(update(work_queue).where(meant).values(last_polled=now, updated=now))
    return [QueueRow(*row) for row in found]


def unpolled(tx: Tx, since: datetime, limit: int) -> list[QueueRow]:
    """Queues that count as ready although nobody has polled them since, locked."""
    found: Any = tx.execute(
        _ROWS.where(work_queue.c.status == "READY", work_queue.c.last_polled < since)
        .order_by(work_queue.c.id)
        .limit(limit)
        .with_for_update(of=work_queue)
    )
    return [QueueRow(*row) for row in found]


def late_runs(tx: Tx, id: UUID) -> int:
    """How many runs in a queue nobody has picked up in time."""
    late = (flow_run.c.work_queue_id == id) & (flow_run.c.state_type == "SCHEDULED") & (flow_run.c.state_name == "Late")
    return int(tx.execute(filters.count(late, flow_run.c.id)).scalar_one())
