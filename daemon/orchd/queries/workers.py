"""Questions about workers."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, exists, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT is written the same way for SQLite

from orchd.db import Statement, Tx, Write
from orchd.db.tables import worker
from orchd.db.types import Timestamp
from orchd.queries import _filters as filters
from orchd.queries._functions import SecondsBetween
from orchd.wire.workers import Worker, WorkerFilter

_COLUMNS = [worker.c[name] for name in Worker.__struct_fields__]
_BEAT = insert(worker).values({c: bindparam(c.key, type_=c.type) for c in worker.c})
_HEARTBEAT = Statement(
    _BEAT.on_conflict_do_update(
        index_elements=["work_pool_id", "name"],
        set_={
            "last_heartbeat_time": _BEAT.excluded.last_heartbeat_time,
            "status": _BEAT.excluded.status,
            "heartbeat_interval_seconds": func.coalesce(
                _BEAT.excluded.heartbeat_interval_seconds, worker.c.heartbeat_interval_seconds
            ),
        },
    )
)


def heartbeat(values: dict[str, Any]) -> Write:
    """A worker of a pool is there: a new one, or one that is known by its name."""
    return Write(_HEARTBEAT, values)


def is_attended(tx: Tx, pool: UUID) -> bool:
    """Whether a worker of the pool is online."""
    online = exists(select(1).where(worker.c.work_pool_id == pool, worker.c.status == "ONLINE"))
    return bool(tx.execute(select(online)).scalar_one())


def page(tx: Tx, pool: UUID, asked: WorkerFilter | None, limit: int, offset: int) -> list[Worker]:
    """The workers of a pool that match, the latest heartbeat first."""
    found = select(*_COLUMNS).where(worker.c.work_pool_id == pool, _condition(asked))
    found = found.order_by(worker.c.last_heartbeat_time.desc(), worker.c.id).limit(limit).offset(offset)
    rows: Any = tx.execute(found)
    return [Worker(*row) for row in rows]


def remove(tx: Tx, pool: UUID, name: str) -> bool:
    """Deletes a worker. False when there is none of that name."""
    found = tx.execute(delete(worker).where(worker.c.work_pool_id == pool, worker.c.name == name))
    return bool(found.rowcount)


def silence(tx: Tx, heartbeat: float, missed: int, now: datetime) -> int:
    """Marks workers offline that have missed so many heartbeats; says how many.

    `heartbeat`: seconds between two of a worker that does not say.
    """
    silent = SecondsBetween(worker.c.last_heartbeat_time, literal(now, Timestamp()))
    patience = func.coalesce(worker.c.heartbeat_interval_seconds, heartbeat) * missed
    overdue = update(worker).where(worker.c.status == "ONLINE", silent > patience)
    return int(tx.execute(overdue.values(status="OFFLINE")).rowcount)


def _condition(asked: WorkerFilter | None) -> filters.Condition:
    if asked is None:
        return filters.together()
    return filters.joined(
        asked.operator,
        [
            filters.between(worker.c.last_heartbeat_time, asked.last_heartbeat_time),
            filters.among_or_not(worker.c.status, asked.status),
        ],
    )
