"""The writer's groups, and what its readers may not do."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from orchd.db import Database, Tx
from orchd.db.database import open_database
from orchd.errors import Conflict, Unavailable
from tests.db import things
from tests.db.conftest import create_tables, settings_for
from tests.db.things import Gate


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orchd.db"


@pytest.fixture
async def db(path: Path, tmp_path: Path) -> AsyncIterator[Database]:
    await create_tables(f"sqlite:///{path}")
    database = await open_database(settings_for(f"sqlite:///{path}", tmp_path))
    yield database
    await database.close()


async def held(db: Database) -> tuple[Gate, "asyncio.Task[None]"]:
    """The writer is busy until the gate is opened: what is written now waits, and shares the next commit."""
    gate = Gate()
    task = asyncio.create_task(db.write(gate.hold))
    assert await asyncio.to_thread(gate.entered.wait, 20)
    return gate, task


async def test_those_who_wait_share_a_commit(db: Database, path: Path) -> None:
    watching = sqlite3.connect(path)
    seen: set[int] = set()
    gate, busy = await held(db)
    tasks = [asyncio.create_task(db.write(things.add, at)) for at in range(50)]
    await asyncio.sleep(0)
    gate.opened.set()
    while not all(task.done() for task in tasks):
        seen.add(watching.execute("SELECT count(*) FROM thing").fetchone()[0])
        await asyncio.sleep(0)
    await asyncio.gather(busy, *tasks)
    assert seen <= {0, 50}
    watching.close()


async def test_in_a_group_one_that_fails_after_writing_harms_nobody(db: Database) -> None:
    runs: list[int] = []

    def noted(tx: Tx, id: int) -> int:
        runs.append(id)
        return things.add(tx, id)

    gate, busy = await held(db)
    good = [asyncio.create_task(db.write(noted, at)) for at in range(10)]
    bad = asyncio.create_task(db.write(things.add_and_refuse, 99))
    more = [asyncio.create_task(db.write(noted, at)) for at in range(10, 20)]
    await asyncio.sleep(0)
    gate.opened.set()
    assert await asyncio.gather(*good, *more) == list(range(20))
    with pytest.raises(things.RefusedError):
        await bad
    await busy
    assert await db.read(things.how_many) == 20
    assert runs.count(0) == 2  # the group was rolled back, and run again in savepoints


async def test_a_caller_who_went_away_does_not_undo_what_was_accepted(db: Database) -> None:
    gate, busy = await held(db)
    task = asyncio.create_task(db.write(things.add, 1))
    await asyncio.sleep(0)
    task.cancel()
    gate.opened.set()
    await busy
    await db.write(things.add, 2)
    assert await db.read(things.how_many) == 2


async def test_a_reader_cannot_write(db: Database) -> None:
    with pytest.raises(Unavailable, match="readonly"):
        await db.read(things.add, 1)
    assert await db.read(things.how_many) == 0


async def test_a_long_reader_holds_up_nobody_and_sees_one_moment(db: Database) -> None:
    gate = Gate()

    def twice(tx: Tx) -> tuple[int, int]:
        before = things.how_many(tx)
        things.some_steps(tx)  # more than the event loop has patience for: a thread carries on from the start
        gate.hold(tx)
        return before, things.how_many(tx)

    reading = asyncio.create_task(db.read(twice))
    assert await asyncio.to_thread(gate.entered.wait, 20)
    assert await db.read(things.how_many) == 0
    await db.write(things.add, 1)
    gate.opened.set()
    assert await reading == (0, 0)
    assert await db.read(things.how_many) == 1


async def test_a_function_found_to_be_long_goes_to_a_thread_at_once(db: Database) -> None:
    threads: list[str] = []

    def long(tx: Tx) -> None:
        threads.append(threading.current_thread().name)
        things.some_steps(tx)

    await db.read(long)
    await db.read(long)
    here, *there = threads
    assert here == threading.current_thread().name
    assert [name.rpartition("-")[0] for name in there] == ["orchd-read"] * 2


async def test_what_a_reader_raises_reaches_the_caller(db: Database) -> None:
    def fails(tx: Tx) -> None:
        things.how_many(tx)
        raise Conflict("Not like this.")

    with pytest.raises(Conflict, match="Not like this"):
        await db.read(fails)
    assert await db.read(things.how_many) == 0


async def test_readers_do_not_wait_for_the_writer(db: Database) -> None:
    gate, busy = await held(db)
    assert await db.read(things.how_many) == 0
    gate.opened.set()
    await busy


async def test_a_file_that_cannot_be_opened_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        await open_database(settings_for(f"sqlite:///{tmp_path}/missing/orchd.db", tmp_path))


async def test_a_file_that_somebody_else_locks_makes_it_unavailable_and_comes_back(tmp_path: Path, path: Path) -> None:
    url = f"sqlite:///{path}"
    await create_tables(url)
    db = await open_database(settings_for(url, tmp_path, sqlite={"busy_timeout": "100ms"}))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable):
        await db.write(things.add, 1)
    other.execute("ROLLBACK")
    assert await db.write(things.add, 1) == 1
    other.close()
    await db.close()
