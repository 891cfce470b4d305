"""What a transaction function is given.

A transaction function is plain and synchronous: `def rename(tx: Tx, id: UUID, name: str) -> None`. It awaits nothing,
does no I/O but through `tx`, and is safe to run again: it may be repeated after a serialisation failure, or when the
transaction beside it in the same group commit failed.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from sqlalchemy import CursorResult, Executable, Select
from sqlalchemy.engine import Dialect

from orchd.db.statement import Params, Statement

INTEGRITY = "Data integrity conflict: a unique or foreign key constraint was violated."
CONTENDED = "Too many others change the same rows now."
UNSTORABLE = "A value in the request is not one that the database can hold."


class Retry(Exception):
    """The transaction lost a race (a compare-and-set failed); run its function again on fresh data."""


class Write(NamedTuple):
    """One statement of `Tx.run_all`, with its parameters."""

    statement: Statement
    params: Params


class Tx(Protocol):
    """One transaction on either database."""

    dialect: Dialect
    signals: set[str]
    """Names of the wake-ups to fire once this transaction is committed."""
    unlucky: bool
    """The function has lost several races in a row: it should lock what it is about to guard, before it reads that."""

    def begin(self) -> None:
        """Makes all that follows one transaction, for a function that carries out several guarded changes.

        Without it, a `run_if` or `run_all(last=True)` that is the first write of a function is a transaction by itself.
        """

    def execute(self, statement: Executable, params: Params | Sequence[Params] | None = None) -> CursorResult[Any]:
        """Runs any Core statement."""

    def fetch(self, statement: Statement, params: Params) -> list[list[Any]]:
        """The rows of a prepared statement."""

    def fetch_like(self, like: Statement, query: Select[Any], params: Params) -> list[list[Any]]:
        """The rows of a query put together from filters, whose columns are those of `like`, read as its rows are."""

    def first(self, statement: Statement, params: Params) -> list[Any] | None:
        """The first row, or None."""

    def run(self, statement: Statement, params: Params) -> int:
        """Runs a prepared statement that writes; returns how many rows it touched."""

    def run_many(self, statement: Statement, rows: Iterable[Params]) -> None:
        """Runs a prepared statement once for each row, in as few round trips as the driver can."""

    def run_all(self, writes: Sequence[Write], *, last: bool = False) -> None:
        """Several writes whose answers nobody needs, in one round trip where the database allows it.

        They must not depend on each other's effects, but for foreign keys: PostgreSQL runs them on one snapshot.
        `last` promises that the function writes nothing after them, nor fails: the statement is then a transaction
        by itself when nothing was written or locked before, which saves two round trips.
        """

    def run_if(self, guard: Write, then: Sequence[Write]) -> None:
        """A compare-and-set and what goes with it, as the last writes of a function.

        When `guard`, an UPDATE, touches no row, another was faster: nothing is written and the function runs again.
        No row needs to be locked beforehand, and on PostgreSQL all of it is one round trip.
        """

    def is_postgres(self) -> bool:
        """True on PostgreSQL: for the few statements that differ."""
