"""Concurrency limits, the leases over their slots, and who holds them.

Whoever changes a limit's count, or a lease's slots, has locked the limit first; several limits are locked in the order
of their names. So nobody waits in a ring, and a count and the slots under it change as one.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import bindparam, delete, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_not

from orchd.db import Statement, Tx, Write
from orchd.db.tables import concurrency_lease as lease
from orchd.db.tables import concurrency_lease_slot as slot
from orchd.db.tables import concurrency_limit as limit

TAG = "tag:"
"""What the names of tags' limits begin with."""


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


class LeaseRow(Struct, frozen=True):
    """A lease: until when it holds, and for whom."""

    id: UUID
    created: datetime
    expires: datetime
    holder_type: str | None
    holder_id: UUID | None


class Holdings(NamedTuple):
    """The limits, locked, that leases hold slots of, and the beginnings of those leases."""

    limits: dict[UUID, LimitRow]
    since: dict[UUID, datetime]


class Held(NamedTuple):
    """Slots of one limit that a lease holds, or held until now."""

    lease_id: UUID
    limit_id: UUID | None
    slots: int


COLUMNS = tuple(limit.c[name] for name in LimitRow.__struct_fields__)
_LIMITS = select(*COLUMNS)
IS_TAG = func.substr(limit.c.name, 1, len(TAG)) == TAG  # LIKE would not tell small letters from capitals on SQLite

_BY_ID = Statement(_LIMITS.where(limit.c.id == bindparam("id")))
_BY_NAME = Statement(_LIMITS.where(limit.c.name == bindparam("name")))
_LOCK_BY_ID = Statement(_LIMITS.where(limit.c.id == bindparam("id")).with_for_update())
_LOCK_BY_NAME = Statement(_LIMITS.where(limit.c.name == bindparam("name")).with_for_update())
_INSERT = Statement(
    insert_or_not(limit)
    .values({column: bindparam(column.key, type_=column.type) for column in limit.c})
    .on_conflict_do_nothing(index_elements=["name"])
)
_SET_COUNTS = Statement(
    update(limit)
    .where(limit.c.id == bindparam("key", type_=limit.c.id.type))
    .values(
        {
            name: bindparam(f"new_{name}", type_=limit.c[name].type)
            for name in ("active_slots", "denied_slots", "avg_slot_occupancy_seconds", "decayed_at", "updated")
        }
    )
)
_DELETE = Statement(delete(limit).where(limit.c.id == bindparam("id")).returning(*COLUMNS))
_DELETE_NAMED = Statement(delete(limit).where(limit.c.name == bindparam("name")).returning(*COLUMNS))

_INSERT_LEASE = Statement(insert(lease))
_INSERT_SLOTS = Statement(insert(slot))
_LOCK_LEASE = Statement(select(lease.c.id).where(lease.c.id == bindparam("id")).with_for_update())
_EXTEND = Statement(
    update(lease)
    .where(lease.c.id == bindparam("key", type_=lease.c.id.type))
    .values(expires=bindparam("new_expires", type_=lease.c.expires.type))
)
_EXPIRED = Statement(
    select(lease.c.id)
    .where(lease.c.expires <= bindparam("now", type_=lease.c.expires.type))
    .order_by(lease.c.expires)
    .limit(bindparam("most"))
)
_HOLDINGS = (
    select(*COLUMNS, slot.c.lease_id, lease.c.created.label("since"))
    .select_from(slot.join(limit, limit.c.id == slot.c.limit_id).join(lease, lease.c.id == slot.c.lease_id))
    .order_by(limit.c.name)
    .with_for_update(of=limit)
)
_HOLDINGS_OF_ONE = Statement(_HOLDINGS.where(slot.c.lease_id == bindparam("id")))
_GIVEN_UP = (slot.c.lease_id, slot.c.limit_id, slot.c.slots)
_GIVE_UP_ONE = Statement(delete(slot).where(slot.c.lease_id == bindparam("id")).returning(*_GIVEN_UP))
_DROP = Statement(delete(lease).where(lease.c.id == bindparam("id")))
_HELD_BY_TASK_RUN = Statement(
    select(lease.c.id, slot.c.limit_id, slot.c.slots)
    .select_from(lease.outerjoin(slot, slot.c.lease_id == lease.c.id).outerjoin(limit, limit.c.id == slot.c.limit_id))
    .where(
        lease.c.holder_id == bindparam("id"),
        lease.c.holder_type == "task_run",
        or_(slot.c.limit_id.is_(None), IS_TAG),
    )
)


# Limits


def by_id(tx: Tx, id: UUID) -> LimitRow | None:
    """The limit; None when there is none."""
    row = tx.first(_BY_ID, {"id": id})
    return None if row is None else LimitRow(*row)


def by_name(tx: Tx, name: str) -> LimitRow | None:
    """The limit of that name; None when there is none."""
    row = tx.first(_BY_NAME, {"name": name})
    return None if row is None else LimitRow(*row)


def named(tx: Tx, names: list[str]) -> list[LimitRow]:
    """Those of the named limits that exist."""
    return _those_named(tx, names, locked=False) if names else []


def page(tx: Tx, most: int, offset: int) -> list[LimitRow]:
    """The limits in the order of their names."""
    rows: Any = tx.execute(_LIMITS.order_by(limit.c.name).limit(most).offset(offset))
    return [LimitRow(*row) for row in rows]


def lock(tx: Tx, id: UUID) -> LimitRow | None:
    """The limit, locked."""
    row = tx.first(_LOCK_BY_ID, {"id": id})
    return None if row is None else LimitRow(*row)


def lock_by_name(tx: Tx, name: str) -> LimitRow | None:
    """The limit of that name, locked."""
    row = tx.first(_LOCK_BY_NAME, {"name": name})
    return None if row is None else LimitRow(*row)


def lock_named(tx: Tx, names: list[str]) -> list[LimitRow]:
    """Those of the named limits that exist, locked."""
    return _those_named(tx, names, locked=True) if names else []


def _those_named(tx: Tx, names: list[str], *, locked: bool) -> list[LimitRow]:
    """By statements for 1, 2, 4, 8 and so on names: few are made, and each asks an index for every name."""
    size = 1 << (len(names) - 1).bit_length()
    given = {f"name_{at}": name for at, name in enumerate(names)}
    given |= {f"name_{at}": names[-1] for at in range(len(names), size)}
    return [LimitRow(*row) for row in tx.fetch(_named_statement(size, locked=locked), given)]


@cache
def _named_statement(size: int, *, locked: bool) -> Statement:
    names = [bindparam(f"name_{at}", type_=limit.c.name.type) for at in range(size)]
    found = _LIMITS.where(limit.c.name.in_(names)).order_by(limit.c.name)
    return Statement(found.with_for_update() if locked else found)


def insert_new(tx: Tx, row: LimitRow) -> bool:
    """False when the name is taken: the unique index decides, not an earlier read."""
    return tx.run(_INSERT, asdict(row)) == 1


def change(tx: Tx, id: UUID, values: dict[str, Any]) -> LimitRow:
    """Writes these columns of a limit that is locked. Raises Conflict when its new name is another's."""
    row: Any = tx.execute(update(limit).where(limit.c.id == id).values(values).returning(*COLUMNS)).one()
    return LimitRow(*row)


def remove(tx: Tx, key: UUID | str) -> LimitRow | None:
    """Deletes the limit with that id or name. Leases over it stay, holding nothing of it."""
    row = tx.first(_DELETE, {"id": key}) if isinstance(key, UUID) else tx.first(_DELETE_NAMED, {"name": key})
    return None if row is None else LimitRow(*row)


def counts(row: LimitRow, now: datetime) -> Write:
    """Writes a limit's counts as they are in `row`."""
    return Write(_SET_COUNTS, _counts(row, now))


def _counts(row: LimitRow, now: datetime) -> dict[str, Any]:
    return {
        "key": row.id,
        "new_active_slots": row.active_slots,
        "new_denied_slots": row.denied_slots,
        "new_avg_slot_occupancy_seconds": row.avg_slot_occupancy_seconds,
        "new_decayed_at": row.decayed_at,
        "new_updated": now,
    }


# Leases


def new_lease(new: LeaseRow, limits: Iterable[LimitRow], slots: int) -> list[Write]:
    """A lease over so many slots of each of these limits."""
    return [
        Write(_INSERT_LEASE, asdict(new)),
        *(Write(_INSERT_SLOTS, {"lease_id": new.id, "limit_id": each.id, "slots": slots}) for each in limits),
    ]


def lock_lease(tx: Tx, id: UUID) -> bool:
    """Locks a lease. False when it is gone; one past its end is there until it is taken away."""
    return tx.first(_LOCK_LEASE, {"id": id}) is not None


def extend_lease(tx: Tx, id: UUID, expires: datetime) -> bool:
    """Lets a lease end at another time. False when it is gone."""
    return tx.run(_EXTEND, {"key": id, "new_expires": expires}) == 1


def expired(tx: Tx, now: datetime, most: int) -> list[UUID]:
    """Leases that nobody has renewed in time, the oldest first."""
    return [row[0] for row in tx.fetch(_EXPIRED, {"now": now, "most": most})]


def lock_expired(tx: Tx, ids: Sequence[UUID], now: datetime) -> list[UUID]:
    """Those of the leases that are there and still not renewed, locked."""
    still = select(lease.c.id).where(lease.c.id.in_(ids), lease.c.expires <= now)
    return list(tx.execute(still.order_by(lease.c.id).with_for_update()).scalars())


def lock_holdings(tx: Tx, lease_ids: Sequence[UUID]) -> Holdings:
    """Locks the limits that leases hold slots of."""
    if len(lease_ids) == 1:
        rows: list[Any] = tx.fetch(_HOLDINGS_OF_ONE, {"id": lease_ids[0]})
    else:
        rows = list(tx.execute(_HOLDINGS.where(slot.c.lease_id.in_(lease_ids))))
    found = Holdings({}, {})
    for *columns, lease_id, since in rows:
        found.limits[columns[0]] = LimitRow(*columns)
        found.since[lease_id] = since
    return found


def give_up(tx: Tx, lease_ids: Sequence[UUID]) -> list[Held]:
    """Takes leases' slots away and says what was taken: to be counted down by the caller, who has locked the limits.

    Of two who end the same lease at once, only one is told of its slots.
    """
    if len(lease_ids) == 1:
        rows: Any = tx.fetch(_GIVE_UP_ONE, {"id": lease_ids[0]})
    else:
        rows = tx.execute(delete(slot).where(slot.c.lease_id.in_(lease_ids)).returning(*_GIVEN_UP))
    return [Held(*row) for row in rows]


def give_up_limit(tx: Tx, id: UUID) -> None:
    """Takes a limit's slots away from all leases, and ends those that hold nothing else."""
    of_limit = tx.execute(delete(slot).where(slot.c.limit_id == id).returning(slot.c.lease_id))
    leases = {row[0] for row in of_limit}
    still_held = select(slot.c.lease_id).where(slot.c.lease_id == lease.c.id).exists()
    tx.execute(delete(lease).where(lease.c.id.in_(leases), ~still_held))


def end_leases(tx: Tx, lease_ids: Sequence[UUID], limits: Sequence[LimitRow], now: datetime) -> None:
    """Removes leases without slots and writes the counts of the limits that had them."""
    if len(lease_ids) == 1:
        tx.run_all([Write(_DROP, {"id": lease_ids[0]}), *(counts(row, now) for row in limits)])
        return
    tx.run_many(_DROP, [{"id": id} for id in lease_ids])
    tx.run_many(_SET_COUNTS, [_counts(row, now) for row in limits])


def held_by_task_run(tx: Tx, id: UUID) -> list[Held]:
    """The leases over tags' limits that a task run holds; also those whose limits are gone."""
    return [Held(*row) for row in tx.fetch(_HELD_BY_TASK_RUN, {"id": id})]
