"""What is in a database: its schema and its rows, in a form that two databases can be compared by."""

import asyncio
import contextlib
import re
import sqlite3
from typing import Any

import asyncpg

from orchd.db.migrate import Place

Rows = list[tuple[Any, ...]]
BOOKS = {"alembic_version", "orchd_migration"}

POSTGRES_SCHEMA = (
    """SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull,
              pg_get_expr(d.adbin, d.adrelid)
       FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
       WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace""",
    """SELECT conrelid::regclass::text, conname::text, pg_get_constraintdef(oid) FROM pg_constraint
       WHERE connamespace = current_schema()::regnamespace AND contype <> 'n'""",
    "SELECT tablename::text, indexname::text, indexdef FROM pg_indexes WHERE schemaname = current_schema()",
    "SELECT sequencename::text, 'sequence', data_type::text FROM pg_sequences WHERE schemaname = current_schema()",
)


def query(place: Place, statement: str) -> Rows:
    """The rows of one statement."""
    if place.path is not None:
        with contextlib.closing(sqlite3.connect(place.path)) as connection, connection:
            return connection.execute(statement).fetchall()
    return asyncio.run(_query_postgres(place.dsn or "", statement))


async def _query_postgres(dsn: str, statement: str) -> Rows:
    connection = await asyncpg.connect(dsn)
    try:
        return [tuple(row) for row in await connection.fetch(statement)]
    finally:
        await connection.close()


def tables(place: Place) -> set[str]:
    """The names of all tables but the migrations' own two."""
    statement = (
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        if place.path is not None
        else "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()"
    )
    return {row[0] for row in query(place, statement)} - BOOKS


def schema_of(place: Place) -> set[tuple[Any, ...]]:
    """Every column, constraint and index. SQLite's own text of a table says it all, quotes and spaces aside."""
    if place.path is None:
        facts = {row for statement in POSTGRES_SCHEMA for row in query(place, statement)}
        return {fact for fact in facts if fact[0] not in BOOKS}
    found = query(place, "SELECT tbl_name, type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
    return {(*row[:3], _plain(row[3])) for row in found if row[0] not in BOOKS}


def _plain(statement: str) -> str:
    """Without quotes and spaces; the constraints of a table in one order, as rebuilding one shuffles them."""
    plain = re.sub(r"\s*([(),])\s*", r"\1", " ".join(statement.replace('"', "").split()))
    columns, *constraints = re.split(r",(?=CONSTRAINT )", plain)
    if not constraints:
        return plain
    last, ending = _cut(constraints[-1])
    return ",".join([columns, *sorted([*constraints[:-1], last])]) + ending


def _cut(constraint: str) -> tuple[str, str]:
    """The last constraint of a table, and what follows it: the parenthesis that nothing in it has opened."""
    depth = 0
    for at, character in enumerate(constraint):
        depth += (character == "(") - (character == ")")
        if depth < 0:
            return constraint[:at], constraint[at:]
    return constraint, ""


def rows_of(place: Place) -> dict[str, Rows]:
    """All rows of all tables."""
    return {table: sorted(query(place, f'SELECT * FROM "{table}"'), key=repr) for table in tables(place)}
