"""Concurrency limits: what a change of one means, and when slots of several are granted together."""

import re
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from orchd.db import Tx
from orchd.db.transaction import INTEGRITY
from orchd.domain import events, leases
from orchd.errors import Conflict, Gone, Invalid, NotFound
from orchd.kit.ids import uuid7
from orchd.queries import concurrency_limits as query
from orchd.queries.concurrency_limits import TAG, LimitRow
from orchd.wire.base import changes
from orchd.wire.v2_concurrency_limits import (
    LEASE_SECONDS,
    Decrement,
    Increment,
    IncrementWithLease,
    Leased,
    LimitCreate,
    LimitCreated,
    LimitInUse,
    LimitNamed,
    LimitUpdate,
)

_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

KIND = "concurrency-limit"
FIRST_GUESS = 2.0  # seconds that a slot is held, before any was given back
TOLD_OF = {"name", "limit", "active", "slot_decay_per_second"}
"""What a change must touch to be told of: slots come and go in silence."""
SPREAD = 0.3  # of a wait: clients that were refused together do not come back together


class Asked(Struct, frozen=True):
    """When slots are asked for, and how long those who get none are told to wait at most, in seconds."""

    now: datetime
    longest_wait: float
    longest_tag_wait: float
    chance: float
    """A random number in [0, 1)."""

    def longest(self, row: LimitRow) -> float:
        return self.longest_tag_wait if row.name.startswith(TAG) else self.longest_wait


class Refused(Struct, frozen=True):
    """No slot was free. It is worth asking again after so many seconds."""

    retry_after: float


# The limits themselves


def key_of(text: str) -> UUID | str:
    """What a path means: an id when it reads as one, else a name."""
    return UUID(text) if _ID.fullmatch(text) else text


def read(tx: Tx, key: UUID | str, now: datetime) -> LimitInUse:
    """The limit with that id or name. Raises NotFound."""
    return in_use(_found(query.by_id(tx, key) if isinstance(key, UUID) else query.by_name(tx, key)), now)


def page(tx: Tx, limit: int, offset: int, now: datetime) -> list[LimitInUse]:
    """The limits in the order of their names."""
    return [in_use(row, now) for row in query.page(tx, limit, offset)]


def create(tx: Tx, new: LimitCreate, now: datetime) -> LimitCreated:
    """A new limit. Raises Conflict when its name is taken."""
    row = fresh(new, now)
    if not query.insert_new(tx, row):
        raise Conflict(INTEGRITY)
    tell(tx, "created", row, now)
    return LimitCreated(
        id=row.id,
        created=row.created,
        updated=row.updated,
        active=row.active,
        name=row.name,
        limit=row.limit,
        active_slots=new.active_slots,
        denied_slots=new.denied_slots,
        slot_decay_per_second=row.slot_decay_per_second,
        avg_slot_occupancy_seconds=row.avg_slot_occupancy_seconds,
    )


def fresh(new: LimitCreate, now: datetime) -> LimitRow:
    """The row of a new limit."""
    return LimitRow(
        id=uuid7(),
        created=now,
        updated=now,
        name=new.name,
        limit=new.limit,
        active=new.active,
        active_slots=new.active_slots,
        denied_slots=new.denied_slots,
        slot_decay_per_second=new.slot_decay_per_second,
        avg_slot_occupancy_seconds=FIRST_GUESS,
        decayed_at=now,
    )


def update(tx: Tx, key: UUID | str, patch: LimitUpdate, now: datetime) -> None:
    """Changes a limit; what has drained until now is settled first. Raises NotFound, and Conflict for a taken name."""
    found = query.lock(tx, key) if isinstance(key, UUID) else query.lock_by_name(tx, key)
    row = leases.decayed(_found(found), now)
    settled = {"active_slots": row.active_slots, "denied_slots": row.denied_slots, "decayed_at": now, "updated": now}
    changed = changes(patch)
    row = query.change(tx, row.id, settled | changed)
    if TOLD_OF & changed.keys():
        tell(tx, "updated", row, now)


def delete(tx: Tx, key: UUID | str, now: datetime) -> None:
    """Deletes a limit; leases over it hold nothing of it any more. Raises NotFound."""
    tell(tx, "deleted", _found(query.remove(tx, key)), now)


def _found(row: LimitRow | None) -> LimitRow:
    if row is None:
        raise NotFound("Concurrency Limit not found")
    return row


def tell(tx: Tx, action: str, row: LimitRow, now: datetime) -> None:
    """The event of a change of a limit."""
    payload = {
        "name": row.name,
        "limit": row.limit,
        "active": row.active,
        "slot_decay_per_second": row.slot_decay_per_second,
    }
    events.emit(tx, events.object_changed(KIND, action, row.id, row.name, payload, now), now, last=True)


def in_use(row: LimitRow, now: datetime) -> LimitInUse:
    """A limit as it is answered."""
    row = leases.decayed(row, now)
    return LimitInUse(
        id=row.id,
        created=row.created,
        updated=row.updated,
        active=row.active,
        name=row.name,
        limit=row.limit,
        active_slots=int(row.active_slots),
        slot_decay_per_second=row.slot_decay_per_second,
    )


# Their slots


def increment(tx: Tx, body: Increment, asked: Asked) -> list[LimitNamed] | Refused:
    """Takes slots of all the named limits, or of none. Raises Invalid for what can never be granted."""
    rows = _asked_of(tx, body, asked.now)
    if refused := _refusal(tx, rows, body.slots, asked):
        return refused
    active = [leases.counted_up(row, body.slots, asked.now) for row in rows if row.active]
    if active:
        tx.run_all([query.counts(row, asked.now) for row in active])
    return _named(rows)


def increment_with_lease(tx: Tx, body: IncrementWithLease, asked: Asked) -> Leased | Refused:
    """The same, with a lease over the slots."""
    rows = _asked_of(tx, body, asked.now)
    if refused := _refusal(tx, rows, body.slots, asked):
        return refused
    who = (body.holder.type, body.holder.id) if body.holder else None
    new = leases.lease(who, asked.now, timedelta(seconds=body.lease_duration or LEASE_SECONDS))
    if rows:
        leases.take(tx, rows, body.slots, new, asked.now)
    return Leased(lease_id=new.id, limits=_named(rows))


def decrement(tx: Tx, body: Decrement, now: datetime) -> list[LimitNamed]:
    """Gives back slots that no lease holds."""
    rows = query.lock_named(tx, body.names)
    active = [leases.decayed(row, now) for row in rows if row.active]
    if active:
        after = (leases.counted_down(row, body.slots, body.occupancy_seconds) for row in active)
        tx.run_all([query.counts(row, now) for row in after])
    return _named(rows)


def renew(tx: Tx, lease_id: UUID, seconds: float, now: datetime) -> None:
    """Lets a lease end so many seconds from now. Raises Gone when it has ended."""
    if not leases.renew(tx, lease_id, timedelta(seconds=seconds), now):
        raise Gone("Lease not found - it may have expired or been revoked")


def _asked_of(tx: Tx, body: Increment, now: datetime) -> list[LimitRow]:
    """The named limits, locked, that slots may be asked of."""
    rows = [leases.decayed(row, now) for row in query.lock_named(tx, body.names)]
    active = sorted((row for row in rows if row.active), key=lambda row: row.name)
    if any(row.limit < body.slots for row in active):
        raise Invalid("Slots requested is greater than the limit")
    lasting = [row.name for row in active if not row.slot_decay_per_second]
    if body.mode == "rate_limit" and lasting:
        raise Invalid(
            "Only concurrency limits with slot decay can be used for rate limiting. "
            f"The following limits do not have a decay configured: '{','.join(lasting)}'"
        )
    return rows


def _refusal(tx: Tx, rows: list[LimitRow], slots: int, asked: Asked) -> Refused | None:
    """None when every limit has room; otherwise those who wait for any of them are one more."""
    active = [row for row in rows if row.active]
    if all(row.active_slots + slots <= row.limit for row in active):
        return None
    calmed = [_calmed(row, asked) for row in active]
    worst = max(calmed, key=lambda row: _pressure(row, slots))
    tx.run_all([query.counts(_denied(row, slots, asked.now), asked.now) for row in calmed])
    return Refused(wait_told(worst, slots, asked) * (1 - SPREAD + 2 * SPREAD * asked.chance))


def _calmed(row: LimitRow, asked: Asked) -> LimitRow:
    """The limit without those who have given up waiting: one for each time that a slot is usually held.

    Where slots decay, those who wait have been counted down with them already.
    """
    if row.slot_decay_per_second:
        return row
    each = max(leases.SHORTEST_OCCUPANCY, min(row.avg_slot_occupancy_seconds, asked.longest(row)))
    gone = leases.drops(1 / each, row.decayed_at, asked.now, row.denied_slots)
    if not gone:
        return row
    since = row.decayed_at + timedelta(seconds=gone * each)
    return replace(row, denied_slots=row.denied_slots - gone, decayed_at=since)


def _denied(row: LimitRow, slots: int, now: datetime) -> LimitRow:
    began = not row.denied_slots and not row.slot_decay_per_second
    return replace(row, denied_slots=row.denied_slots + slots, decayed_at=now if began else row.decayed_at)


def _pressure(row: LimitRow, slots: int) -> float:
    """How much is wanted of a limit: of all its slots, or, where they decay, in slots."""
    wanted = slots + row.denied_slots
    return wanted if row.slot_decay_per_second else wanted / row.limit


def wait_told(row: LimitRow, slots: int, asked: Asked) -> float:
    """When all who want slots of a limit will have had them, in seconds."""
    pressure = _pressure(row, slots)
    if row.slot_decay_per_second:
        return pressure / row.slot_decay_per_second
    longest = asked.longest(row)
    return min(min(row.avg_slot_occupancy_seconds, longest) * pressure, longest)


def _named(rows: list[LimitRow]) -> list[LimitNamed]:
    ordered = sorted(rows, key=lambda row: row.name)
    return [LimitNamed(id=row.id, name=row.name, limit=row.limit) for row in ordered]
