"""One transaction with the database to itself, bounded in time: all of a migration happens in it, or nothing."""

import asyncio
import contextlib
import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.pool import NullPool

from orchd.db.migrate.backup import PROGRESS_STEPS
from orchd.db.migrate.place import Place
from orchd.db.migrate.progress import Deadline
from orchd.errors import MigrationError
from orchd.kit.ownership import create

T = TypeVar("T")
Work = Callable[[Connection], T]

ADVISORY_LOCK = int.from_bytes(b"orchd.mi")  # the key of PostgreSQL's lock that all servers share
LOCK_POLL = 0.05  # seconds between two attempts at the lock file
DEAD_CLIENT_CHECK = "1s"  # a killed server's statement must not hold the lock until it ends by itself


def exclusively(place: Place, deadline: Deadline, work: Work[T]) -> T:
    """Runs `work` in one transaction under the lock that all servers share, and commits. Blocks until then."""
    if place.path is not None:
        return _on_sqlite(place.path, deadline, work)
    return asyncio.run(_on_postgres(place.dsn or "", deadline, work))


def reading(place: Place, work: Work[T], deadline: Deadline) -> T:
    """Runs `work`, which only reads, without any lock."""
    if place.path is not None:
        with _sqlite_engine(place.path, deadline, "BEGIN").connect() as connection:
            return work(connection)
    return asyncio.run(_on_postgres(place.dsn or "", deadline, work, lock=False))


def _on_sqlite(path: Path, deadline: Deadline, work: Work[T]) -> T:
    path.parent.mkdir(parents=True, exist_ok=True)
    with _lock_file(path.with_name(path.name + ".migrate.lock"), deadline):
        _prepare(path, deadline)
        with _sqlite_engine(path, deadline, "BEGIN EXCLUSIVE").begin() as connection:
            return work(connection)


@contextlib.contextmanager
def _lock_file(path: Path, deadline: Deadline) -> Iterator[None]:
    """Holds the lock. The file stays: removing it could take the lock from one who has just opened it."""
    descriptor = _opened(path)
    try:
        while not _locked(descriptor):
            if deadline.passed():
                raise TimeoutError
            time.sleep(min(LOCK_POLL, deadline.left()))
        yield
    finally:
        os.close(descriptor)


def _opened(path: Path) -> int:
    try:
        return create(path, 0o640)
    except FileExistsError:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _prepare(path: Path, deadline: Deadline) -> None:
    """What must be set before the first table is there, and WAL: a copy can be read beside the open transaction."""
    with contextlib.suppress(FileExistsError):
        os.close(create(path, 0o640))
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=deadline.left())) as connection:
        if connection.execute("PRAGMA page_count").fetchone()[0] == 0:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":
            raise MigrationError(f"{path} cannot have a write-ahead log (it stays in mode {mode!r}).")


def _sqlite_engine(path: Path, deadline: Deadline, begin: str) -> Engine:
    def connect() -> sqlite3.Connection:
        # Without an isolation level the driver begins nothing by itself, so that DDL is part of our transaction.
        connection = sqlite3.connect(path, isolation_level=None, timeout=deadline.left())
        connection.execute("PRAGMA foreign_keys = OFF")  # a table is rebuilt by dropping it
        connection.execute("PRAGMA synchronous = FULL")
        connection.set_progress_handler(deadline.passed, PROGRESS_STEPS)
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


async def _on_postgres(dsn: str, deadline: Deadline, work: Work[T], *, lock: bool = True) -> T:
    import asyncpg  # these here, so that SQLite does without them
    from sqlalchemy.ext.asyncio import create_async_engine

    async def connect() -> Any:
        settings = {"application_name": "orchd migrations", "jit": "off"}
        return await asyncpg.connect(dsn, timeout=deadline.left(), server_settings=settings)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        async with asyncio.timeout(deadline.left()) as bound, engine.connect() as connection:
            await connection.run_sync(_bound, deadline)
            if lock:
                await connection.run_sync(_take_advisory_lock)
            result = await connection.run_sync(work)
            bound.reschedule(None)  # a commit that is cut off would leave its outcome open
            await connection.commit()
            return result
    finally:
        await engine.dispose()


def _bound(connection: Connection, deadline: Deadline) -> None:
    """Bounds on the server's side too, for the case that this process is gone or stuck."""
    milliseconds = str(int(deadline.left() * 1000) + 1000)
    settings = {"statement_timeout": milliseconds, "lock_timeout": milliseconds}
    for name, value in {**settings, "client_connection_check_interval": DEAD_CLIENT_CHECK}.items():
        connection.execute(text("SELECT set_config(:name, :value, true)"), {"name": name, "value": value})


def _take_advisory_lock(connection: Connection) -> None:
    """Held until the transaction ends, however it ends."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
