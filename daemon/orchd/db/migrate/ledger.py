"""What the database itself knows of its steps: the present revision, and the way back from each step taken.

`alembic_version` is alembic's own table. `orchd_migration` has one row for each step with the statements that undo it,
so that an older orchd can undo steps it has never heard of.
"""

import json
from datetime import UTC, datetime

import msgspec
from sqlalchemy import Connection, inspect, text

from orchd.db.migrate.state import RECORDED, VERSION, Found

_CREATE = (
    "CREATE TABLE IF NOT EXISTS alembic_version"
    " (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))",
    "CREATE TABLE IF NOT EXISTS orchd_migration (revision VARCHAR(32) NOT NULL, down_revision VARCHAR(32),"
    " title TEXT NOT NULL, loses TEXT NOT NULL, applied_at TEXT NOT NULL, reverse TEXT NOT NULL,"
    " CONSTRAINT pk_orchd_migration PRIMARY KEY (revision))",
)
_RECORD = text(
    "INSERT INTO orchd_migration (revision, down_revision, title, loses, applied_at, reverse)"
    " VALUES (:revision, :down_revision, :title, :loses, :applied_at, :reverse)"
)


class Entry(msgspec.Struct, frozen=True):
    """One step as it was recorded when it was taken. `reverse`: the statements that undo it, in order."""

    revision: str
    down_revision: str | None
    title: str
    loses: str
    reverse: list[str]


def look(connection: Connection) -> Found:
    """What `state.look` finds, seen from inside a transaction."""
    tables = inspect(connection).get_table_names()
    version = connection.execute(text(VERSION)).scalar() if "alembic_version" in tables else None
    recorded = connection.execute(text(RECORDED)).scalars().all() if "orchd_migration" in tables else []
    return Found(tables, version, list(recorded))


def entries(connection: Connection) -> dict[str, Entry]:
    """Every recorded step by its revision."""
    if "orchd_migration" not in inspect(connection).get_table_names():
        return {}
    rows = connection.execute(text("SELECT revision, down_revision, title, loses, reverse FROM orchd_migration"))
    return {
        row.revision: Entry(row.revision, row.down_revision, row.title, row.loses, json.loads(row.reverse))
        for row in rows
    }


def record(connection: Connection, entry: Entry) -> None:
    """The step was taken: the database is at its revision now."""
    for statement in _CREATE:
        connection.exec_driver_sql(statement)
    taken = {
        "revision": entry.revision,
        "down_revision": entry.down_revision,
        "title": entry.title,
        "loses": entry.loses,
        "applied_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "reverse": json.dumps(entry.reverse),
    }
    connection.execute(_RECORD, taken)
    _set_version(connection, entry.revision)


def strike(connection: Connection, revision: str, below: str | None) -> None:
    """The step was undone: the database is at the one below it, and at the bottom there is nothing to know."""
    connection.execute(text("DELETE FROM orchd_migration WHERE revision = :revision"), {"revision": revision})
    _set_version(connection, below)
    if below is None:
        connection.exec_driver_sql("DROP TABLE orchd_migration")
        connection.exec_driver_sql("DROP TABLE alembic_version")


def _set_version(connection: Connection, revision: str | None) -> None:
    connection.execute(text("DELETE FROM alembic_version"))
    if revision is not None:
        connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:at)"), {"at": revision})
