"""Which revision a database is at. Runs on every start: plain SQL over the bare drivers, no alembic."""

import asyncio
import contextlib
import enum
import sqlite3
from pathlib import Path
from urllib.parse import quote

import msgspec

from orchd.db.migrate.history import numbers
from orchd.db.migrate.place import Place
from orchd.errors import DatabaseRefused, Unavailable

CONNECT_TIMEOUT = 10.0  # seconds


class Status(enum.StrEnum):
    """How the schema of a database stands to this orchd."""

    CURRENT = "current"
    EMPTY = "empty"
    BEHIND = "behind"
    AHEAD = "ahead"  # a newer orchd was here and has left the way back
    FOREIGN = "foreign"  # somebody else's


class SchemaState(msgspec.Struct, frozen=True, kw_only=True):
    """`behind`: how many steps are missing."""

    status: Status
    current: str | None
    head: str
    behind: int = 0

    def refusal(self) -> str | None:
        """Why orchd cannot work with this database even after an upgrade, and what to do; None when it can."""
        if self.status is Status.AHEAD:
            return (
                f"The database is at revision {self.current}; this orchd knows only up to {self.head}. "
                f"Run the newer orchd, or go back with `orchctl --offline db downgrade -r {self.head}`."
            )
        if self.status is Status.FOREIGN:
            found = f"is at revision {self.current!r}, which is not orchd's" if self.current else "holds other tables"
            return f"The database {found}. Give orchd an empty database of its own (database.url)."
        return None

    def require_usable(self) -> None:
        """Raises DatabaseRefused for a database that no upgrade makes ours."""
        if refusal := self.refusal():
            raise DatabaseRefused(refusal)


class Found(msgspec.Struct, frozen=True):
    """What a look into a database shows: the names of its tables, its revision, and the recorded steps."""

    tables: list[str]
    current: str | None
    recorded: list[str]


def current(place: Place) -> str | None:
    """The revision that the database is at; None when it is empty."""
    return look(place).current


def check(place: Place) -> SchemaState:
    """How the database stands. Raises Unavailable when it cannot be reached."""
    return judge(look(place), numbers(place.steps))


def judge(found: Found, known: list[str]) -> SchemaState:
    """How what was found stands to the steps that are known."""
    if found.current in known:
        behind = len(known) - 1 - known.index(found.current)
        status = Status.BEHIND if behind else Status.CURRENT
        return SchemaState(status=status, current=found.current, head=known[-1], behind=behind)
    if found.current is not None:
        status = Status.AHEAD if found.current in found.recorded else Status.FOREIGN
        return SchemaState(status=status, current=found.current, head=known[-1])
    own = {"alembic_version", "orchd_migration", "sqlite_sequence"}
    status = Status.EMPTY if own.issuperset(found.tables) else Status.FOREIGN
    return SchemaState(status=status, current=None, head=known[-1], behind=len(known))


def look(place: Place) -> Found:
    """One look into the database. A SQLite file that does not exist is an empty database."""
    if place.path is not None:
        return _look_sqlite(place.path)
    return asyncio.run(_look_postgres(place.dsn or ""))


VERSION = "SELECT version_num FROM alembic_version"
RECORDED = "SELECT revision FROM orchd_migration"


def _look_sqlite(path: Path) -> Found:
    if not path.exists():
        return Found([], None, [])
    try:
        # Not mode=ro: after a crash the first one to open the file has to finish its recovery.
        with contextlib.closing(sqlite3.connect(f"file:{quote(str(path))}?mode=rw", uri=True)) as connection:
            tables = _column(connection, "SELECT name FROM sqlite_master WHERE type = 'table'")
            version = _column(connection, VERSION) if "alembic_version" in tables else []
            recorded = _column(connection, RECORDED) if "orchd_migration" in tables else []
    except sqlite3.DatabaseError as error:
        raise Unavailable(f"The database {path} cannot be read: {error}.") from error
    return Found(tables, version[0] if version else None, recorded)


def _column(connection: sqlite3.Connection, statement: str) -> list[str]:
    return [row[0] for row in connection.execute(statement)]


async def _look_postgres(dsn: str) -> Found:
    import asyncpg  # here, so that SQLite does without it

    try:
        connection = await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT, statement_cache_size=0)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise Unavailable(f"The database server cannot be reached: {error}") from error
    try:
        rows = await connection.fetch("SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()")
        tables = [row[0] for row in rows]
        version = await connection.fetchval(VERSION) if "alembic_version" in tables else None
        recorded = await connection.fetch(RECORDED) if "orchd_migration" in tables else []
    finally:
        await connection.close()
    return Found(tables, version, [row[0] for row in recorded])
