"""`Database`: the one door to the data. Two engines behind it, one promise: what `write` returned is committed."""

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from orchd.db.transaction import Tx
from orchd.db.wakeups import Wakeups

P = ParamSpec("P")
T = TypeVar("T")


class Database(Protocol):
    """A database that is open. Both methods run a transaction function (see `transaction.py`)."""

    wakeups: Wakeups

    async def read(self, fn: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs a function that only reads.

        On SQLite it sees one snapshot; on PostgreSQL each of its statements sees what is committed by then.
        Raises Unavailable when the database cannot be reached or does not answer within `database.timeout`.
        """

    async def write(self, fn: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs a function in one transaction and returns its result after the commit.

        What the function raises comes out here and nothing of it is kept. Raises Unavailable when the database cannot
        be reached or does not answer; nothing is committed then, unless the connection broke during the commit itself.
        """

    async def ping(self) -> None:
        """Raises Unavailable when the database does not answer a trivial question, reading and writing side."""

    async def close(self) -> None:
        """Finishes what was accepted and closes every connection."""


async def open_database(settings: Any) -> Database:
    """Opens the configured database. Its schema must be current: see `db/migrate`."""
    if settings.url.is_sqlite:
        from orchd.db.sqlite import SqliteDatabase

        return await SqliteDatabase.open(settings)
    from orchd.db.postgres import PostgresDatabase

    return await PostgresDatabase.open(settings)
