"""Limits and the slots taken of them, straight from the tables."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from orchd.db import Database, Tx
from orchd.db.tables import concurrency_lease, concurrency_lease_slot, concurrency_limit
from orchd.domain import concurrency_limits as limits
from orchd.domain.concurrency_limits import Asked, Refused
from orchd.wire.v2_concurrency_limits import Holder, IncrementWithLease, Leased, LimitCreate
from tests.kit.rows import NOON

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


async def make(db: Database, name: str, limit: int, **more: Any) -> UUID:
    """A new limit, at NOON."""
    made = await db.write(limits.create, LimitCreate(name=name, limit=limit, **more), NOON)
    return made.id


def asked(now: datetime = NOON, chance: float = 0.5) -> Asked:
    """Slots are asked for at this moment; with a chance of one half, waits are told as they are computed."""
    return Asked(now=now, longest_wait=30, longest_tag_wait=10, chance=chance)


async def take(
    db: Database, *names: str, slots: int = 1, now: datetime = NOON, task_run: UUID | None = None
) -> Leased | Refused:
    """Slots of limits, with a lease of a minute."""
    holder = Holder(type="task_run", id=task_run) if task_run else None
    body = IncrementWithLease(names=list(names), slots=slots, lease_duration=60, holder=holder)
    return await db.write(limits.increment_with_lease, body, asked(now))


async def taken(db: Database, name: str) -> float:
    """How many slots a limit counts as taken."""

    def read(tx: Tx) -> Any:
        found = select(concurrency_limit.c.active_slots).where(concurrency_limit.c.name == name)
        return tx.execute(found).scalar_one()

    return float(await db.read(read))


async def leases(db: Database) -> dict[UUID, datetime]:
    """Every lease, and when it ends."""

    def read(tx: Tx) -> dict[UUID, datetime]:
        rows: Any = tx.execute(select(concurrency_lease.c.id, concurrency_lease.c.expires))
        return {row[0]: row[1] for row in rows}

    return await db.read(read)


async def miscounted(db: Database) -> list[tuple[str, float, int, int]]:
    """Limits whose count is not that of their leases, or more than they allow: (name, counted, leased, limit)."""

    def read(tx: Tx) -> list[tuple[str, float, int, int]]:
        leased = func.coalesce(func.sum(concurrency_lease_slot.c.slots), 0)
        counted = concurrency_limit.c.active_slots
        found = (
            select(concurrency_limit.c.name, counted, leased, concurrency_limit.c.limit)
            .select_from(
                concurrency_limit.outerjoin(
                    concurrency_lease_slot, concurrency_lease_slot.c.limit_id == concurrency_limit.c.id
                )
            )
            .group_by(concurrency_limit.c.id)
            .having((counted != leased) | (counted > concurrency_limit.c.limit))
        )
        rows: Any = tx.execute(found)
        return [tuple(row) for row in rows]

    return await db.read(read)
