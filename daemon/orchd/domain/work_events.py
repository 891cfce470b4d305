"""What is told of work pools and work queues."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import structs

from orchd.domain import events
from orchd.kit.ids import uuid7
from orchd.kit.jsontext import Raw, decode, encode
from orchd.queries.work_pools import PoolRow
from orchd.queries.work_queues import QueueRow
from orchd.wire.events import RESOURCE_ID, RESOURCE_NAME, RESOURCE_ROLE, Event, Resource
from orchd.wire.work_pools import ReadyStatus

FOLLOWS_WITHIN = timedelta(minutes=10)
"""A pool's change of status follows the one before it when that is no longer ago."""

_HAPPENED = {ReadyStatus.READY: "ready", ReadyStatus.NOT_READY: "not-ready", ReadyStatus.PAUSED: "paused"}


def pool_told(pool: PoolRow, action: str, now: datetime, payload: dict[str, Any] | None = None) -> Event:
    """A pool was created, updated or deleted. All but an update name what belongs to the pool."""
    related = [] if action == "updated" else _belongings(pool)
    told = events.object_changed("work-pool", action, pool.id, pool.name, payload or {}, now, related)
    return structs.replace(told, resource={**_pool(pool), RESOURCE_ROLE: "work-pool"})


def pool_turned(pool: PoolRow, status: ReadyStatus, now: datetime) -> Event:
    """A pool has got another status."""
    before = pool.last_transitioned_status_at
    close = before is not None and now - before < FOLLOWS_WITHIN
    return Event(
        id=uuid7(),
        occurred=now,
        event=f"prefect.work-pool.{_HAPPENED[status]}",
        resource=_pool(pool),
        related=[],
        payload={},
        follows=pool.last_status_event_id if close else None,
    )


def queue_told(queue: QueueRow, action: str, now: datetime, payload: dict[str, Any] | None = None) -> Event:
    """A queue was created, updated or deleted."""
    pool = {**events.related("work-pool", "work-pool", queue.work_pool_id, queue.work_pool_name)}
    pool["prefect.work-pool.type"] = queue.work_pool_type
    told = events.object_changed("work-queue", action, queue.id, queue.name, payload or {}, now, [pool])
    return structs.replace(told, resource={**told.resource, RESOURCE_ROLE: "work-queue"})


def queue_turned(queue: QueueRow, status: ReadyStatus, now: datetime) -> Event:
    """A queue has got another status."""
    return queue_told(queue, _HAPPENED[status], now)


def differences(before: Any, values: dict[str, Any], compared: Iterable[str]) -> dict[str, Any]:
    """The payload of an update: which of the compared fields are another than before; empty when none is."""
    updates = {}
    for name in compared:
        if name in values:
            old, new = _plain(getattr(before, name)), _plain(values[name])
            if old != new:
                updates[name] = {"from": old, "to": new}
    return {"updated_fields": list(updates), "updates": updates} if updates else {}


def _pool(pool: PoolRow) -> Resource:
    return {
        RESOURCE_ID: f"prefect.work-pool.{pool.id}",
        RESOURCE_NAME: pool.name,
        "prefect.work-pool.type": pool.type,
    }


def _belongings(pool: PoolRow) -> list[Resource]:
    found = []
    if pool.default_queue_id is not None:
        found.append(events.related("default-queue", "work-queue", pool.default_queue_id))
    keeps: UUID | None = decode(pool.storage_configuration).get("default_result_storage_block_id")
    if keeps is not None:
        found.append(events.related("result-storage", "block-document", keeps))
    return found


def _plain(value: Any) -> Any:
    return decode(value if isinstance(value, Raw) else encode(value))
