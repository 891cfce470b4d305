"""Concurrency limits and leases: rows in, rows out."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy import bindparam, delete, insert, select, update

from orchd.db import Statement, Tx
from orchd.db.tables import concurrency_lease, concurrency_lease_slot, concurrency_limit


class LimitRow(Struct, frozen=True):
    """A limit as it is stored: its counts hold for the moment `decayed_at`."""

    id: UUID
    created: datetime
    updated: datetime
    name: str
    limit: int
    active: bool
    active_slots: float
    denied_slots: float
    slot_decay_per_second: float
    avg_slot_occupancy_seconds: float
    decayed_at: datetime


class HeldSlots(Struct, frozen=True):
    """Slots of one limit that a lease holds."""

    lease_id: UUID
    lease_created: datetime
    limit_id: UUID
    slots: int


LIMIT_COLUMNS = tuple(concurrency_limit.c[name] for name in LimitRow.__struct_fields__)

_LOCK_BY_ID = Statement(select(*LIMIT_COLUMNS).where(concurrency_limit.c.id == bindparam("id")).with_for_update())
_SET_COUNTS = Statement(
    update(concurrency_limit)
    .where(concurrency_limit.c.id == bindparam("limit_id", type_=concurrency_limit.c.id.type))
    .values(
        active_slots=bindparam("new_active"),
        denied_slots=bindparam("new_denied"),
        avg_slot_occupancy_seconds=bindparam("new_occupancy"),
        decayed_at=bindparam("new_decayed_at", type_=concurrency_limit.c.decayed_at.type),
    )
)
_INSERT_LEASE = Statement(insert(concurrency_lease))
_INSERT_SLOT = Statement(insert(concurrency_lease_slot))
_LEASE_EXISTS = Statement(select(concurrency_lease.c.id).where(concurrency_lease.c.id == bindparam("id")))
_EXTEND = Statement(
    update(concurrency_lease)
    .where(concurrency_lease.c.id == bindparam("lease_id", type_=concurrency_lease.c.id.type))
    .values(expires=bindparam("new_expires", type_=concurrency_lease.c.expires.type))
)
_HELD_COLUMNS = (
    concurrency_lease.c.id.label("lease_id"),
    concurrency_lease.c.created.label("lease_created"),
    concurrency_lease_slot.c.limit_id,
    concurrency_lease_slot.c.slots,
)
_HELD = select(*_HELD_COLUMNS).select_from(
    concurrency_lease.outerjoin(concurrency_lease_slot, concurrency_lease_slot.c.lease_id == concurrency_lease.c.id)
)
_HELD_BY_LEASE = Statement(_HELD.where(concurrency_lease.c.id == bindparam("id")).with_for_update(of=concurrency_lease))
_HELD_BY_HOLDER = Statement(
    _HELD.join(concurrency_limit, concurrency_limit.c.id == concurrency_lease_slot.c.limit_id)
    .where(concurrency_lease.c.holder_id == bindparam("id"), concurrency_limit.c.name.startswith("tag:"))
    .with_for_update(of=concurrency_lease)
)
_DROP = Statement(delete(concurrency_lease).where(concurrency_lease.c.id == bindparam("id")))


def lock(tx: Tx, id: UUID) -> LimitRow | None:
    """A limit, locked."""
    row = tx.first(_LOCK_BY_ID, {"id": id})
    return None if row is None else LimitRow(*row)


def lock_named(tx: Tx, names: list[str]) -> list[LimitRow]:
    """The limits with these names that exist, locked in the order of their ids: two callers cannot wait in a ring."""
    found = tx.execute(
        select(*LIMIT_COLUMNS)
        .where(concurrency_limit.c.name.in_(names))
        .order_by(concurrency_limit.c.id)
        .with_for_update()
    )
    return [LimitRow(*list(row)) for row in found]


def set_counts(tx: Tx, id: UUID, active: float, denied: float, occupancy: float, now: datetime) -> None:
    """Writes a limit's counts, which hold for `now`."""
    tx.run(
        _SET_COUNTS,
        {
            "limit_id": id,
            "new_active": active,
            "new_denied": denied,
            "new_occupancy": occupancy,
            "new_decayed_at": now,
        },
    )


def insert_lease(
    tx: Tx, id: UUID, now: datetime, expires: datetime, holder: tuple[str, UUID] | None, slots: dict[UUID, int]
) -> None:
    """A new lease over slots of these limits."""
    kind, holder_id = holder or (None, None)
    tx.run(_INSERT_LEASE, {"id": id, "created": now, "expires": expires, "holder_type": kind, "holder_id": holder_id})
    tx.run_many(_INSERT_SLOT, [{"lease_id": id, "limit_id": limit, "slots": count} for limit, count in slots.items()])


def lease_exists(tx: Tx, id: UUID) -> bool:
    """Whether a lease was neither returned nor taken away, expired or not."""
    return tx.first(_LEASE_EXISTS, {"id": id}) is not None


def extend_lease(tx: Tx, id: UUID, expires: datetime) -> bool:
    """Lets a lease end at another time. False when it is gone."""
    return tx.run(_EXTEND, {"lease_id": id, "new_expires": expires}) == 1


def held_by_lease(tx: Tx, id: UUID) -> list[HeldSlots]:
    """What a lease holds, the lease locked."""
    return [HeldSlots(*row) for row in tx.fetch(_HELD_BY_LEASE, {"id": id})]


def held_by_tagged(tx: Tx, holder_id: UUID) -> list[HeldSlots]:
    """What a task run holds of tags' limits."""
    return [HeldSlots(*row) for row in tx.fetch(_HELD_BY_HOLDER, {"id": holder_id})]


def drop_lease(tx: Tx, id: UUID) -> None:
    """Ends a lease; its slots are the caller's to count down."""
    tx.run(_DROP, {"id": id})
