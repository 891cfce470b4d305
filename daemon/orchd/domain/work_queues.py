"""What a change of a work queue means."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from orchd.db import Tx
from orchd.domain import events
from orchd.domain.work_events import differences, queue_told, queue_turned
from orchd.errors import Conflict, NotFound, ObjectMissing
from orchd.kit.ids import uuid7
from orchd.kit.jsontext import decode
from orchd.queries import deployments, work_pools
from orchd.queries import work_queues as query
from orchd.queries.work_pools import PoolRow
from orchd.queries.work_queues import InPool, QueueRow
from orchd.wire.base import changes
from orchd.wire.work_pools import ReadyStatus
from orchd.wire.work_queues import (
    HealthPolicy,
    QueueRuns,
    WorkQueue,
    WorkQueueCreate,
    WorkQueueList,
    WorkQueueStatusDetail,
    WorkQueueUpdate,
)

DEFAULT = "default"
OLD_POOL = "default-agent-pool"
"""Where queues are that clients name without a pool."""

POLLED_LATELY = timedelta(seconds=60)
"""A queue that was polled so long ago at most counts as ready when it is no longer paused, and as healthy."""

_TOLD = ("name", "description", "concurrency_limit", "priority")
_HEALTHY = HealthPolicy(maximum_late_runs=0, maximum_seconds_since_last_polled=60)


def read(tx: Tx, key: UUID | InPool) -> WorkQueue:
    """The queue. Raises NotFound."""
    found = query.answered(tx, key)
    if found is None:
        raise _missing(key)
    return found


def read_named(tx: Tx, name: str) -> WorkQueue:
    """A queue named without a pool: of the old clients' pool, or of any when that pool does not exist."""
    if work_pools.stored(tx, OLD_POOL) is not None:
        found = query.answered(tx, InPool(OLD_POOL, name))
    else:
        found = query.any_named(tx, name)
    if found is None:
        raise NotFound("work queue not found")
    return found


def handing_out(tx: Tx, deployment_id: UUID) -> list[WorkQueue]:
    """The queues that hand out a deployment's runs: its own, and those that choose runs like them. Raises NotFound."""
    row = deployments.by_id(tx, deployment_id)
    if row is None:
        raise NotFound("Deployment not found")
    own = None if row.work_queue_id is None else query.answered(tx, row.work_queue_id)
    tags = set(decode(row.tags))
    choosing = [queue for queue, chosen in query.choosing(tx) if _chooses(chosen, deployment_id, tags)]
    return ([] if own is None else [own]) + [queue for queue in choosing if own is None or queue.id != own.id]


def _chooses(chosen: QueueRuns, deployment_id: UUID, tags: set[str]) -> bool:
    meant = chosen.deployment_ids is None or deployment_id in chosen.deployment_ids
    return meant and tags.issuperset(chosen.tags or ())


def page(tx: Tx, pool_name: str, asked: WorkQueueList, limit: int) -> list[WorkQueue]:
    """The queues of a pool that match. Raises NotFound for an unknown pool."""
    return query.page(tx, asked.work_queues, limit, asked.offset or 0, pool_found(tx, pool_name).id)


def pool_found(tx: Tx, name: str, *, lock: bool = False) -> PoolRow:
    """The pool of that name, locked before its queues are put in another order. Raises NotFound."""
    found = work_pools.locked(tx, name) if lock else work_pools.stored(tx, name)
    if found is None:
        raise NotFound(f'Work pool "{name}" not found.')
    return found


def create(tx: Tx, pool_name: str, new: WorkQueueCreate, now: datetime) -> WorkQueue:
    """A new queue of a pool. Raises NotFound for the pool, Conflict when it has a queue of that name."""
    return make(tx, pool_found(tx, pool_name, lock=True), new, now)


def make(tx: Tx, pool: PoolRow, new: WorkQueueCreate, now: datetime) -> WorkQueue:
    """A new queue of a pool that is locked. Raises Conflict when it has a queue of that name."""
    others = query.priorities(tx, pool.id)
    id, priority = uuid7(), new.priority or _first_free(others)
    values: dict[str, Any] = {
        "id": id,
        "created": now,
        "updated": now,
        "name": new.name,
        "description": new.description or "",
        "filter": new.filter,
        "is_paused": new.is_paused,
        "concurrency_limit": new.concurrency_limit,
        "priority": priority,
        "last_polled": None,
        "status": ReadyStatus.NOT_READY,
        "work_pool_id": pool.id,
    }
    if not query.insert_new(tx, values):
        raise Conflict(f"A work queue with this name already exists in work pool {pool.name!r}.")
    query.shift(tx, _pushed(others, priority), now)
    events.emit(tx, queue_told(_row(tx, id), "created", now), now)
    return read(tx, id)


def update(tx: Tx, key: UUID | InPool, patch: WorkQueueUpdate, now: datetime) -> None:
    """Changes a queue. Raises NotFound; Conflict for a taken name, and for a null where there must be none."""
    before = _row(tx, key)
    pool_found(tx, before.work_pool_name, lock=True)
    before = _row(tx, before.id)
    values = changes(patch)
    status = _status(before, values, now)
    told = [queue_told(before, "updated", now, payload)] if (payload := differences(before, values, _TOLD)) else []
    if status is not None:
        values["status"] = status
        told.append(queue_turned(before, status, now))
    query.change(tx, before.id, {**values, "updated": now})
    if isinstance(priority := values.get("priority"), int):
        others = [each for each in query.priorities(tx, before.work_pool_id) if each[0] != before.id]
        query.shift(tx, _pushed(others, priority), now)
    events.emit_all(tx, told, now)


def delete(tx: Tx, key: UUID | InPool, now: datetime) -> None:
    """Deletes a queue. Raises NotFound, and Conflict for a pool's default queue."""
    before = _row(tx, key)
    if before.id == before.default_queue_id:
        raise Conflict("Can't delete a pool's default queue.")
    query.remove(tx, before.id)
    events.emit(tx, queue_told(before, "deleted", now), now, last=True)


def health(tx: Tx, id: UUID, now: datetime) -> WorkQueueStatusDetail:
    """How a queue fares. Raises ObjectMissing."""
    row = query.stored(tx, id)
    if row is None:
        raise ObjectMissing(f"Work queue with id {id} not found")
    late = query.late_runs(tx, id)
    return WorkQueueStatusDetail(
        healthy=late == 0 and _polled_lately(row, now),
        late_runs_count=late,
        last_polled=row.last_polled,
        health_check_policy=_HEALTHY,
    )


def _row(tx: Tx, key: UUID | InPool) -> QueueRow:
    found = query.stored(tx, key)
    if found is None:
        raise _missing(key)
    return found


def _missing(key: UUID | InPool) -> NotFound:
    if isinstance(key, UUID):
        return NotFound("work queue not found")
    return NotFound(f"Work pool queue '{key.pool}/{key.name}' not found.")


def _status(before: QueueRow, values: dict[str, Any], now: datetime) -> ReadyStatus | None:
    """The status that a change of `is_paused` brings; None when it stays."""
    paused = values.get("is_paused")
    if paused is True and before.status != ReadyStatus.PAUSED:
        return ReadyStatus.PAUSED
    if paused is False and before.status == ReadyStatus.PAUSED:
        return ReadyStatus.READY if _polled_lately(before, now) else ReadyStatus.NOT_READY
    return None


def _polled_lately(row: QueueRow, now: datetime) -> bool:
    return row.last_polled is not None and now - row.last_polled <= POLLED_LATELY


def _first_free(others: Sequence[tuple[UUID, int]]) -> int:
    taken = {priority for _, priority in others}
    return next(rank for rank in range(1, len(taken) + 2) if rank not in taken)


def _pushed(others: Sequence[tuple[UUID, int]], taken: int) -> list[tuple[UUID, int]]:
    """Those that must move for a priority to be free, each by as little as keeps all apart. `others` are in order."""
    moved = []
    for id, priority in others:
        if priority == taken:
            taken += 1
            moved.append((id, taken))
    return moved
