"""Questions about background task runs that wait for a worker.

The queue of each task key lies in an index in its order, without those that somebody holds already.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ARRAY, Text, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT is written the same way for SQLite

from orchd.db import Statement, Tx
from orchd.db.tables import task_delivery, task_run
from orchd.db.types import JsonDoc, Uuid

AGAIN, NEW = 0, 1
"""Ranks: what is to be tried again comes before what is new."""

_c = task_delivery.c
_FREE = _c.holder.is_(None)


class Waiting(Struct, frozen=True):
    """A task run that nobody holds. The order is that of the query's columns."""

    task_run_id: UUID
    task_key: str
    rank: int
    queued: datetime
    state_type: str | None

    def place(self) -> tuple[int, datetime, UUID]:
        """Before others, of whatever key, whose place is higher."""
        return self.rank, self.queued, self.task_run_id


_PUT = insert(task_delivery).values({c: bindparam(c.key, type_=c.type) for c in task_delivery.c})
_ENQUEUE = Statement(
    _PUT.on_conflict_do_update(
        index_elements=["task_run_id"],
        set_={name: _PUT.excluded[name] for name in ("task_key", "rank", "queued", "holder")},
    )
)


def _with_work(keys: Any) -> Statement:
    waits = select(1).where(_c.task_key == keys.c.value, _FREE).exists()
    return Statement(select(keys.c.value).where(waits))


_KEYS_WITH_WORK = {
    "sqlite": _with_work(func.json_each(bindparam("keys", type_=JsonDoc)).table_valued("value").alias("asked")),
    "postgresql": _with_work(
        select(func.unnest(bindparam("keys", type_=ARRAY(Text))).label("value")).subquery("asked")
    ),
}
_FOREMOST = Statement(
    select(_c.task_run_id, _c.task_key, _c.rank, _c.queued, task_run.c.state_type)
    .join(task_run, task_run.c.id == _c.task_run_id)
    .where(_c.task_key == bindparam("key"), _FREE)
    .order_by(_c.rank, _c.queued)
    .limit(bindparam("limit"))
    .with_for_update(of=task_delivery, skip_locked=True)
)
_HOLD = Statement(update(task_delivery).where(_c.task_run_id == bindparam("id")).values(holder=bindparam("by")))
_TAKEN = Statement(
    delete(task_delivery).where(_c.task_run_id == bindparam("id"), _c.holder == bindparam("by", type_=Uuid))
)


def enqueue(tx: Tx, task_run_id: UUID, task_key: str, rank: int, now: datetime) -> None:
    """Puts a task run behind all others of its key and rank, also one that is queued already."""
    tx.run(_ENQUEUE, {"task_run_id": task_run_id, "task_key": task_key, "rank": rank, "queued": now, "holder": None})


def with_work(tx: Tx, keys: Collection[str]) -> list[str]:
    """Those of the keys for which a task run waits."""
    return [row[0] for row in tx.fetch(_KEYS_WITH_WORK[tx.dialect.name], {"keys": list(keys)})]


def foremost(tx: Tx, key: str, limit: int) -> list[Waiting]:
    """The first that wait for a key, locked; those that another server is looking at are left out."""
    return [Waiting(*row) for row in tx.fetch(_FOREMOST, {"key": key, "limit": limit})]


def hold(tx: Tx, holders: dict[UUID, UUID]) -> None:
    """Notes for each task run which worker it is sent to."""
    tx.run_many(_HOLD, [{"id": id, "by": worker} for id, worker in holders.items()])


def taken(tx: Tx, task_run_id: UUID, worker: UUID) -> None:
    """Takes a task run off the queue, if this worker still holds it."""
    tx.run(_TAKEN, {"id": task_run_id, "by": worker})


def free(tx: Tx, workers: Sequence[UUID]) -> int:
    """What these workers hold comes first again; says how many."""
    freed = update(task_delivery).where(_c.holder.in_(workers)).values(holder=None, rank=AGAIN)
    return int(tx.execute(freed).rowcount)


def drop(tx: Tx, task_run_ids: Sequence[UUID]) -> None:
    """Takes task runs off the queue."""
    tx.execute(delete(task_delivery).where(_c.task_run_id.in_(task_run_ids)))
