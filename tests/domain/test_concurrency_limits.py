"""How slots decay, what a refusal costs, and for how long it says to wait."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from orchd.db import Database
from orchd.domain import concurrency_limits as limits
from orchd.domain import leases
from orchd.domain.concurrency_limits import Refused
from orchd.queries import concurrency_limits as query
from orchd.queries.concurrency_limits import LimitRow
from orchd.wire.v2_concurrency_limits import Decrement, Increment, Leased, LimitUpdate
from tests.kit.rows import NOON
from tests.kit.slots import HOUR, MINUTE, SECOND, asked, make, take, taken


def row(**known: Any) -> LimitRow:
    """A limit of four, all its slots taken, whose counts hold at NOON."""
    plain = LimitRow(
        id=UUID(int=1),
        created=NOON,
        updated=NOON,
        name="room",
        limit=4,
        active=True,
        active_slots=4,
        denied_slots=0,
        slot_decay_per_second=0,
        avg_slot_occupancy_seconds=2.0,
        decayed_at=NOON,
    )
    return replace(plain, **known)


@pytest.mark.parametrize(
    ("rate", "after", "left"),
    [
        pytest.param(0, HOUR, 4, id="without decay"),
        pytest.param(0.5, SECOND, 4, id="half a slot is none"),
        pytest.param(0.5, 2 * SECOND, 3, id="a whole one"),
        pytest.param(0.5, 5 * SECOND, 2, id="two and a half"),
        pytest.param(0.5, HOUR, 0, id="never below zero"),
        pytest.param(1e9, HOUR, 0, id="as fast as can be"),
        pytest.param(5, -MINUTE, 4, id="a clock that went back"),
    ],
)
def test_slots_decay_in_whole_ones(rate: float, after: timedelta, left: int) -> None:
    assert leases.decayed(row(slot_decay_per_second=rate), NOON + after).active_slots == left


def test_frequent_looks_do_not_slow_the_decay() -> None:
    seen = row(slot_decay_per_second=0.5)
    for tenth in range(1, 41):
        seen = leases.decayed(seen, NOON + tenth * SECOND / 10)
    assert seen.active_slots == 2


def test_an_idle_limit_saves_nothing_up() -> None:
    idle = row(active_slots=0, slot_decay_per_second=1)
    later = NOON + 0.9 * SECOND
    used = leases.counted_up(leases.decayed(idle, later), 1, later)
    assert leases.decayed(used, later + 0.9 * SECOND).active_slots == 1
    assert leases.decayed(used, later + SECOND).active_slots == 0


@pytest.mark.parametrize(
    ("known", "slots", "wait"),
    [
        pytest.param({}, 1, 2 * 1 / 4, id="a quarter of the usual stay"),
        pytest.param({}, 3, 2 * 3 / 4, id="the more slots the longer"),
        pytest.param({"denied_slots": 7}, 1, 2 * 8 / 4, id="behind seven others"),
        pytest.param({"avg_slot_occupancy_seconds": 1000.0}, 4, 30, id="never longer than 30 s"),
        pytest.param({"avg_slot_occupancy_seconds": 1000.0, "name": "tag:x"}, 4, 10, id="nor 10 s for a tag"),
        pytest.param({"avg_slot_occupancy_seconds": 1000.0, "limit": 40, "active_slots": 40}, 1, 30 / 40, id="capped"),
        pytest.param({"slot_decay_per_second": 0.5}, 1, 1 / 0.5, id="until one has decayed"),
        pytest.param({"slot_decay_per_second": 0.5, "denied_slots": 20}, 2, 22 / 0.5, id="decay knows no longest wait"),
    ],
)
def test_who_is_refused_is_told_when_all_before_them_have_had_their_turn(
    known: dict[str, Any], slots: int, wait: float
) -> None:
    assert limits.wait_told(row(**known), slots, asked()) == pytest.approx(wait)


@pytest.mark.parametrize(("chance", "wait"), [(0.0, 0.7), (0.5, 1.0), (1.0, 1.3)])
async def test_waits_are_spread_so_that_clients_do_not_come_back_together(
    db: Database, chance: float, wait: float
) -> None:
    await make(db, "room", 2, active_slots=2)
    refused = await db.write(limits.increment, Increment(names=["room"], slots=1), asked(chance=chance))
    assert refused == Refused(pytest.approx(wait))


async def test_the_limit_under_most_pressure_says_how_long_to_wait(db: Database) -> None:
    await make(db, "wide", 100, active_slots=100)
    await make(db, "narrow", 1, active_slots=1)
    assert await take(db, "wide", "narrow") == Refused(pytest.approx(2.0))


async def test_a_refusal_takes_nothing_and_counts_on_every_limit(db: Database) -> None:
    await make(db, "full", 1, active_slots=1)
    await make(db, "free", 5)
    await make(db, "off", 1, active=False)
    assert isinstance(await take(db, "full", "free", "off"), Refused)
    found = {each.name: each for each in await db.read(query.page, 10, 0)}
    assert {name: (each.active_slots, each.denied_slots) for name, each in found.items()} == {
        "full": (1, 1),
        "free": (0, 1),
        "off": (0, 0),
    }


async def test_who_waits_in_vain_is_forgotten_after_the_usual_stay(db: Database) -> None:
    await make(db, "room", 1, active_slots=1)
    waits = [await take(db, "room", now=NOON + after) for after in (0 * SECOND, SECOND, 3 * SECOND, HOUR)]
    # Two seconds is the usual stay: after three of them one of the two has given up, after an hour all have.
    assert waits == [Refused(pytest.approx(wait)) for wait in (2, 4, 4, 2)]


async def test_a_slot_that_decays_is_free_for_the_next(db: Database) -> None:
    await make(db, "rate", 1, slot_decay_per_second=0.1)
    assert isinstance(await take(db, "rate"), Leased)
    assert isinstance(await take(db, "rate", now=NOON + 9 * SECOND), Refused)
    assert isinstance(await take(db, "rate", now=NOON + 10 * SECOND), Leased)


@pytest.mark.parametrize(
    ("slots", "occupancy", "average"),
    [
        pytest.param(1, 10.0, 2 + (10 - 2) / 8, id="longer than usual"),
        pytest.param(2, 10.0, 2 + (5 - 2) / 8, id="shared by two slots"),
        pytest.param(1, 0.001, 2 + (0.1 - 2) / 8, id="a tenth of a second at least"),
        pytest.param(1, None, 2, id="not told"),
    ],
)
async def test_a_limit_learns_how_long_its_slots_are_held(
    db: Database, slots: int, occupancy: float | None, average: float
) -> None:
    limit = await make(db, "room", 4, active_slots=4)
    await db.write(limits.decrement, Decrement(names=["room"], slots=slots, occupancy_seconds=occupancy), NOON)
    found = await db.read(query.by_id, limit)
    assert found is not None
    assert found.active_slots == 4 - slots
    assert found.avg_slot_occupancy_seconds == pytest.approx(average)


async def test_a_lease_tells_by_itself_how_long_its_slots_were_held(db: Database) -> None:
    limit = await make(db, "room", 4)
    held = await take(db, "room", slots=2)
    assert isinstance(held, Leased)
    await db.write(leases.release, held.lease_id, NOON + 10 * SECOND)
    found = await db.read(query.by_id, limit)
    assert found is not None
    assert found.avg_slot_occupancy_seconds == pytest.approx(2 + (5 - 2) / 8)


async def test_a_limit_of_nothing_can_be_given_back_to(db: Database) -> None:
    await make(db, "closed", 0, active_slots=1)
    await db.write(limits.decrement, Decrement(names=["closed"], slots=1, occupancy_seconds=9.0), NOON)
    assert await taken(db, "closed") == 0


async def test_a_change_of_the_decay_counts_from_then_on(db: Database) -> None:
    limit = await make(db, "room", 4, active_slots=4)
    later = NOON + HOUR
    await db.write(limits.update, limit, LimitUpdate(slot_decay_per_second=1.0), later)
    assert (await db.read(limits.read, limit, later)).active_slots == 4
    assert (await db.read(limits.read, limit, later + 2 * SECOND)).active_slots == 2
