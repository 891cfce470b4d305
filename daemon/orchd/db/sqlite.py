"""SQLite: one writer thread with group commit; readers see WAL snapshots beside it (`sqlite_reads`).

Only one connection ever writes, so no client can meet a lock error. Transactions that wait while a commit reaches
the disk are gathered and share the next one. They run without savepoints: a function that fails before it wrote leaves
nothing behind, and in the rare case that it had written, the whole group is rolled back and run again, each in a
savepoint of its own. That is why transaction functions must be safe to run again.
"""

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from orchd.db.sqlite_link import Job, Outcome, SqliteTx, connect, limit_time, post, translated
from orchd.db.sqlite_reads import Readers
from orchd.db.transaction import CONTENDED, Retry
from orchd.db.wakeups import Wakeups
from orchd.errors import Unavailable

GROUP = 128  # transactions that share a commit at most: bounds how long the first one waits
ATTEMPTS = 5  # for functions that ask to be run again


class SqliteDatabase:
    """See `database.Database`."""

    def __init__(self, path: Path, settings: Any, loop: asyncio.AbstractEventLoop) -> None:
        self.wakeups = Wakeups()
        self._loop = loop
        self._writer = _Writer(path, settings, loop, self.wakeups)
        self._readers = Readers(path, settings, loop)
        self._closed = False

    @classmethod
    async def open(cls, settings: Any) -> "SqliteDatabase":
        """Opens the file and starts the threads. Raises Unavailable when the file cannot be used."""
        database = cls(Path(settings.url.path), settings, asyncio.get_running_loop())
        await database._writer.start()
        database._readers.start()
        return database

    async def read(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self._closed:
            raise Unavailable("The database is closed.")
        return await self._readers.run(lambda tx: fn(tx, *args, **kwargs), getattr(fn, "__code__", fn))

    async def write(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self._closed:
            raise Unavailable("The database is closed.")
        future = self._loop.create_future()
        self._writer.jobs.put(Job(lambda tx: fn(tx, *args, **kwargs), future))
        return await future

    async def ping(self) -> None:
        await self.read(lambda tx: tx._cursor.execute("SELECT 1").fetchone())
        await self.write(lambda tx: tx._cursor.execute("SELECT 1").fetchone())

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._writer.jobs.put(None)
        await asyncio.to_thread(self._writer.thread.join)
        await self._readers.close()


class _Writer:
    """The thread that owns the writing connection."""

    def __init__(self, path: Path, settings: Any, loop: asyncio.AbstractEventLoop, wakeups: Wakeups) -> None:
        self.jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self.thread = threading.Thread(target=self._loop, name="orchd-write", daemon=True)
        self._path, self._settings, self._event_loop, self._wakeups = path, settings, loop, wakeups
        self._started: asyncio.Future[None] = loop.create_future()
        self._stopping = False
        self._connection: Connection
        self._raw: sqlite3.Connection

    async def start(self) -> None:
        self.thread.start()
        await self._started

    def _loop(self) -> None:
        try:
            self._connection, self._raw = connect(self._path, self._settings, writing=True)
        except BaseException as error:
            post(self._event_loop, [(self._started, None, translated(error))])
            return
        post(self._event_loop, [(self._started, None, None)])
        while not self._stopping:
            if group := self._gather():
                self._commit(group)
        self._connection.close()

    def _gather(self) -> list[Job]:
        """What waits now, at least one."""
        group: list[Job] = []
        try:
            job = self.jobs.get()
            while job is not None:
                group.append(job)
                if len(group) >= GROUP:
                    return group
                job = self.jobs.get_nowait()
            self._stopping = True
        except queue.Empty:
            pass
        return group

    def _commit(self, group: list[Job]) -> None:
        try:
            outcomes, signals = self._run(group, savepoints=False) or self._run(group, savepoints=True) or ([], set())
        except BaseException as error:
            with contextlib.suppress(sqlite3.Error):
                self._raw.execute("ROLLBACK")
            failure = translated(error)
            outcomes, signals = [(job.future, None, failure) for job in group], set()
        post(self._event_loop, outcomes, self._wakeups, signals)

    def _run(self, group: list[Job], *, savepoints: bool) -> tuple[list[Outcome], set[str]] | None:
        """Runs a group and commits it. None: one failed after it had written, and there was no savepoint to go to."""
        raw, outcomes, signals = self._raw, list[Outcome](), set[str]()
        limit_time(raw, self._settings.timeout.total_seconds())
        raw.execute("BEGIN IMMEDIATE")
        for job in group:
            tx = SqliteTx(self._connection, raw)
            before = raw.total_changes
            if savepoints:
                raw.execute("SAVEPOINT one")
            try:
                outcomes.append((job.future, _attempt(job.fn, tx, raw, savepoints=savepoints), None))
                signals |= tx.signals
            except BaseException as error:
                if not raw.in_transaction:
                    raise  # a full disk or a failing one: SQLite has rolled everything back
                if savepoints:
                    raw.execute("ROLLBACK TO one")
                elif raw.total_changes != before:
                    raw.execute("ROLLBACK")
                    return None
                outcomes.append((job.future, None, translated(error)))
            if savepoints:
                raw.execute("RELEASE one")
        raw.execute("COMMIT")
        return outcomes, signals


def _attempt(fn: Callable[[SqliteTx], Any], tx: SqliteTx, raw: sqlite3.Connection, *, savepoints: bool) -> Any:
    """Runs a function; there is no concurrent writer here, so one that asks to be repeated sees fresh data at once.

    Raises Retry when that needs a savepoint and there is none.
    """
    for _ in range(ATTEMPTS):
        before = raw.total_changes
        try:
            return fn(tx)
        except Retry:
            tx.signals.clear()
            if raw.total_changes != before:
                if not savepoints:
                    raise
                raw.execute("ROLLBACK TO one")
    raise Unavailable(CONTENDED)
