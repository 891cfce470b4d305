"""The queue that a deployment or a run names: found, or made when it is missing."""

from datetime import datetime

from orchd.db import Tx
from orchd.db.transaction import Retry
from orchd.domain import work_pools, work_queues
from orchd.domain.work_queues import OLD_POOL, pool_found
from orchd.errors import Conflict
from orchd.queries import work_pools as query
from orchd.queries.run_creation import QueueRow, queue_named
from orchd.wire.work_pools import WorkPoolCreate
from orchd.wire.work_queues import WorkQueue, WorkQueueCreate


def queue_in(tx: Tx, pool_name: str, queue_name: str | None, now: datetime) -> QueueRow:
    """A pool's queue, made when it is missing; without a name its default one. Raises NotFound for an unknown pool."""
    found = queue_named(tx, pool_name, queue_name)
    if found is None:
        name = queue_name or work_queues.DEFAULT
        found = queue_named(tx, pool_name, _made(tx, pool_name, WorkQueueCreate(name=name), now).name)
    if found is None:
        raise Retry
    return found


def queue_without_pool(tx: Tx, queue_name: str, now: datetime) -> QueueRow:
    """The queue of that name in the pool of those that are named without a pool."""
    _insist_on_old_pool(tx, now)
    return queue_in(tx, OLD_POOL, queue_name, now)


def create_without_pool(tx: Tx, new: WorkQueueCreate, now: datetime) -> WorkQueue:
    """A new queue in that pool. Raises Conflict when its name is taken."""
    _insist_on_old_pool(tx, now)
    try:
        return work_queues.create(tx, OLD_POOL, new, now)
    except Conflict as error:
        raise Conflict("A work queue with this name already exists.") from error


def _made(tx: Tx, pool_name: str, new: WorkQueueCreate, now: datetime) -> WorkQueue:
    pool = pool_found(tx, pool_name, lock=True)
    try:
        return work_queues.make(tx, pool, new, now)
    except Conflict as error:
        raise Retry from error  # somebody else has made it, just now


def _insist_on_old_pool(tx: Tx, now: datetime) -> None:
    if query.stored(tx, OLD_POOL) is not None:
        return
    try:
        work_pools.make(tx, WorkPoolCreate(name=OLD_POOL), now)
    except Conflict as error:
        raise Retry from error
