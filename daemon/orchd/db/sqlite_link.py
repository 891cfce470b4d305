"""What reading and writing on SQLite share: a transaction, a connection, and the way of a result back to the loop."""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from sqlalchemy import Connection, CursorResult, Executable, Select, create_engine
from sqlalchemy.engine import Dialect
from sqlalchemy.pool import StaticPool

from orchd.db.statement import Params, Statement
from orchd.db.transaction import INTEGRITY, UNSTORABLE, Retry, Write
from orchd.db.wakeups import Wakeups
from orchd.errors import Conflict, Invalid, Unavailable

PROGRESS_STEPS = 50_000  # virtual-machine steps between two looks at the deadline, about a millisecond


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

    def fetch_like(self, like: Statement, query: Select[Any], params: Params) -> list[list[Any]]:
        result: Any = self._connection.execute(query, params)
        return like.compiled(self.dialect).read_all(result.cursor.fetchall())

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


def translated(error: BaseException) -> BaseException:
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


def post(
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
