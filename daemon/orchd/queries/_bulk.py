"""Many rows at once: an array for each column on PostgreSQL, the driver's own loop on SQLite."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Subquery, Table, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT is written the same way for SQLite

from orchd.db.statement import Statement
from orchd.db.transaction import Tx, Write

Rows = Sequence[Mapping[str, Any]]


class Bulk:
    """One statement in both forms."""

    __slots__ = ("_arrays", "_each", "_names")

    def __init__(self, names: Iterable[str], each: Statement, arrays: Statement) -> None:
        self._names, self._each, self._arrays = list(names), each, arrays

    def run(self, tx: Tx, rows: Rows) -> int:
        """Runs it for all rows. The answer is how many were touched; SQLite, which has one writer, does not count."""
        if not rows:
            return 0
        if tx.is_postgres():
            return tx.run(self._arrays, self._columns(rows))
        tx.run_many(self._each, rows)
        return len(rows)

    def run_last(self, tx: Tx, rows: Rows) -> None:
        """The same as the last write of a transaction: one round trip on PostgreSQL. See `Tx.run_all`."""
        if not rows:
            return
        if tx.is_postgres():
            tx.run_all([Write(self._arrays, self._columns(rows))], last=True)
        else:
            tx.run_many(self._each, rows)

    def _columns(self, rows: Rows) -> dict[str, list[Any]]:
        return {name: [row[name] for row in rows] for name in self._names}


def unnested(table: Table, names: Iterable[str]) -> list[ColumnElement[Any]]:
    """PostgreSQL: a column of rows for each array that is given, side by side."""
    return [
        func.unnest(bindparam(name, type_=ARRAY(table.c[name].type, dimensions=1)), type_=table.c[name].type).label(
            name
        )
        for name in names
    ]


def bulk_insert(table: Table, names: Iterable[str]) -> Bulk:
    """INSERT of these columns; a row that collides with one that is there changes nothing."""
    names = list(names)
    each = insert(table).values({name: bindparam(name, type_=table.c[name].type) for name in names})
    arrays = insert(table).from_select(names, select(*unnested(table, names)))
    return Bulk(names, Statement(each.on_conflict_do_nothing()), Statement(arrays.on_conflict_do_nothing()))


def bulk_update(table: Table, names: Iterable[str], guard: str) -> Bulk:
    """UPDATE of these columns by `id`, where the row's `guard` column is strictly older than the new one, or empty."""
    names = list(names)
    key, column = "id", table.c[guard]

    def older(than: ColumnElement[Any]) -> ColumnElement[bool]:
        return column.is_(None) | (column < than)

    each = (
        update(table)
        .where(table.c.id == bindparam(key, type_=table.c.id.type), older(bindparam(guard, type_=column.type)))
        .values({name: bindparam(name, type_=table.c[name].type) for name in names})
    )
    given: Subquery = select(*unnested(table, [key, *names])).subquery("given")
    arrays = (
        update(table)
        .where(table.c.id == given.c.id, older(given.c[guard]))
        .values({name: given.c[name] for name in names})
    )
    return Bulk([key, *names], Statement(each), Statement(arrays))
