"""Where runs of deployments wait: queues and pools that are made when a deployment names them."""

from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_not

from orchd.db import Statement, Tx
from orchd.db.tables import work_pool, work_queue

_POOL_ID = Statement(select(work_pool.c.id).where(work_pool.c.name == bindparam("name")))
_LAST_PRIORITY = Statement(
    select(func.coalesce(func.max(work_queue.c.priority), 0)).where(work_queue.c.work_pool_id == bindparam("pool"))
)
_INSERT_QUEUE = Statement(
    insert_or_not(work_queue)
    .values({c: bindparam(c.key, type_=c.type) for c in work_queue.c})
    .on_conflict_do_nothing(index_elements=["work_pool_id", "name"])
)
_INSERT_POOL = Statement(
    insert_or_not(work_pool)
    .values({c: bindparam(c.key, type_=c.type) for c in work_pool.c})
    .on_conflict_do_nothing(index_elements=["name"])
)


def pool_id(tx: Tx, name: str) -> UUID | None:
    """The id of the pool of that name; None when there is none."""
    row = tx.first(_POOL_ID, {"name": name})
    return None if row is None else row[0]


def last_priority(tx: Tx, pool: UUID) -> int:
    """The largest number of a pool's queues, which is the least urgent one's."""
    row = tx.first(_LAST_PRIORITY, {"pool": pool})
    return int(row[0]) if row else 0


def claim_queue(tx: Tx, values: dict[str, Any]) -> bool:
    """A new queue. False when the pool has one of that name."""
    return tx.run(_INSERT_QUEUE, values) == 1


def claim_pool(tx: Tx, values: dict[str, Any]) -> bool:
    """A new pool. False when the name is taken."""
    return tx.run(_INSERT_POOL, values) == 1


def set_default_queue(tx: Tx, pool: UUID, queue: UUID) -> None:
    """Which of its queues a pool puts runs into that name none."""
    tx.execute(update(work_pool).where(work_pool.c.id == pool).values(default_queue_id=queue))
