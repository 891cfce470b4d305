"""What `write` returned is committed, what failed has left nothing, and nobody suffers from another's failure."""

import asyncio

import pytest
from sqlalchemy import text

from orchd.db import Database, Retry, Tx
from orchd.errors import Conflict, Invalid, NotFound, Unavailable
from tests.db import things
from tests.db.conftest import Opener


async def test_what_is_written_is_read(db: Database) -> None:
    assert await db.write(things.add, 1, name="one") == 1
    assert await db.read(things.names) == ["one"]


async def test_what_a_function_raises_comes_out_and_nothing_is_kept(db: Database) -> None:
    with pytest.raises(things.RefusedError):
        await db.write(things.add_and_refuse, 1)
    assert await db.read(things.how_many) == 0


async def test_an_error_of_ours_comes_out_as_it_is(db: Database) -> None:
    def missing(tx: Tx) -> None:
        raise NotFound("There is no such thing.")

    for run in (db.read, db.write):
        with pytest.raises(NotFound) as caught:
            await run(missing)
        assert caught.value.__cause__ is None


async def test_among_many_at_once_each_fails_for_itself(db: Database) -> None:
    await db.write(things.add, 0, name="taken")
    jobs = []
    for at in range(1, 100):
        jobs.append(db.write(things.add, at))
        if at % 5 == 0:
            jobs.append(db.write(things.add_and_refuse, 1000 + at))
        if at % 7 == 0:
            jobs.append(db.write(things.add, 2000 + at, name="taken"))
        if at % 11 == 0:
            jobs.append(db.write(things.refuse))
    done = await asyncio.gather(*jobs, return_exceptions=True)
    assert sorted(each for each in done if isinstance(each, int)) == list(range(1, 100))
    failed = [type(each) for each in done if isinstance(each, Exception)]
    assert (failed.count(things.RefusedError), failed.count(Conflict)) == (19 + 9, 14)
    assert await db.read(things.how_many) == 100


@pytest.mark.parametrize("kind", ["unique", "foreign key", "not null"])
async def test_a_broken_constraint_is_a_conflict(db: Database, kind: str) -> None:
    await db.write(things.add, 1, name="taken")

    def broken(tx: Tx) -> None:
        if kind == "foreign key":
            tx.run(things.ADD_PART, {"id": 1, "thing_id": 99})
        else:
            tx.run(things.ADD, {"id": 2, "name": "taken" if kind == "unique" else None, "count": 0})

    with pytest.raises(Conflict):
        await db.write(broken)
    assert await db.write(things.add, 3) == 3


async def test_a_broken_constraint_of_core_is_one_as_well(db: Database) -> None:
    def twice(tx: Tx) -> None:
        for _ in range(2):
            tx.execute(things.thing.insert().values(id=1, name="x", count=0))

    with pytest.raises(Conflict):
        await db.write(twice)
    assert await db.read(things.how_many) == 0


@pytest.mark.parametrize("value", [2**70, -(2**70)])
async def test_a_value_that_no_column_holds_is_invalid(db: Database, value: int) -> None:
    with pytest.raises(Invalid):
        await db.write(lambda tx: tx.run(things.ADD, {"id": 1, "name": "x", "count": value}))
    with pytest.raises(Invalid):
        await db.read(lambda tx: tx.first(things.BY_ID, {"id": value}))


async def test_half_a_surrogate_pair_is_invalid(db: Database) -> None:
    with pytest.raises(Invalid):
        await db.write(things.add, 1, name="\ud800")
    assert await db.write(things.add, 1, name="whole") == 1


async def test_one_that_lost_a_race_runs_again(db: Database) -> None:
    tries: list[int] = []

    def third_time(tx: Tx) -> set[str]:
        tries.append(1)
        tx.signals.add(f"try {len(tries)}")
        things.add(tx, len(tries))
        if len(tries) < 3:
            raise Retry
        return set(tx.signals)

    assert await db.write(third_time) == {"try 3"}
    assert await db.read(things.names) == ["thing 3"]


async def test_one_that_always_loses_gives_up(db: Database) -> None:
    def lose(tx: Tx) -> None:
        raise Retry

    with pytest.raises(Unavailable):
        await db.write(lose)
    assert await db.write(things.add, 1) == 1


async def test_nothing_is_lost_between_racers(db: Database) -> None:
    await db.write(things.add, 1)

    async def racer() -> int:
        won = 0
        for _ in range(10):
            try:
                await db.write(things.increase, 1)
            except Unavailable:  # lost too often, and then it is told so
                continue
            won += 1
        return won

    won = sum(await asyncio.gather(*(racer() for _ in range(8))))
    assert won > 0
    assert await db.read(things.count_of, 1) == won


async def test_deadlocked_transactions_are_run_again(opened: Opener) -> None:
    db = await opened()
    if not (await db.read(lambda tx: tx.is_postgres())):
        assert await db.write(things.add, 1) == 1  # one writer: there is nothing to wait for in a circle
        return
    for id in (1, 2):
        await db.write(things.add, id)

    def both(tx: Tx, first: int, second: int) -> None:
        for id in (first, second):
            tx.execute(text(f"UPDATE thing SET count = count + 1 WHERE id = {id}"))
            tx.execute(text("SELECT pg_sleep(0.05)"))

    await asyncio.gather(*(db.write(both, *((1, 2) if at % 2 else (2, 1))) for at in range(4)))
    assert [await db.read(things.count_of, id) for id in (1, 2)] == [4, 4]


async def test_a_statement_that_takes_too_long_makes_the_database_unavailable(opened: Opener) -> None:
    db = await opened(timeout="1s")
    for run in (db.read, db.write):
        with pytest.raises(Unavailable):
            await run(things.long_statement)
    assert await db.write(things.add, 1) == 1


async def test_the_caller_may_go_away_and_the_next_is_served(db: Database) -> None:
    tasks = [asyncio.create_task(db.write(things.add, at)) for at in range(40)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    acknowledged = {each for each in done if isinstance(each, int)}
    assert acknowledged >= set(range(1, 40, 2))
    kept = await db.read(lambda tx: {row[0] for row in tx.execute(text("SELECT id FROM thing"))})
    assert kept >= acknowledged
    await asyncio.gather(*(db.write(things.add, 100 + at) for at in range(40)))


async def test_what_was_accepted_before_the_end_is_finished(opened: Opener) -> None:
    db = await opened()
    tasks = [asyncio.create_task(db.write(things.add, at)) for at in range(200)]
    await asyncio.sleep(0)
    await db.close()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    kept = await (await opened()).read(things.how_many)
    assert [each for each in done if not isinstance(each, int | Unavailable)] == []
    assert kept == len([each for each in done if isinstance(each, int)]) > 0


async def test_a_closed_database_takes_nothing_and_closes_again(opened: Opener) -> None:
    db = await opened()
    await db.close()
    await db.close()
    for run in (db.read, db.write):
        with pytest.raises(Unavailable):
            await run(things.how_many)
    with pytest.raises(Unavailable):
        await db.ping()


async def test_it_answers_a_ping(db: Database) -> None:
    await db.ping()
