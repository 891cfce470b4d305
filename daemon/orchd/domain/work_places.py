"""The queue that a deployment or a run names: found, or made when it is missing."""

from datetime import datetime
from uuid import UUID

from orchd.db import Tx
from orchd.db.transaction import Retry
from orchd.errors import NotFound
from orchd.kit.ids import uuid7
from orchd.queries import work_places as query
from orchd.queries.run_creation import QueueRow, queue_named

OLD_POOL = "default-agent-pool"
"""Where queues are that clients name without a pool."""


def queue_in(tx: Tx, pool_name: str, queue_name: str | None, now: datetime) -> QueueRow:
    """A pool's queue, made when it is missing; without a name its default one. Raises NotFound for an unknown pool."""
    found = queue_named(tx, pool_name, queue_name)
    if found is not None:
        return found
    pool = query.pool_id(tx, pool_name)
    if pool is None or queue_name is None:
        raise NotFound(f'Work pool "{pool_name}" not found.')
    _make_queue(tx, pool, queue_name, "", now)
    made = queue_named(tx, pool_name, queue_name)
    if made is None:
        raise Retry
    return made


def queue_without_pool(tx: Tx, queue_name: str, now: datetime) -> QueueRow:
    """The queue of that name in the pool of those that are named without a pool."""
    found = queue_named(tx, OLD_POOL, queue_name)
    if found is not None:
        return found
    if query.pool_id(tx, OLD_POOL) is None:
        _make_old_pool(tx, now)
    return queue_in(tx, OLD_POOL, queue_name, now)


def _make_queue(tx: Tx, pool: UUID, name: str, description: str, now: datetime) -> UUID:
    values = {
        "id": uuid7(),
        "created": now,
        "updated": now,
        "name": name,
        "description": description,
        "filter": None,
        "is_paused": False,
        "concurrency_limit": None,
        "priority": query.last_priority(tx, pool) + 1,
        "last_polled": None,
        "status": "NOT_READY",
        "work_pool_id": pool,
    }
    if not query.claim_queue(tx, values):
        raise Retry
    return UUID(str(values["id"]))


def _make_old_pool(tx: Tx, now: datetime) -> None:
    id = uuid7()
    values = {
        "id": id,
        "created": now,
        "updated": now,
        "name": OLD_POOL,
        "description": None,
        "type": "prefect-agent",
        "base_job_template": {},
        "is_paused": False,
        "concurrency_limit": None,
        "status": "NOT_READY",
        "default_queue_id": None,
        "storage_configuration": {},
        "last_status_event_id": None,
        "last_transitioned_status_at": None,
    }
    if not query.claim_pool(tx, values):
        raise Retry
    query.set_default_queue(tx, id, _make_queue(tx, id, "default", "The work pool's default queue.", now))
