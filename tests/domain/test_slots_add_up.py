"""Whatever happens at once, and whatever dies in its midst: a limit's count is the slots of its leases."""

import asyncio
import random
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from orchd.db import Database, Tx
from orchd.domain import concurrency_limits as limits
from orchd.domain import leases, tag_limits
from orchd.domain.concurrency_limits import Refused
from orchd.errors import OrchdError
from orchd.orchestration.facts import Kind, Run
from orchd.orchestration.verdicts import ReleaseTagSlots
from orchd.wire.concurrency_limits import TagLimitCreate, TagSlots
from orchd.wire.v2_concurrency_limits import Holder, IncrementWithLease, Leased, LimitUpdate
from tests.kit.rows import NOON
from tests.kit.slots import MINUTE, SECOND, asked, make, miscounted, taken
from tests.kit.slots import leases as all_leases

TAGS = ("a", "b", "c")
NAMES = [f"tag:{tag}" for tag in TAGS]
TASKS = [UUID(int=number) for number in range(1, 6)]


class Killed(Exception):
    """The transaction dies before its commit."""


class Client:
    """Does one thing after another, at random; every fourth transaction dies when all but its commit is done."""

    def __init__(self, db: Database, chance: random.Random) -> None:
        self.db, self.chance = db, chance
        self.known: list[UUID] = []
        self.now = NOON

    async def act(self) -> None:
        self.now += self.chance.random() * 20 * SECOND
        dies = self.chance.random() < 0.25
        act = self.chance.choice([self.take, self.take, self.take, self.release, self.expire, self.old, self.other])
        fn, *args = act()

        def transaction(tx: Tx) -> Any:
            result = fn(tx, *args)
            if dies:
                raise Killed
            return result

        try:
            result = await self.db.write(transaction)
        except (Killed, OrchdError):
            return
        if isinstance(result, Leased):
            self.known.append(result.lease_id)

    def take(self) -> tuple[Callable[..., Any], ...]:
        names = self.chance.sample(NAMES, self.chance.randint(1, 3))
        holder = Holder(type="task_run", id=self.chance.choice(TASKS)) if self.chance.random() < 0.5 else None
        body = IncrementWithLease(names=names, slots=self.chance.randint(1, 2), lease_duration=60, holder=holder)
        return limits.increment_with_lease, body, asked(self.now)

    def release(self) -> tuple[Any, ...]:
        return leases.release, self.chance.choice(self.known or [UUID(int=0)]), self.now

    def expire(self) -> tuple[Any, ...]:
        return leases.expire, self.now, self.chance.choice([1, 3, 100])

    def old(self) -> tuple[Any, ...]:
        tags, task = self.chance.sample(TAGS, 2), self.chance.choice(TASKS)
        if self.chance.random() < 0.5:
            return tag_limits.increment, TagSlots(names=tags, task_run_id=task), 10.0, self.now
        return tag_limits.decrement, TagSlots(names=tags, task_run_id=task), self.now

    def other(self) -> tuple[Any, ...]:
        tag = self.chance.choice(TAGS)
        task = Run(kind=Kind.TASK, id=self.chance.choice(TASKS))
        return self.chance.choice(
            [
                (leases.carry_out, [ReleaseTagSlots()], task, self.now),
                (tag_limits.reset, tag, self.chance.sample(TASKS, 2), self.now),
                (limits.update, f"tag:{tag}", LimitUpdate(active=self.chance.random() < 0.7), self.now),
                (limits.delete, f"tag:{tag}", self.now),
                (tag_limits.put, TagLimitCreate(tag=tag, concurrency_limit=3), self.now),
                (tag_limits.put, TagLimitCreate(tag=tag, concurrency_limit=3), self.now),
            ]
        )


@pytest.mark.parametrize("seed", range(3))
async def test_held_slots_are_those_of_living_leases(db: Database, seed: int) -> None:
    for name in NAMES:
        await make(db, name, 3)
    clients = [Client(db, random.Random(f"{seed} {number}")) for number in range(6)]
    for _ in range(25):
        await asyncio.gather(*(client.act() for client in clients))
        assert await miscounted(db) == []
    assert any(client.known for client in clients)


async def test_nothing_is_left_when_all_have_gone(db: Database) -> None:
    for name in NAMES:
        await make(db, name, 3)
    client = Client(db, random.Random("alone"))
    for _ in range(60):
        await client.act()
    for task in TASKS:
        await db.write(leases.release_tags, task, client.now)
    while await db.write(leases.expire, client.now + 2 * MINUTE, 100):
        pass
    assert await all_leases(db) == {}
    assert await miscounted(db) == []


async def test_callers_at_once_never_get_more_than_there_is(db: Database) -> None:
    for name in NAMES:
        await make(db, name, 5)
    body = IncrementWithLease(names=NAMES, slots=2)
    answers = await asyncio.gather(*(db.write(limits.increment_with_lease, body, asked()) for _ in range(20)))
    assert sum(isinstance(each, Leased) for each in answers) == 2
    assert sum(isinstance(each, Refused) for each in answers) == 18
    assert [await taken(db, name) for name in NAMES] == [4, 4, 4]


async def test_a_lease_given_back_by_many_at_once_frees_its_slots_once(db: Database) -> None:
    await make(db, "room", 5, active_slots=2)
    held = await db.write(limits.increment_with_lease, IncrementWithLease(names=["room"], slots=2), asked())
    assert isinstance(held, Leased)
    await asyncio.gather(*(db.write(leases.release, held.lease_id, NOON) for _ in range(10)))
    assert await taken(db, "room") == 2


async def test_a_lease_is_renewed_or_ended_but_never_both(db: Database) -> None:
    await make(db, "room", 100)
    body = IncrementWithLease(names=["room"], slots=1, lease_duration=60)
    held = [await db.write(limits.increment_with_lease, body, asked()) for _ in range(20)]
    ids = [each.lease_id for each in held if isinstance(each, Leased)]
    late = NOON + 2 * MINUTE
    *renewed, ended = await asyncio.gather(
        *(db.write(leases.renew, id, MINUTE, late) for id in ids), db.write(leases.expire, late, 100)
    )
    assert sum(renewed) + ended == len(ids) == 20
    assert await taken(db, "room") == sum(renewed)
    assert set(await all_leases(db)) == {id for id, kept in zip(ids, renewed, strict=True) if kept}
