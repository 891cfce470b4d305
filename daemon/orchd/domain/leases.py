"""Slots of concurrency limits and the leases that hold them.

A limit counts its taken slots, a lease knows which of them are its own. Both change in one transaction, the limit
locked first, so that a limit's count is the slots of its leases (and those taken without any), whatever dies when.
A limit that is switched off is free: nothing is counted, and a lease taken then holds nothing of it.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec.structs import replace

from orchd.db import Tx
from orchd.domain import task_deliveries
from orchd.kit.ids import uuid7
from orchd.kit.jsontext import Raw, decode
from orchd.orchestration.facts import Deployment, Kind, Run, SlotLimit, TagLimit
from orchd.orchestration.verdicts import (
    Effect,
    EnqueueTask,
    KeepLease,
    ReleaseLease,
    ReleaseTagSlots,
    RenewLease,
    TakeSlot,
    TakeTagSlots,
)
from orchd.queries import concurrency_limits as query
from orchd.queries.concurrency_limits import TAG, LeaseRow, LimitRow

FOR_EVER = timedelta(days=36500)
SHORTEST_OCCUPANCY = 0.1  # seconds

Who = tuple[str, UUID]
"""The kind of a lease's holder, and its id."""


def decayed(row: LimitRow, now: datetime) -> LimitRow:
    """The limit with what has drained since its counts were written. Parts of a slot are not lost: they count later."""
    drained = drops(row.slot_decay_per_second, row.decayed_at, now, max(row.active_slots, row.denied_slots))
    if not drained:
        return row
    return replace(
        row,
        active_slots=max(0.0, row.active_slots - drained),
        denied_slots=max(0.0, row.denied_slots - drained),
        decayed_at=row.decayed_at + timedelta(seconds=drained / row.slot_decay_per_second),
    )


def drops(rate: float, since: datetime, now: datetime, most: float) -> int:
    """How many whole slots drain at `rate` a second."""
    return math.floor(min(rate * max(0.0, (now - since).total_seconds()), most))


def slot_limit(row: LimitRow, now: datetime) -> SlotLimit:
    """The limit as rules see it."""
    row = decayed(row, now)
    return SlotLimit(id=row.id, limit=row.limit, active_slots=int(row.active_slots), active=row.active)


def deployment_slots(tx: Tx, limit_id: UUID | None, options: Raw | None, now: datetime) -> Deployment:
    """What a deployment says of its slots, the limit locked."""
    row = query.lock(tx, limit_id) if limit_id is not None else None
    chosen = decode(options) if options is not None else None
    chosen = chosen if isinstance(chosen, dict) else {}
    return Deployment(
        limit=slot_limit(row, now) if row is not None else None,
        cancel_new=chosen.get("collision_strategy") == "CANCEL_NEW",
        grace_period_seconds=chosen.get("grace_period_seconds"),
    )


def tag_limits(tx: Tx, tags: Iterable[str], task_run_id: UUID, now: datetime) -> tuple[TagLimit, ...]:
    """The active limits of tags, locked. Most tags have none: then no lock is asked for."""
    names = [TAG + tag for tag in tags]
    if not query.named(tx, names):
        return ()
    rows = [row for row in query.lock_named(tx, names) if row.active]
    held = {each.limit_id for each in query.held_by_task_run(tx, task_run_id)} if rows else set()
    return tuple(
        TagLimit(tag=row.name.removeprefix(TAG), limit=slot_limit(row, now), held=row.id in held) for row in rows
    )


def alive(tx: Tx, lease_id: UUID | None) -> bool:
    """Whether a lease is still there, and then locked; one past its end counts until it is taken away."""
    return lease_id is not None and query.lock_lease(tx, lease_id)


def carry_out(tx: Tx, effects: Iterable[Effect], run: Run, now: datetime) -> None:
    """Does what the rules decided about slots, leases and queues. What they decide to remember is not done here."""
    who = ("flow_run" if run.kind is Kind.FLOW else "task_run", run.id)
    for effect in effects:
        match effect:
            case TakeSlot(limit_id, lease_id, seconds):
                take(tx, _locked(tx, [limit_id], now), 1, lease(who, now, timedelta(seconds=seconds), lease_id), now)
            case RenewLease(lease_id, seconds):
                query.extend_lease(tx, lease_id, now + timedelta(seconds=seconds))
            case KeepLease(lease_id):
                query.extend_lease(tx, lease_id, now + FOR_EVER)
            case ReleaseLease(lease_id):
                release(tx, lease_id, now)
            case TakeTagSlots(limit_ids):
                take(tx, _locked(tx, limit_ids, now), 1, lease(who, now, FOR_EVER), now)
            case ReleaseTagSlots():
                release_tags(tx, run.id, now)
            case EnqueueTask(retry):
                task_deliveries.enqueue(tx, run, now, retry=retry)


def _locked(tx: Tx, ids: Iterable[UUID], now: datetime) -> list[LimitRow]:
    """The limits as they are now; the facts have locked them already."""
    found = (query.lock(tx, id) for id in ids)
    return [decayed(row, now) for row in found if row is not None]


def lease(who: Who | None, now: datetime, life: timedelta, id: UUID | None = None) -> LeaseRow:
    """A lease that ends after `life` unless it is renewed."""
    kind, holder = who or (None, None)
    return LeaseRow(id or uuid7(), now, now + life, kind, holder)


def counted_up(row: LimitRow, slots: int, now: datetime) -> LimitRow:
    """The limit with more slots taken. The first one begins to drain now: an idle limit has not saved anything up."""
    since = now if not row.active_slots else row.decayed_at
    return replace(row, active_slots=row.active_slots + slots, decayed_at=since)


def counted_down(row: LimitRow, slots: int, occupancy: float | None) -> LimitRow:
    """The limit with slots given back, never below zero; the seconds that they were held count for its average."""
    average = row.avg_slot_occupancy_seconds
    if occupancy is not None and occupancy > 0 and row.limit > 0:
        average += (max(occupancy / slots, SHORTEST_OCCUPANCY) - average) / (row.limit * 2)
    return replace(row, active_slots=max(0.0, row.active_slots - slots), avg_slot_occupancy_seconds=average)


def take(tx: Tx, limits: Iterable[LimitRow], slots: int, new: LeaseRow, now: datetime) -> None:
    """Counts limits up and writes a lease over the slots. The caller has locked the limits and found them free."""
    active = [counted_up(row, slots, now) for row in limits if row.active]
    tx.run_all([*(query.counts(row, now) for row in active), *query.new_lease(new, active, slots)])


def release(tx: Tx, lease_id: UUID, now: datetime) -> None:
    """Ends a lease and gives its slots back. One that is gone holds nothing."""
    _end(tx, [lease_id], query.lock_holdings(tx, [lease_id]), now)


def release_tags(tx: Tx, task_run_id: UUID, now: datetime, limit_ids: set[UUID] | None = None) -> None:
    """Ends a task run's leases over tags' limits: all of them, or those that hold slots of one of these limits."""
    held = query.held_by_task_run(tx, task_run_id)
    ids = sorted({each.lease_id for each in held if limit_ids is None or each.limit_id in limit_ids})
    if ids:
        _end(tx, ids, query.lock_holdings(tx, ids), now)


def renew(tx: Tx, lease_id: UUID, life: timedelta, now: datetime) -> bool:
    """Lets a lease end `life` from now. False when it is gone."""
    return query.extend_lease(tx, lease_id, now + life)


def expire(tx: Tx, now: datetime, most: int) -> int:
    """Ends leases that nobody has renewed in time; says how many. One renewed meanwhile is left alone."""
    due = query.expired(tx, now, most)
    if not due:
        return 0
    holdings = query.lock_holdings(tx, due)
    gone = query.lock_expired(tx, due, now)
    if gone:
        _end(tx, gone, holdings, now)
    return len(gone)


def _end(tx: Tx, lease_ids: Sequence[UUID], holdings: query.Holdings, now: datetime) -> None:
    touched: dict[UUID, LimitRow] = {}
    for lease_id, limit_id, slots in query.give_up(tx, lease_ids):
        assert limit_id is not None
        row = touched.get(limit_id) or decayed(holdings.limits[limit_id], now)
        touched[limit_id] = counted_down(row, slots, (now - holdings.since[lease_id]).total_seconds())
    query.end_leases(tx, lease_ids, list(touched.values()), now)
