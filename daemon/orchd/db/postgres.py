"""PostgreSQL: the same transaction functions, run in a greenlet over asyncpg.

Round trips are what a transaction costs here, so BEGIN is put off until the first statement that writes or locks: at
READ COMMITTED, statements before it see the same inside a transaction as outside. A function that only reads makes
none at all, and a `run_all` that is the only write of a function is a transaction by itself.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import asyncpg
from sqlalchemy import Connection, CursorResult, Executable, Select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.util import await_only, greenlet_spawn

from orchd.db.combine import Combined
from orchd.db.statement import Params, Statement
from orchd.db.transaction import CONTENDED, INTEGRITY, UNSTORABLE, Retry, Write
from orchd.db.turns import Turns
from orchd.db.wakeups import Wakeups
from orchd.errors import Conflict, Invalid, Unavailable

log = logging.getLogger(__name__)

OPTIMISTIC = 2  # attempts of a transaction before it locks: against steady writers it might lose every race
ATTEMPTS = 8  # of a transaction that lost a race, before the client is told to come back
CHANNEL = "orchd"
RELAY_AFTER = 0.02  # seconds in which wake-ups are gathered into one NOTIFY

TROUBLE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that was told to end while it was idle, and is not closed yet
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.QueryCanceledError,
)
"""What the server or the way to it does; the connection is not used again."""


class PostgresTx:
    """See `transaction.Tx`."""

    __slots__ = ("_connection", "_raw", "dialect", "open", "signals", "unlucky")

    def __init__(self, connection: Connection, raw: Any, *, unlucky: bool) -> None:
        self._connection = connection
        self._raw = raw
        self.dialect = connection.dialect
        self.signals: set[str] = set()
        self.open = False
        self.unlucky = unlucky

    def begin(self) -> None:
        """Sends BEGIN, once."""
        if not self.open:
            await_only(self._raw.execute("BEGIN"))
            self.open = True

    def execute(self, statement: Executable, params: Params | Sequence[Params] | None = None) -> CursorResult[Any]:
        if not getattr(statement, "is_select", False) or getattr(statement, "_for_update_arg", None) is not None:
            self.begin()
        return self._connection.execute(statement, params)

    def fetch(self, statement: Statement, params: Params) -> list[list[Any]]:
        compiled = statement.compiled(self.dialect)
        if statement.writes:
            self.begin()
        return compiled.read_all(await_only(self._raw.fetch(compiled.sql, *compiled.bind(params))))

    def fetch_like(self, like: Statement, query: Select[Any], params: Params) -> list[list[Any]]:
        result: Any = self._connection.execute(query, params)
        return like.compiled(self.dialect).read_all(result.cursor.fetchall())

    def first(self, statement: Statement, params: Params) -> list[Any] | None:
        rows = self.fetch(statement, params)
        return rows[0] if rows else None

    def run(self, statement: Statement, params: Params) -> int:
        compiled = statement.compiled(self.dialect)
        self.begin()
        done = await_only(self._raw.execute(compiled.sql, *compiled.bind(params)))
        return int(done.rpartition(" ")[2])

    def run_many(self, statement: Statement, rows: Iterable[Params]) -> None:
        compiled = statement.compiled(self.dialect)
        self.begin()
        await_only(self._raw.executemany(compiled.sql, compiled.bind_all(list(rows))))

    def run_all(self, writes: Sequence[Write], *, last: bool = False) -> None:
        if not writes:
            return
        if not last:
            self.begin()
        combined = Combined.of(writes, self.dialect)
        await_only(self._raw.fetch(combined.sql, *combined.bind(writes)))

    def run_if(self, guard: Write, then: Sequence[Write]) -> None:
        writes = [guard, *then]
        combined = Combined.of(writes, self.dialect, guarded=True)
        if not await_only(self._raw.fetchval(combined.sql, *combined.bind(writes))):
            raise Retry

    def is_postgres(self) -> bool:
        return True


class PostgresDatabase:
    """See `database.Database`."""

    def __init__(self, engine: AsyncEngine, settings: Any) -> None:
        self.wakeups = Wakeups()
        self._engine, self._settings = engine, settings
        self._idle: Turns[AsyncConnection | None] = Turns([None] * settings.pool.size)
        self._relay = Relay(self)
        self._closed = False

    @classmethod
    async def open(cls, settings: Any) -> "PostgresDatabase":
        """Connects once, to fail early. Raises Unavailable when the server cannot be reached."""

        async def connect() -> Any:  # by asyncpg itself: SQLAlchemy reads the parameters of a url in its own way
            return await asyncpg.connect(
                settings.url.plain,
                timeout=settings.connect_timeout.total_seconds(),
                command_timeout=settings.timeout.total_seconds(),
                statement_cache_size=500,
                server_settings={"application_name": "orchd", "jit": "off"},
            )

        engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=connect,
            poolclass=NullPool,  # `_idle` is the pool: it hands out the newest connection first, without a reset
            isolation_level="AUTOCOMMIT",
        )
        database = cls(engine, settings)
        await database.ping()
        database._relay.start()
        return database

    async def read(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return await self._run(fn, args, kwargs)

    async def write(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return await self._run(fn, args, kwargs)

    async def ping(self) -> None:
        await self.read(lambda tx: await_only(tx._raw.fetchval("SELECT 1")))

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        await self._relay.stop()
        for _ in range(self._settings.pool.size):  # waits for those in use
            connection = await self._idle.take()
            if connection is not None:
                with contextlib.suppress(Exception):
                    await connection.close()
        await self._engine.dispose()

    async def _run(self, fn: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        for attempt in range(ATTEMPTS):
            try:
                return await self._once(fn, args, kwargs, unlucky=attempt >= OPTIMISTIC)
            except BaseException as error:
                if not _is_race(error):
                    shown = _translated(error)
                    if shown is error:
                        raise
                    raise shown from error
                await asyncio.sleep(random.uniform(0, 0.002 * 2**attempt))  # noqa: S311  (jitter, not a secret)
        raise Unavailable(CONTENDED)

    async def _once(self, fn: Callable[..., Any], args: Any, kwargs: Any, *, unlucky: bool) -> Any:
        if self._closed:
            raise Unavailable("The database is closed.")
        async with asyncio.timeout(self._settings.timeout.total_seconds()):
            connection = await self._idle.take()
        healthy = False
        try:
            if connection is None:
                connection = await self._connect()
            raw: Any = (await connection.get_raw_connection()).driver_connection
            if raw.is_closed():  # the server was restarted while this one was idle
                await _discard(connection)
                connection = await self._connect()
                raw = (await connection.get_raw_connection()).driver_connection
            tx = PostgresTx(connection.sync_connection, raw, unlucky=unlucky)  # type: ignore[arg-type]
            try:
                result = await greenlet_spawn(fn, tx, *args, **kwargs)
                if tx.open:
                    await raw.execute("COMMIT")
                healthy = True
            except BaseException as error:
                healthy = not isinstance(_driver_error(error), TROUBLE) and await _roll_back(raw, tx)
                raise
        finally:
            self._give_back(connection, healthy)
        if tx.signals:
            self.wakeups.fire(tx.signals)
        return result

    async def _connect(self) -> AsyncConnection:
        connection = await self._engine.connect()
        raw: Any = (await connection.get_raw_connection()).driver_connection
        for kind in ("json", "jsonb"):  # as text both ways: see `types.py`
            await raw.set_type_codec(kind, encoder=str, decoder=str, schema="pg_catalog", format="text")
        return connection

    def _give_back(self, connection: AsyncConnection | None, healthy: bool) -> None:
        if connection is not None and not healthy:
            asyncio.get_running_loop().create_task(_discard(connection))
            connection = None
        self._idle.give(connection)


async def _roll_back(raw: Any, tx: PostgresTx) -> bool:
    """Ends a failed transaction. False: the connection cannot be used any more."""
    if raw.is_closed():
        return False
    if not tx.open:
        return not raw.is_in_transaction()
    try:
        async with asyncio.timeout(2):
            await raw.execute("ROLLBACK")
    except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    return True


async def _discard(connection: AsyncConnection) -> None:
    with contextlib.suppress(Exception):
        await connection.invalidate()
        await connection.close()


def _is_race(error: BaseException) -> bool:
    cause = _driver_error(error)
    return isinstance(error, Retry) or isinstance(
        cause, asyncpg.SerializationError | asyncpg.DeadlockDetectedError | asyncpg.LockNotAvailableError
    )


def _driver_error(error: BaseException) -> BaseException:
    """The driver's own error below SQLAlchemy's two wrappings."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        return error.orig.__cause__ or error.orig
    return error


def _translated(error: BaseException) -> BaseException:
    """What a caller should see: a broken constraint is a Conflict, trouble of the database is Unavailable."""
    cause = _driver_error(error)
    if isinstance(cause, asyncpg.IntegrityConstraintViolationError):
        return Conflict(INTEGRITY)
    if isinstance(cause, asyncpg.DataError) and not isinstance(cause.__cause__, TypeError):
        return Invalid(UNSTORABLE)
    if isinstance(cause, TROUBLE):
        return Unavailable(f"The database did not take this: {type(cause).__name__}: {cause}")
    return error


class Relay:
    """Carries wake-ups to the other servers on this database, and theirs to here."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database
        self._pending: set[str] = set()
        self._bell = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._database.wakeups.relay = self._note
        self._task = asyncio.create_task(self._run(), name="orchd-relay")

    async def stop(self) -> None:
        self._database.wakeups.relay = None
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _note(self, names: Iterable[str]) -> None:
        self._pending.update(names)
        self._bell.set()

    async def _run(self) -> None:
        """Keeps one connection for LISTEN and NOTIFY; after a break it comes back, and rings every bell once."""
        while True:
            try:
                async with self._database._engine.connect() as connection:
                    raw = (await connection.get_raw_connection()).driver_connection
                    await self._serve(raw)
            except (*TROUBLE, DBAPIError, asyncpg.PostgresError) as error:
                log.warning("Wake-ups between servers are interrupted: %s", error)
                await asyncio.sleep(1)

    async def _serve(self, raw: Any) -> None:
        own_pid = raw.get_server_pid()

        def heard(_: Any, pid: int, __: str, payload: str) -> None:
            if pid != own_pid:
                self._database.wakeups.ring(payload.split(","))

        raw.add_termination_listener(lambda _: self._bell.set())  # who only listens would never notice
        await raw.add_listener(CHANNEL, heard)
        self._database.wakeups.ring_all()  # what was said while nobody listened
        while True:
            await self._bell.wait()
            await asyncio.sleep(RELAY_AFTER)
            self._bell.clear()
            names, self._pending = self._pending, set()
            await raw.execute("SELECT pg_notify($1, $2)", CHANNEL, ",".join(sorted(names)))
