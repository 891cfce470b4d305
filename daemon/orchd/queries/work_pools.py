"""Questions about work pools."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal_column,
    null,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT is written the same way for SQLite

from orchd.db import Statement, Tx, Write
from orchd.db.tables import flow_run, work_pool, work_queue, worker
from orchd.kit.jsontext import Raw
from orchd.queries import _filters as filters
from orchd.queries._filters_nouns import of_work_pool
from orchd.wire.work_pools import WorkPool, WorkPoolFilter

AGENT = "prefect-agent"
"""The type of pools from before there were workers: they have no status."""

HOLDS_SLOT = flow_run.c.state_type.in_([literal_column("'PENDING'"), literal_column("'RUNNING'")])
"""Whether a run holds a slot of its queue and its pool."""


class PoolRow(Struct, frozen=True):
    """A pool as it is stored. The order is that of the query's columns."""

    id: UUID
    name: str
    description: str | None
    type: str
    base_job_template: Raw
    is_paused: bool
    concurrency_limit: int | None
    status: str
    default_queue_id: UUID | None
    storage_configuration: Raw
    last_status_event_id: UUID | None
    last_transitioned_status_at: datetime | None


def _slots() -> ScalarSelect[int]:
    of_pool = flow_run.join(work_queue, work_queue.c.id == flow_run.c.work_queue_id)
    held = select(func.count()).select_from(of_pool)
    held = held.where(work_queue.c.work_pool_id == work_pool.c.id, HOLDS_SLOT)
    return held.correlate(work_pool).scalar_subquery()


_STANDINS: dict[str, ColumnElement[Any]] = {
    "status": case((work_pool.c.type == AGENT, null()), else_=work_pool.c.status),
    "active_slots": case((work_pool.c.concurrency_limit.is_not(None), _slots())),
}
_COLUMNS = [_STANDINS[name] if name in _STANDINS else work_pool.c[name] for name in WorkPool.__struct_fields__]
_ROW = [work_pool.c[name] for name in PoolRow.__struct_fields__]
_NAMED = work_pool.c.name == bindparam("name")

_BY_NAME = Statement(select(*_COLUMNS).where(_NAMED))
_STORED = Statement(select(*_ROW).where(_NAMED))
_LOCKED = Statement(select(*_ROW).where(_NAMED).with_for_update(key_share=True))
_INSERT = Statement(
    insert(work_pool)
    .values({c: bindparam(c.key, type_=c.type) for c in work_pool.c})
    .on_conflict_do_nothing(index_elements=["name"])
)
_TURN = Statement(
    update(work_pool)
    .where(work_pool.c.id == bindparam("pool"))
    .values({work_pool.c[name]: bindparam(name) for name in (
        "status", "last_status_event_id", "last_transitioned_status_at", "updated"
    )})
)  # fmt: skip


def by_name(tx: Tx, name: str) -> WorkPool | None:
    """The pool of that name as it is answered; None when there is none."""
    row = tx.first(_BY_NAME, {"name": name})
    return None if row is None else WorkPool(*row)


def stored(tx: Tx, name: str) -> PoolRow | None:
    """The pool of that name; None when there is none."""
    row = tx.first(_STORED, {"name": name})
    return None if row is None else PoolRow(*row)


def locked(tx: Tx, name: str) -> PoolRow | None:
    """The pool of that name, locked: the priorities of its queues and its status are changed by one at a time."""
    row = tx.first(_LOCKED, {"name": name})
    return None if row is None else PoolRow(*row)


def insert_new(tx: Tx, values: dict[str, Any]) -> bool:
    """False when the name is taken: the unique index decides, not an earlier read."""
    return tx.run(_INSERT, values) == 1


def change(tx: Tx, id: UUID, values: dict[str, Any]) -> None:
    """Writes these columns of a pool. Raises Conflict for a null where there must be none."""
    tx.execute(update(work_pool).where(work_pool.c.id == id).values(values))


def turned(id: UUID, status: str, event_id: UUID, now: datetime) -> Write:
    """A pool's new status, and the event that tells of it."""
    return Write(
        _TURN,
        {
            "pool": id,
            "status": status,
            "last_status_event_id": event_id,
            "last_transitioned_status_at": now,
            "updated": now,
        },
    )


def remove(tx: Tx, id: UUID) -> None:
    """Deletes a pool with its queues and workers; deployments and runs in them stay."""
    tx.execute(delete(work_pool).where(work_pool.c.id == id))


def page(tx: Tx, asked: WorkPoolFilter | None, limit: int, offset: int) -> list[WorkPool]:
    """The pools that match, by name."""
    meant = filters.together(None if asked is None else of_work_pool(asked))
    found: Any = tx.execute(select(*_COLUMNS).where(meant).order_by(work_pool.c.name).limit(limit).offset(offset))
    return [WorkPool(*row) for row in found]


def count(tx: Tx, asked: WorkPoolFilter | None) -> int:
    """How many pools match."""
    meant = filters.together(None if asked is None else of_work_pool(asked))
    return int(tx.execute(filters.count(meant, work_pool.c.id)).scalar_one())


def unattended(tx: Tx, limit: int) -> list[PoolRow]:
    """Pools that count as ready although none of their workers is online, locked."""
    online = exists(select(1).where(worker.c.work_pool_id == work_pool.c.id, worker.c.status == "ONLINE"))
    found: Any = tx.execute(
        select(*_ROW)
        .where(work_pool.c.status == "READY", ~online)
        .order_by(work_pool.c.id)
        .limit(limit)
        .with_for_update(key_share=True)
    )
    return [PoolRow(*row) for row in found]
