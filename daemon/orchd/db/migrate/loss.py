"""What a downgrade or a reset would take away: for the question before it."""

import re
from datetime import timedelta

import msgspec
from sqlalchemy import Connection, inspect

from orchd.db.migrate import ledger, session
from orchd.db.migrate.history import history
from orchd.db.migrate.ledger import Entry
from orchd.db.migrate.place import Place
from orchd.db.migrate.progress import Deadline
from orchd.db.migrate.target import down_to

COUNTED = 100_000  # rows of a table: beyond that it is only said to have more
TIMEOUT = timedelta(minutes=1)
_OWN = {"alembic_version", "orchd_migration"}
_DROPPED = re.compile(r'(?:DROP TABLE|ALTER TABLE(?= \S+ DROP))\s+"?(\w+)"?', re.IGNORECASE)
_REBUILT = re.compile(r'RENAME TO\s+"?(\w+)"?', re.IGNORECASE)


class TableRows(msgspec.Struct, frozen=True):
    """How many rows a table has; with `more`, at least so many."""

    table: str
    rows: int
    more: bool


class Loss(msgspec.Struct, frozen=True):
    """The steps that would be undone, newest first, and the tables that would lose rows or columns."""

    steps: list[Entry]
    tables: list[TableRows]


def rows_by_table(place: Place) -> list[TableRows]:
    """The tables that have rows, fullest first."""
    return session.reading(place, _count_all, Deadline(TIMEOUT))


def what_is_lost(place: Place, target: str) -> Loss:
    """What `downgrade(place, target)` would take away. Raises MigrationError for a target that is none."""

    def work(connection: Connection) -> Loss:
        recorded = ledger.entries(connection)
        way = down_to(history(place.steps), recorded, ledger.look(connection).current, target)
        touched = {table for step in way for table in _tables_lost(recorded.get(step.revision, step).reverse)}
        return Loss(way, _counted(connection, touched & set(_tables(connection))))

    return session.reading(place, work, Deadline(TIMEOUT))


def _tables_lost(statements: list[str]) -> set[str]:
    """The tables named in what undoes a step. SQLite rebuilds a table to change it: that one is counted as changed."""
    text = ";\n".join(statements)
    return set(_DROPPED.findall(text)) | set(_REBUILT.findall(text))


def _count_all(connection: Connection) -> list[TableRows]:
    return _counted(connection, set(_tables(connection)))


def _tables(connection: Connection) -> list[str]:
    return [name for name in inspect(connection).get_table_names() if name not in _OWN]


def _counted(connection: Connection, tables: set[str]) -> list[TableRows]:
    counts = [_count(connection, table) for table in sorted(tables)]
    return sorted((count for count in counts if count.rows), key=lambda count: -count.rows)


def _count(connection: Connection, table: str) -> TableRows:
    rows = connection.exec_driver_sql(
        f'SELECT count(*) FROM (SELECT 1 FROM "{table}" LIMIT {COUNTED + 1}) AS bounded'  # noqa: S608  (a table's name)
    ).scalar_one()
    return TableRows(table, min(rows, COUNTED), rows > COUNTED)
