"""What rules decide about slots and leases, carried out on both databases."""

from datetime import datetime
from uuid import UUID

import pytest

from orchd.db import Database, Tx
from orchd.domain import concurrency_limits, leases
from orchd.orchestration.facts import Deployment, Kind, Run, SlotLimit, TagLimit
from orchd.orchestration.verdicts import (
    Effect,
    KeepLease,
    ReleaseLease,
    ReleaseTagSlots,
    RenewLease,
    TakeSlot,
    TakeTagSlots,
    WriteCache,
)
from orchd.queries import concurrency_limits as query
from orchd.wire.v2_concurrency_limits import Leased, LimitUpdate
from tests.kit.rows import NOON
from tests.kit.slots import HOUR, MINUTE, SECOND, make, miscounted, take, taken
from tests.kit.slots import leases as all_leases

LEASE = UUID(int=3)
RUN = Run(kind=Kind.FLOW, id=UUID(int=1))
TASK = Run(kind=Kind.TASK, id=UUID(int=2))


async def carry_out(db: Database, run: Run, *effects: Effect, now: datetime = NOON) -> set[str]:
    """Carries effects out; gives the wake-ups that follow."""

    def write(tx: Tx) -> set[str]:
        leases.carry_out(tx, effects, run, now)
        return set(tx.signals)

    return await db.write(write)


async def test_a_slot_is_taken_for_as_long_as_its_lease(db: Database) -> None:
    limit = await make(db, "deployment:x", 2)
    await carry_out(db, RUN, TakeSlot(limit, LEASE, 300))
    assert await taken(db, "deployment:x") == 1
    assert await all_leases(db) == {LEASE: NOON + 5 * MINUTE}


async def test_a_lease_is_renewed_from_now_on(db: Database) -> None:
    limit = await make(db, "deployment:x", 2)
    await carry_out(db, RUN, TakeSlot(limit, LEASE, 300))
    await carry_out(db, RUN, RenewLease(LEASE, 60), now=NOON + HOUR)
    assert await all_leases(db) == {LEASE: NOON + HOUR + MINUTE}
    assert await taken(db, "deployment:x") == 1


async def test_a_lease_that_nobody_renews_is_kept_where_the_client_cannot(db: Database) -> None:
    limit = await make(db, "deployment:x", 2)
    await carry_out(db, RUN, TakeSlot(limit, LEASE, 300), KeepLease(LEASE))
    assert await db.write(leases.expire, NOON + 10_000 * HOUR, 100) == 0
    assert await taken(db, "deployment:x") == 1


async def test_a_lease_is_released_once(db: Database) -> None:
    limit = await make(db, "deployment:x", 2)
    await carry_out(db, RUN, TakeSlot(limit, LEASE, 300), TakeSlot(limit, UUID(int=4), 300))
    for _ in range(2):
        await carry_out(db, RUN, ReleaseLease(LEASE), now=NOON + MINUTE)
        assert await taken(db, "deployment:x") == 1
        assert list(await all_leases(db)) == [UUID(int=4)]


async def test_a_task_run_takes_a_slot_of_each_tag_under_one_lease(db: Database) -> None:
    first, second = await make(db, "tag:a", 1), await make(db, "tag:b", 3)
    await carry_out(db, TASK, TakeTagSlots((first, second)))
    assert (await taken(db, "tag:a"), await taken(db, "tag:b")) == (1, 1)
    assert len(await all_leases(db)) == 1
    assert await db.write(leases.expire, NOON + 10_000 * HOUR, 100) == 0


async def test_a_task_run_gives_back_what_it_holds_of_tags_and_nothing_else(db: Database) -> None:
    tag = await make(db, "tag:a", 5)
    await make(db, "room", 5)
    await carry_out(db, TASK, TakeTagSlots((tag,)))
    await take(db, "tag:a", "room", task_run=TASK.id)
    await take(db, "room", task_run=TASK.id)
    await take(db, "tag:a", task_run=UUID(int=77))
    await carry_out(db, TASK, ReleaseTagSlots())
    assert (await taken(db, "tag:a"), await taken(db, "room")) == (1, 1)
    assert await miscounted(db) == []


async def test_a_lease_whose_limit_was_deleted_ends_with_its_task_run(db: Database) -> None:
    tag = await make(db, "tag:a", 5)
    await carry_out(db, TASK, TakeTagSlots((tag,)))
    await db.write(concurrency_limits.delete, "tag:a", NOON)
    assert len(await all_leases(db)) == 1
    await carry_out(db, TASK, ReleaseTagSlots())
    assert await all_leases(db) == {}


async def test_what_is_remembered_is_no_matter_of_slots(db: Database) -> None:
    await make(db, "tag:a", 5)
    assert await carry_out(db, TASK, WriteCache("key", None)) == set()
    assert (await taken(db, "tag:a"), await all_leases(db)) == (0, {})


# Facts


async def test_rules_see_a_deployments_limit_as_it_is_now(db: Database) -> None:
    limit = await make(db, "deployment:x", 4, active_slots=3, slot_decay_per_second=1)
    seen = await db.write(leases.deployment_slots, limit, None, NOON + 2 * SECOND)
    assert seen == Deployment(limit=SlotLimit(id=limit, limit=4, active_slots=1))


async def test_rules_see_the_limits_of_tags_and_what_the_run_holds(db: Database) -> None:
    mine, other = await make(db, "tag:a", 4), await make(db, "tag:b", 1)
    await make(db, "tag:off", 1, active=False)
    await carry_out(db, TASK, TakeTagSlots((mine,)))
    seen = await db.write(leases.tag_limits, ["b", "a", "off", "free"], TASK.id, NOON)
    assert set(seen) == {
        TagLimit(tag="a", limit=SlotLimit(id=mine, limit=4, active_slots=1), held=True),
        TagLimit(tag="b", limit=SlotLimit(id=other, limit=1, active_slots=0)),
    }


async def test_a_lease_past_its_end_is_alive_until_it_is_taken_away(db: Database) -> None:
    limit = await make(db, "deployment:x", 2)
    await carry_out(db, RUN, TakeSlot(limit, LEASE, 60))
    assert await db.write(leases.alive, LEASE)
    await db.write(leases.expire, NOON + MINUTE, 100)
    assert not await db.write(leases.alive, LEASE)
    assert not await db.write(leases.alive, None)


# Ends


async def test_leases_that_nobody_renewed_end_and_free_their_slots(db: Database) -> None:
    await make(db, "a", 5)
    await make(db, "b", 5)
    late = [await take(db, "a"), await take(db, "a", "b", slots=2)]
    await take(db, "b", now=NOON + SECOND)
    assert all(isinstance(each, Leased) for each in late)
    assert await db.write(leases.expire, NOON + MINUTE, 100) == 2
    assert (await taken(db, "a"), await taken(db, "b")) == (0, 1)
    assert await db.write(leases.expire, NOON + MINUTE, 100) == 0


async def test_no_more_leases_end_in_one_pass_than_were_asked_for(db: Database) -> None:
    await make(db, "a", 5)
    for _ in range(3):
        await take(db, "a")
    ended = [await db.write(leases.expire, NOON + HOUR, 2) for _ in range(3)]
    assert ended == [2, 1, 0]
    assert await taken(db, "a") == 0


@pytest.mark.parametrize("switched_off_while", ["taking", "giving back"])
async def test_a_limit_that_is_switched_off_keeps_its_books(db: Database, switched_off_while: str) -> None:
    limit = await make(db, "a", 1)

    async def switch(on: bool) -> None:
        await db.write(concurrency_limits.update, limit, LimitUpdate(active=on), NOON)

    await switch(on=switched_off_while != "taking")
    held = await take(db, "a")
    assert isinstance(held, Leased)
    await switch(on=switched_off_while == "taking")
    await db.write(leases.release, held.lease_id, NOON)
    await switch(on=True)
    assert await taken(db, "a") == 0
    assert isinstance(await take(db, "a"), Leased)


async def test_leases_without_a_limit_left_end_all_the_same(db: Database) -> None:
    await make(db, "a", 5)
    held = await take(db, "a")
    assert isinstance(held, Leased)
    await db.write(query.remove, "a")
    assert await db.write(leases.renew, held.lease_id, MINUTE, NOON)
    await db.write(leases.release, held.lease_id, NOON)
    assert await all_leases(db) == {}
