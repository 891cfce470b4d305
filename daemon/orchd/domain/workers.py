"""What a change of a worker means."""

from datetime import datetime

from orchd.db import Tx
from orchd.domain import work_pools
from orchd.domain.work_queues import pool_found
from orchd.errors import NotFound
from orchd.kit.ids import uuid7
from orchd.queries import workers as query
from orchd.wire.work_pools import ReadyStatus
from orchd.wire.workers import Heartbeat, Worker, WorkerList, WorkerStatus


def heartbeat(tx: Tx, pool_name: str, beat: Heartbeat, now: datetime) -> None:
    """A worker is there; its pool is ready thereby, unless it is paused. Raises NotFound for an unknown pool."""
    pool = pool_found(tx, pool_name)
    if pool.status == ReadyStatus.NOT_READY:
        pool = pool_found(tx, pool_name, lock=True)  # one of those that come first tells of it
    values = {
        "id": uuid7(),
        "created": now,
        "updated": now,
        "name": beat.name,
        "work_pool_id": pool.id,
        "last_heartbeat_time": now,
        "heartbeat_interval_seconds": beat.heartbeat_interval_seconds,
        "status": WorkerStatus.ONLINE,
    }
    tx.run_all([query.heartbeat(values), *work_pools.attend(tx, pool, now)], last=True)


def page(tx: Tx, pool_name: str, asked: WorkerList, limit: int) -> list[Worker]:
    """The workers of a pool that match. Raises NotFound for an unknown pool."""
    return query.page(tx, pool_found(tx, pool_name).id, asked.workers, limit, asked.offset or 0)


def delete(tx: Tx, pool_name: str, name: str) -> None:
    """Forgets a worker; it is back with its next heartbeat. Raises NotFound."""
    if not query.remove(tx, pool_found(tx, pool_name).id, name):
        raise NotFound("Worker not found.")
