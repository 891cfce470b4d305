"""Several writes in one go: all of them or none, in whatever way the engine carries them out."""

import pytest

from orchd.db import Database, Tx, Write
from orchd.errors import Conflict, Unavailable
from tests.db import things
from tests.db.things import ADD_PART, STEP, new


def part(id: int, of: int) -> Write:
    return Write(ADD_PART, {"id": id, "thing_id": of})


def step(id: int, before: int, after: int) -> Write:
    return Write(STEP, {"the_id": id, "from_": before, "to": after})


@pytest.mark.parametrize("last", [False, True])
async def test_all_writes_take_place_those_that_lean_on_each_other_too(db: Database, last: bool) -> None:
    await db.write(lambda tx: tx.run_all([new(1), part(1, 1), new(2), part(2, 1)], last=last))
    assert await db.read(things.how_many) == 2


@pytest.mark.parametrize("last", [False, True])
async def test_when_one_fails_none_is_kept(db: Database, last: bool) -> None:
    with pytest.raises(Conflict):
        await db.write(lambda tx: tx.run_all([new(1), new(2), part(1, 99)], last=last))
    assert await db.read(things.how_many) == 0
    assert await db.write(things.add, 1) == 1


async def test_what_was_written_before_falls_with_them(db: Database) -> None:
    def all_or_nothing(tx: Tx) -> None:
        things.add(tx, 1)
        tx.run_all([new(2), part(1, 99)], last=True)

    with pytest.raises(Conflict):
        await db.write(all_or_nothing)
    assert await db.read(things.how_many) == 0


async def test_writes_follow_where_the_guard_held(db: Database) -> None:
    await db.write(things.add, 1)
    await db.write(lambda tx: tx.run_if(step(1, 0, 5), [new(2), part(1, 1), step(2, 0, 9)]))
    assert await db.read(things.count_of, 1) == 5
    assert await db.read(things.how_many) == 2


async def test_nothing_follows_where_it_did_not(db: Database) -> None:
    await db.write(things.add, 1)
    with pytest.raises(Unavailable):  # after some attempts
        await db.write(lambda tx: tx.run_if(step(1, 7, 8), [new(2), part(1, 1)]))
    assert await db.read(things.count_of, 1) == 0
    assert await db.read(things.how_many) == 1


async def test_the_guard_falls_with_what_follows(db: Database) -> None:
    await db.write(things.add, 1)
    with pytest.raises(Conflict):
        await db.write(lambda tx: tx.run_if(step(1, 0, 5), [new(2), part(1, 99)]))
    assert await db.read(things.count_of, 1) == 0
    assert await db.read(things.how_many) == 1


async def test_many_rows_in_one_go(db: Database) -> None:
    rows = [{"id": at, "name": f"thing {at}", "count": at} for at in range(1000)]
    await db.write(lambda tx: tx.run_many(things.ADD, rows))
    assert await db.read(things.how_many) == 1000
    with pytest.raises(Conflict):
        await db.write(lambda tx: tx.run_many(things.ADD, [{"id": 2000, "name": "new", "count": 0}, rows[0]]))
    assert await db.read(things.how_many) == 1000


async def test_the_number_of_touched_rows_is_told(db: Database) -> None:
    await db.write(things.add, 1)
    assert await db.write(lambda tx: tx.run(*step(1, 0, 1))) == 1
    assert await db.write(lambda tx: tx.run(*step(1, 0, 1))) == 0


async def test_a_missing_parameter_is_a_defect_and_not_null(db: Database) -> None:
    with pytest.raises(KeyError):
        await db.write(lambda tx: tx.run(things.ADD, {"id": 1, "count": 0}))


async def test_a_row_that_is_not_there_is_none(db: Database) -> None:
    assert await db.read(lambda tx: tx.first(things.BY_ID, {"id": 1})) is None
    assert await db.read(lambda tx: tx.fetch(things.BY_ID, {"id": 1})) == []
