"""SQLite: one writer thread with group commit, a few reader threads on WAL snapshots.

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
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from sqlalchemy import Connection, CursorResult, Executable, create_engine
from sqlalchemy.engine import Dialect
from sqlalchemy.pool import StaticPool

from orchd.db.statement import Params, Statement
from orchd.db.transaction import CONTENDED, INTEGRITY, UNSTORABLE, Retry, Write
from orchd.db.wakeups import Wakeups
from orchd.errors import Conflict, Invalid, Unavailable

GROUP = 128  # transactions that share a commit at most: bounds how long the first one waits
PROGRESS_STEPS = 50_000  # virtual-machine steps between two looks at the deadline, about a millisecond
ATTEMPTS = 5  # for functions that ask to be run again


class SqliteTx:
    """See `transaction.Tx`."""

    __slots__ = ("_connection", "_cursor", "dialect", "signals", "unlucky")

    def __init__(self, connection: Connection, raw: sqlite3.Connection) -> None:
        self._connection = connection
        self._cursor = raw.cursor()
        self.dialect: Dialect = connection.dialect
        self.signals: set[str] = set()
        self.unlucky = False  # there is nobody to lose against

    def begin(self) -> None:
        """The group's transaction is open already."""

    def execute(self, statement: Executable, params: Params | Sequence[Params] | None = None) -> CursorResult[Any]:
        return self._connection.execute(statement, params)

    def fetch(self, statement: Statement, params: Params) -> list[list[Any]]:
        compiled = statement.compiled(self.dialect)
        return compiled.read_all(self._cursor.execute(compiled.sql, compiled.bind(params)).fetchall())

    def first(self, statement: Statement, params: Params) -> list[Any] | None:
        compiled = statement.compiled(self.dialect)
        row = self._cursor.execute(compiled.sql, compiled.bind(params)).fetchone()
        return None if row is None else compiled.read(row)

    def run(self, statement: Statement, params: Params) -> int:
        compiled = statement.compiled(self.dialect)
        return self._cursor.execute(compiled.sql, compiled.bind(params)).rowcount

    def run_many(self, statement: Statement, rows: Iterable[Params]) -> None:
        compiled = statement.compiled(self.dialect)
        self._cursor.executemany(compiled.sql, compiled.bind_all(list(rows)))

    def run_all(self, writes: Sequence[Write], *, last: bool = False) -> None:
        for write in writes:
            self.run(write.statement, write.params)

    def run_if(self, guard: Write, then: Sequence[Write]) -> None:
        if self.run(guard.statement, guard.params) == 0:
            raise Retry
        self.run_all(then)

    def is_postgres(self) -> bool:
        return False


class Job(NamedTuple):
    """A function to run, and where its result goes."""

    fn: Callable[[SqliteTx], Any]
    future: asyncio.Future[Any]


Outcome = tuple[asyncio.Future[Any], Any, BaseException | None]


class SqliteDatabase:
    """See `database.Database`."""

    def __init__(self, path: Path, settings: Any, loop: asyncio.AbstractEventLoop) -> None:
        self.wakeups = Wakeups()
        self._loop = loop
        self._writer = _Writer(path, settings, loop, self.wakeups)
        self._readers: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._read_loop, args=(path, settings), name=f"orchd-read-{n}", daemon=True)
            for n in range(settings.sqlite.readers)
        ]
        self._closed = False

    @classmethod
    async def open(cls, settings: Any) -> "SqliteDatabase":
        """Opens the file and starts the threads. Raises Unavailable when the file cannot be used."""
        database = cls(Path(settings.url.path), settings, asyncio.get_running_loop())
        await database._writer.start()
        for thread in database._threads:
            thread.start()
        return database

    async def read(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self._closed:
            raise Unavailable("The database is closed.")
        future = self._loop.create_future()
        self._readers.put(Job(lambda tx: fn(tx, *args, **kwargs), future))
        return await future

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
        for _ in self._threads:
            self._readers.put(None)
        for thread in [self._writer.thread, *self._threads]:
            await asyncio.to_thread(thread.join)

    def _read_loop(self, path: Path, settings: Any) -> None:
        connection = raw = None
        while (job := self._readers.get()) is not None:
            outcome: Outcome
            try:
                if connection is None or raw is None:
                    connection, raw = connect(path, settings, writing=False)
                outcome = (job.future, self._read_one(connection, raw, job, settings), None)
            except BaseException as error:
                outcome = (job.future, None, _translated(error))
            _post(self._loop, [outcome])
        if connection is not None:
            connection.close()

    @staticmethod
    def _read_one(connection: Connection, raw: sqlite3.Connection, job: Job, settings: Any) -> Any:
        limit_time(raw, settings.timeout.total_seconds())
        raw.execute("BEGIN")
        try:
            return job.fn(SqliteTx(connection, raw))
        finally:
            raw.execute("ROLLBACK")


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
            _post(self._event_loop, [(self._started, None, _translated(error))])
            return
        _post(self._event_loop, [(self._started, None, None)])
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
            failure = _translated(error)
            outcomes, signals = [(job.future, None, failure) for job in group], set()
        _post(self._event_loop, outcomes, self._wakeups, signals)

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
                outcomes.append((job.future, None, _translated(error)))
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


def connect(path: Path, settings: Any, *, writing: bool) -> tuple[Connection, sqlite3.Connection]:
    """A connection of this thread, and the driver's own below it."""
    raw = sqlite3.connect(
        f"file:{quote(str(path))}?mode={'rw' if writing else 'ro'}",
        uri=True,
        isolation_level=None,
        timeout=settings.sqlite.busy_timeout.total_seconds(),
        cached_statements=512,
    )
    if writing:
        raw.execute("PRAGMA journal_mode = WAL")
        raw.execute(f"PRAGMA synchronous = {settings.sqlite.synchronous}")
        raw.execute("PRAGMA foreign_keys = ON")
        raw.execute("PRAGMA wal_autocheckpoint = 4000")
    raw.execute(f"PRAGMA cache_size = -{settings.sqlite.cache // 1024}")
    raw.execute("PRAGMA temp_store = MEMORY")
    engine = create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool, isolation_level="AUTOCOMMIT")
    return engine.connect(), raw


def limit_time(raw: sqlite3.Connection, seconds: float) -> None:
    """Interrupts whatever this connection runs once so many seconds have passed."""
    deadline = time.monotonic() + seconds
    raw.set_progress_handler(lambda: time.monotonic() > deadline, PROGRESS_STEPS)


def _translated(error: BaseException) -> BaseException:
    """What a caller should see: a broken constraint is a Conflict, trouble of the database is Unavailable."""
    cause = getattr(error, "orig", None) or error
    failure: BaseException
    if isinstance(cause, sqlite3.IntegrityError):
        failure = Conflict(INTEGRITY)
    elif isinstance(cause, sqlite3.OperationalError):
        failure = Unavailable(f"The database did not take this: {cause}.")
    elif isinstance(cause, UnicodeEncodeError) or (isinstance(cause, OverflowError) and "SQLite" in str(cause)):
        failure = Invalid(UNSTORABLE)
    else:
        return error
    failure.__cause__ = error
    return failure


def _post(
    loop: asyncio.AbstractEventLoop,
    outcomes: list[Outcome],
    wakeups: Wakeups | None = None,
    signals: Iterable[str] = (),
) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is gone: so is everyone who waited
        loop.call_soon_threadsafe(_deliver, outcomes, wakeups, signals)


def _deliver(outcomes: list[Outcome], wakeups: Wakeups | None, signals: Iterable[str]) -> None:
    for future, result, error in outcomes:
        if future.done():  # the caller went away
            continue
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
    if wakeups is not None and signals:
        wakeups.fire(signals)
