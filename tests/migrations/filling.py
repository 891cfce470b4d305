"""Rows for every table that a database has, whatever its revision: made from what the database says of its columns."""

import asyncio
import json
import warnings
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from orchd.db.migrate import Place
from tests.migrations.looking import BOOKS

ROWS = 3  # of each table
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def fill(place: Place) -> None:
    """Puts rows into the tables that have none. Row n of a table refers to row n of the tables it depends on."""
    if place.path is not None:
        engine = sa.create_engine(f"sqlite:///{place.path}")
        with engine.begin() as connection:
            connection.exec_driver_sql("PRAGMA foreign_keys = ON")
            _fill(connection)
        engine.dispose()
    else:
        asyncio.run(_fill_postgres(place.dsn or ""))


async def _fill_postgres(dsn: str) -> None:
    engine = create_async_engine(dsn.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.begin() as connection:
        await connection.run_sync(_fill)
    await engine.dispose()


def _fill(connection: sa.Connection) -> None:
    metadata = sa.MetaData()
    with warnings.catch_warnings(
        action="ignore", category=sa.exc.SAWarning
    ):  # indexes on expressions do not matter here
        metadata.reflect(connection)
    for table in metadata.sorted_tables:
        if table.name in BOOKS or connection.execute(sa.select(table).limit(1)).first():
            continue
        for number in range(ROWS):
            row = {column.name: _value(column, number) for column in table.columns if column.name not in ("seq", "xid")}
            connection.execute(table.insert().values(row))


def _value(column: sa.Column[Any], number: int) -> Any:
    """A value of the column's type that no other row has, and that is the same in the key and in what refers to it."""
    kind = column.type
    if isinstance(kind, sa.Uuid):
        return UUID(int=number)
    if isinstance(kind, sa.LargeBinary):
        return UUID(int=number).bytes
    if isinstance(kind, sa.JSON):
        return [f"tag {number}"]
    if isinstance(kind, sa.DateTime):
        return NOON + timedelta(seconds=number)
    if isinstance(kind, sa.Boolean):
        return number % 2 == 0
    if isinstance(kind, sa.Numeric | sa.Float):
        return number / 2
    if isinstance(kind, sa.Integer):
        return number
    return json.dumps([f"tag {number}"])
