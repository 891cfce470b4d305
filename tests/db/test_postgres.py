"""Restarts under use, wake-ups between servers, and the url's parameters."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from orchd.db import Database, Tx
from orchd.db.database import open_database
from orchd.errors import Unavailable
from tests.db import things
from tests.db.conftest import create_tables, settings_for
from tests.kit.postgres import Postgres

WITHIN = 20.0  # seconds, a bound that is never waited for


@pytest.fixture
def durable() -> Iterator[Postgres]:
    cluster = Postgres(durable=True)
    yield cluster
    cluster.remove()


@pytest.fixture
async def url(durable: Postgres) -> str:
    url = durable.create_database()
    await create_tables(url)
    return url


@pytest.fixture
async def db(url: str, tmp_path: Path) -> AsyncIterator[Database]:
    database = await open_database(settings_for(url, tmp_path))
    yield database
    await database.close()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN):
        while not true():
            await asyncio.sleep(0.02)


async def eventually_added(db: Database, id: int) -> None:
    """Writes as a client would: again, as long as the database is away."""
    async with asyncio.timeout(WITHIN):
        while True:
            try:
                await db.write(things.add, id)
            except Unavailable:
                await asyncio.sleep(0.02)
            else:
                return


@pytest.mark.parametrize("end", ["kill9", "fast"])
async def test_a_server_that_goes_and_comes_back_loses_nothing_acknowledged(
    db: Database, durable: Postgres, end: str
) -> None:
    kept: list[int] = []
    failures: list[Exception] = []
    stopping = asyncio.Event()

    async def writer(start: int) -> None:
        for id in range(start, start + 100_000):
            if stopping.is_set():
                return
            try:
                kept.append(await db.write(things.add, id))
            except Unavailable:
                await asyncio.sleep(0.01)
            except Exception as error:
                failures.append(error)
                return

    writers = [asyncio.create_task(writer(at * 1_000_000)) for at in range(8)]
    await until(lambda: len(kept) > 50)
    await asyncio.to_thread(durable.kill9 if end == "kill9" else durable.stop)
    with pytest.raises(Unavailable):
        await db.ping()
    await asyncio.to_thread(durable.start)
    before = len(kept)
    await until(lambda: len(kept) > before + 50 or bool(failures))
    stopping.set()
    await asyncio.gather(*writers)
    assert failures == []
    assert await db.read(things.how_many) >= len(kept)


async def test_idle_connections_of_an_earlier_life_are_replaced(db: Database, durable: Postgres) -> None:
    await asyncio.gather(*(db.write(things.add, at) for at in range(20)))
    await asyncio.to_thread(durable.restart)
    await asyncio.gather(*(eventually_added(db, 100 + at) for at in range(20)))
    assert await db.read(things.how_many) == 40


async def test_one_cut_off_by_an_administrator_is_told_to_come_back(db: Database, durable: Postgres) -> None:
    def cut_off(tx: Tx) -> None:
        things.add(tx, 1)
        durable.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'")
        things.add(tx, 2)

    with pytest.raises(Unavailable):
        await db.write(cut_off)
    assert await db.read(things.how_many) == 0
    assert await db.write(things.add, 1) == 1


async def test_wake_ups_reach_the_other_servers(db: Database, url: str, tmp_path: Path) -> None:
    other = await open_database(settings_for(url, tmp_path))
    here, there = db.wakeups.subscribe("things"), other.wakeups.subscribe("things")
    silent = other.wakeups.subscribe("nothing")
    await until(there.is_set)  # who begins to listen is woken once: it may have missed something
    silent.clear()
    there.clear()

    def told(tx: Tx) -> None:
        things.add(tx, 1)
        tx.signals.add("things")

    await db.write(told)
    assert here.is_set()
    await until(there.is_set)
    assert not silent.is_set()
    await other.close()


async def test_wake_ups_come_back_after_a_restart(db: Database, url: str, tmp_path: Path, durable: Postgres) -> None:
    other = await open_database(settings_for(url, tmp_path))
    bell = other.wakeups.subscribe("things")
    await until(bell.is_set)
    bell.clear()
    await asyncio.to_thread(durable.restart)
    await until(bell.is_set)  # all are woken once the connection stands again
    bell.clear()
    await eventually_added(db, 1)
    ids = iter(range(2, 10_000))

    def told(tx: Tx) -> None:
        things.add(tx, next(ids))
        tx.signals.add("things")

    async with asyncio.timeout(WITHIN):
        while not bell.is_set():
            await db.write(told)
            await asyncio.sleep(0.05)
    await other.close()


async def test_what_failed_wakes_nobody(db: Database) -> None:
    bell = db.wakeups.subscribe("things")

    def failing(tx: Tx) -> None:
        tx.signals.add("things")
        things.add_and_refuse(tx, 1)

    with pytest.raises(things.RefusedError):
        await db.write(failing)
    assert not bell.is_set()


@pytest.mark.parametrize("mode", ["disable", "prefer"])
@pytest.mark.parametrize("name", ["ssl", "sslmode"])
async def test_the_parameters_of_the_url_are_heeded(url: str, tmp_path: Path, name: str, mode: str) -> None:
    db = await open_database(settings_for(f"{url}?{name}={mode}", tmp_path))
    assert await db.read(things.how_many) == 0
    await db.close()


async def test_without_the_encryption_that_was_asked_for_there_is_no_connection(url: str, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="SSL"):
        await open_database(settings_for(f"{url}?sslmode=require", tmp_path))


async def test_a_socket_leads_to_the_server(durable: Postgres, url: str, tmp_path: Path) -> None:
    name = url.rpartition("/")[2]
    where = f"postgresql://postgres@/{name}?host={durable.folder}&port={durable.port}"
    db = await open_database(settings_for(where, tmp_path))
    assert await db.read(things.how_many) == 0
    await db.close()


async def test_a_server_that_is_not_there_is_said_so(durable: Postgres, url: str, tmp_path: Path) -> None:
    await asyncio.to_thread(durable.stop)
    with pytest.raises(Unavailable):
        await open_database(settings_for(url, tmp_path))
    await asyncio.to_thread(durable.start)


async def test_more_callers_than_connections_wait_their_turn(url: str, tmp_path: Path) -> None:
    db = await open_database(settings_for(url, tmp_path, pool={"size": 2}))
    await asyncio.gather(*(db.write(things.add, at) for at in range(50)))
    assert await db.read(things.how_many) == 50
    await db.close()
