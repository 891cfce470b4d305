"""What a change of a work pool means."""

from datetime import datetime
from typing import Any
from uuid import UUID

from orchd.db import Tx
from orchd.db.transaction import Write
from orchd.domain import events, job_templates, work_queues
from orchd.domain.work_events import differences, pool_told, pool_turned, queue_told
from orchd.domain.work_queues import pool_found
from orchd.errors import Conflict, Forbidden, NotFound
from orchd.kit.ids import uuid7
from orchd.queries import work_pools as query
from orchd.queries import work_queues as queue_query
from orchd.queries import workers
from orchd.queries.work_pools import PoolRow
from orchd.wire.base import changes
from orchd.wire.work_pools import ReadyStatus, WorkPool, WorkPoolCreate, WorkPoolUpdate
from orchd.wire.work_queues import WorkQueueCreate

RESERVED = "prefect"
"""Pools whose name begins so, in any case, are the client's own."""

_WATCHED = frozenset({"base_job_template", "concurrency_limit", "is_paused", "storage_configuration"})
"""What workers want to know at once when it changes."""

_TOLD = ("description", "base_job_template", "concurrency_limit", "storage_configuration")
_CHANGEABLE_IF_RESERVED = frozenset({"is_paused", "concurrency_limit"})


def signal(id: UUID) -> str:
    """The wake-up for those who watch a pool."""
    return f"work-pool-{id}"


def read(tx: Tx, name: str) -> WorkPool:
    """The pool. Raises NotFound."""
    found = query.by_name(tx, name)
    if found is None:
        raise NotFound(f'Work pool "{name}" not found.')
    return found


def create(tx: Tx, new: WorkPoolCreate, now: datetime) -> WorkPool:
    """A new pool with its default queue. Raises Forbidden, Conflict when its name is taken, Invalid, NotFound."""
    if new.name.lower().startswith(RESERVED):
        raise Forbidden("Work pools starting with 'Prefect' are reserved for internal use.")
    job_templates.insist(tx, new.base_job_template)
    pool = make(tx, new, now)
    status = ReadyStatus.PAUSED if new.is_paused else ReadyStatus.NOT_READY
    tx.run_all(_turn(tx, pool, status, now))
    return read(tx, new.name)


def make(tx: Tx, new: WorkPoolCreate, now: datetime) -> PoolRow:
    """A new pool with its default queue, of which no status was told. Raises Conflict when its name is taken."""
    values: dict[str, Any] = {
        "id": uuid7(),
        "created": now,
        "updated": now,
        "name": new.name,
        "description": new.description,
        "type": new.type,
        "base_job_template": new.base_job_template,
        "is_paused": new.is_paused,
        "concurrency_limit": new.concurrency_limit,
        "status": ReadyStatus.PAUSED if new.is_paused else ReadyStatus.NOT_READY,
        "default_queue_id": None,
        "storage_configuration": new.storage_configuration,
        "last_status_event_id": None,
        "last_transitioned_status_at": None,
    }
    if not query.insert_new(tx, values):
        raise Conflict("A work pool with this name already exists.")
    first = WorkQueueCreate(name=work_queues.DEFAULT, description="The work pool's default queue.", priority=1)
    queue = work_queues.make(tx, pool_found(tx, new.name), first, now)
    query.change(tx, values["id"], {"default_queue_id": queue.id})
    pool = pool_found(tx, new.name)
    events.emit(tx, pool_told(pool, "created", now), now)
    return pool


def update(tx: Tx, name: str, patch: WorkPoolUpdate, now: datetime) -> None:
    """Changes a pool. Raises NotFound, Forbidden, Invalid; Conflict for a null where there must be none."""
    values = changes(patch)
    if name.lower().startswith(RESERVED) and not values.keys() <= _CHANGEABLE_IF_RESERVED:
        raise Forbidden("Of work pools starting with 'Prefect' only the limit and the pause can be changed.")
    before = pool_found(tx, name, lock=True)
    job_templates.insist(tx, values.get("base_job_template"))
    query.change(tx, before.id, {**values, "updated": now})
    if payload := differences(before, values, _TOLD):
        events.emit(tx, pool_told(before, "updated", now, payload), now)
    if isinstance(paused := values.get("is_paused"), bool) and before.type != query.AGENT:  # those have no status
        tx.run_all(_turn(tx, before, _status(tx, before, paused=paused), now))
    if values.keys() & _WATCHED:
        tx.signals.add(signal(before.id))


def delete(tx: Tx, name: str, now: datetime) -> None:
    """Deletes a pool with its queues and workers. Raises NotFound and Forbidden."""
    pool = pool_found(tx, name, lock=True)
    if name.lower().startswith(RESERVED):
        raise Forbidden("Work pools starting with 'Prefect' are reserved for internal use.")
    told = [queue_told(queue, "deleted", now) for queue in queue_query.of_pool(tx, pool.id)]
    told.append(pool_told(pool, "deleted", now))
    query.remove(tx, pool.id)
    events.emit_all(tx, told, now)
    tx.signals.add(signal(pool.id))


def attend(tx: Tx, pool: PoolRow, now: datetime) -> list[Write]:
    """A worker is there: the pool becomes ready, unless it is paused."""
    return _turn(tx, pool, ReadyStatus.READY, now) if pool.status == ReadyStatus.NOT_READY else []


def abandon(tx: Tx, pool: PoolRow, now: datetime) -> list[Write]:
    """No worker is there any more."""
    return _turn(tx, pool, ReadyStatus.NOT_READY, now)


def _status(tx: Tx, pool: PoolRow, *, paused: bool) -> ReadyStatus:
    if paused:
        return ReadyStatus.PAUSED
    return ReadyStatus.READY if workers.is_attended(tx, pool.id) else ReadyStatus.NOT_READY


def _turn(tx: Tx, pool: PoolRow, status: ReadyStatus, now: datetime) -> list[Write]:
    told = pool_turned(pool, status, now)
    return [query.turned(pool.id, status, told.id, now), *events.event_writes(tx, told, now)]
