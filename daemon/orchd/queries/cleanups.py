"""Questions about cleanups: messages to workers, each handed to one at a time under a lease."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import case, func, select, update
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT is written the same way for SQLite

from orchd.db import Tx
from orchd.db.tables import cleanup_message, flow_run, work_pool, work_queue
from orchd.kit.jsontext import Raw

WAITING, RESERVED, DONE, DEAD = "WAITING", "RESERVED", "DONE", "DEAD"

_c = cleanup_message.c


class Message(Struct, frozen=True):
    """A message as it is stored. The order is that of the query's columns."""

    id: UUID
    work_pool_id: UUID
    work_queue_id: UUID | None
    kind: str
    target: Raw
    data: Raw
    status: str
    attempts: int
    reservation_token: str | None
    lease_expires_at: datetime | None


_COLUMNS = [_c[name] for name in Message.__struct_fields__]


class Infrastructure(Struct, frozen=True):
    """Where a run is carried out, if a worker carries it out."""

    state_id: UUID
    pid: str | None
    queue_id: UUID
    pool_id: UUID
    pool_type: str


def insert_new(tx: Tx, values: dict[str, Any]) -> bool:
    """False when there is a message of this id or idempotency key, finished ones included."""
    made = tx.execute(insert(cleanup_message).values(values).on_conflict_do_nothing().returning(_c.id))
    return made.first() is not None


def held_by(tx: Tx, consumer: UUID, now: datetime) -> int:
    """How many messages a consumer has in hand."""
    held = select(func.count()).where(_c.status == RESERVED, _c.reserved_by == consumer, _c.lease_expires_at > now)
    return int(tx.execute(held).scalar_one())


def oldest_waiting(tx: Tx, pool: UUID, queues: Sequence[UUID], kinds: Sequence[str]) -> Message | None:
    """The message that waits longest in a pool, one of these queues first; locked, and nobody else's."""
    own = case((_c.work_queue_id.in_(queues), 0), else_=1)
    found = (
        select(*_COLUMNS)
        .where(_c.work_pool_id == pool, _c.status == WAITING, _c.kind.in_(kinds))
        .order_by(own, _c.created, _c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = tx.execute(found).first()
    return None if row is None else Message(*list(row))


def locked(tx: Tx, id: UUID) -> Message | None:
    """The message of this id, locked; None when there is none."""
    row = tx.execute(select(*_COLUMNS).where(_c.id == id).with_for_update()).first()
    return None if row is None else Message(*list(row))


def expired(tx: Tx, now: datetime, limit: int) -> list[Message]:
    """Messages whose lease has run out, locked."""
    found = (
        select(*_COLUMNS)
        .where(_c.status == RESERVED, _c.lease_expires_at <= now)
        .order_by(_c.lease_expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [Message(*list(row)) for row in tx.execute(found)]


def change(tx: Tx, id: UUID, values: dict[str, Any]) -> None:
    """Writes these columns of a message."""
    tx.execute(update(cleanup_message).where(_c.id == id).values(values))


def infrastructure_of(tx: Tx, run: UUID) -> Infrastructure | None:
    """Of a flow run; None when it belongs to no queue."""
    found = (
        select(flow_run.c.state_id, flow_run.c.infrastructure_pid, work_queue.c.id, work_pool.c.id, work_pool.c.type)
        .join(work_queue, work_queue.c.id == flow_run.c.work_queue_id)
        .join(work_pool, work_pool.c.id == work_queue.c.work_pool_id)
        .where(flow_run.c.id == run)
    )
    row = tx.execute(found).first()
    return None if row is None else Infrastructure(*list(row))
