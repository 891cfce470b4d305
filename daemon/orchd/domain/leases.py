"""Slots of concurrency limits and the leases that hold them.

A lease is a row with a holder and an end; its slots are counted in the limits' rows. Both change in one transaction,
always the limit first, so that held slots equal live leases whatever dies when.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from msgspec.structs import replace

from orchd.db import Tx
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
from orchd.queries.concurrency_limits import HeldSlots, LimitRow

FOR_EVER = timedelta(days=36500)
SHORTEST_OCCUPANCY = 0.1  # seconds
TASKS_SIGNAL = "tasks"
"""The wake-up of those who hand out background task runs."""


def decayed(row: LimitRow, now: datetime) -> LimitRow:
    """The limit with what has drained since its counts were written."""
    if row.slot_decay_per_second <= 0:
        return row
    drained = int(row.slot_decay_per_second * max(0.0, (now - row.decayed_at).total_seconds()))
    if not drained:
        return row
    return replace(
        row,
        active_slots=max(0.0, row.active_slots - drained),
        denied_slots=max(0.0, row.denied_slots - drained),
        decayed_at=now,
    )


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
    """The active limits of tags, locked."""
    names = [f"tag:{tag}" for tag in tags]
    rows = [row for row in query.lock_named(tx, names) if row.active] if names else []
    held = {each.limit_id for each in query.held_by_tagged(tx, task_run_id)} if rows else set()
    return tuple(
        TagLimit(tag=row.name.removeprefix("tag:"), limit=slot_limit(row, now), held=row.id in held) for row in rows
    )


def alive(tx: Tx, lease_id: UUID | None) -> bool:
    """Whether a lease is still there; one past its end counts until it is taken away."""
    return lease_id is not None and query.lease_exists(tx, lease_id)


def carry_out(tx: Tx, effects: Iterable[Effect], run: Run, now: datetime) -> None:
    """Does what the rules decided about slots and leases."""
    holder = ("flow_run" if run.kind is Kind.FLOW else "task_run", run.id)
    for effect in effects:
        match effect:
            case TakeSlot(limit_id, lease_id, seconds):
                take(tx, {limit_id: 1}, lease_id, holder, now, timedelta(seconds=seconds))
            case RenewLease(lease_id, seconds):
                query.extend_lease(tx, lease_id, now + timedelta(seconds=seconds))
            case KeepLease(lease_id):
                query.extend_lease(tx, lease_id, now + FOR_EVER)
            case ReleaseLease(lease_id):
                release(tx, lease_id, now)
            case TakeTagSlots(limit_ids):
                take(tx, dict.fromkeys(limit_ids, 1), uuid7(), holder, now, FOR_EVER)
            case ReleaseTagSlots():
                give_back(tx, query.held_by_tagged(tx, run.id), now)
            case EnqueueTask():
                tx.signals.add(TASKS_SIGNAL)


def take(
    tx: Tx, slots: dict[UUID, int], lease_id: UUID, holder: tuple[str, UUID] | None, now: datetime, life: timedelta
) -> None:
    """Counts limits up and writes a lease over the slots. The caller has locked the limits and found them free."""
    for limit_id, count in slots.items():
        row = query.lock(tx, limit_id)
        if row is not None and row.active:
            row = decayed(row, now)
            query.set_counts(
                tx, row.id, row.active_slots + count, row.denied_slots, row.avg_slot_occupancy_seconds, row.decayed_at
            )
    query.insert_lease(tx, lease_id, now, now + life, holder, slots)


def release(tx: Tx, lease_id: UUID, now: datetime) -> bool:
    """Ends a lease and returns its slots. False when it is gone: then it holds nothing."""
    held = query.held_by_lease(tx, lease_id)
    give_back(tx, held, now)
    return bool(held)


def give_back(tx: Tx, held: list[HeldSlots], now: datetime) -> None:
    """Returns slots and ends their leases."""
    for each in sorted((one for one in held if one.limit_id is not None), key=lambda one: one.limit_id):
        return_slots(tx, each.limit_id, each.slots, (now - each.lease_created).total_seconds(), now)
    for lease_id in {each.lease_id for each in held}:
        query.drop_lease(tx, lease_id)


def return_slots(tx: Tx, limit_id: UUID, slots: int, occupancy: float | None, now: datetime) -> LimitRow | None:
    """Counts a limit down, never below zero, and lets the time that the slots were held into its average."""
    row = query.lock(tx, limit_id)
    if row is None:
        return None
    row = decayed(row, now)
    average = row.avg_slot_occupancy_seconds
    if occupancy and row.limit > 0:
        average += (max(occupancy / slots, SHORTEST_OCCUPANCY) - average) / (row.limit * 2)
    active = max(0.0, row.active_slots - slots) if row.active else row.active_slots
    query.set_counts(tx, row.id, active, row.denied_slots, average, row.decayed_at)
    return row
