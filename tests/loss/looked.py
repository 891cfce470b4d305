"""The database itself, read past orchd: `await stored.rows("SELECT ...")`."""

import asyncio
import sqlite3
from contextlib import closing
from typing import Any
from uuid import UUID

import asyncpg


class Stored:
    """One database of either kind; UUIDs come as UUIDs, everything else as the database gives it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")

    async def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What a SELECT finds."""
        if self.is_sqlite:
            return await asyncio.to_thread(self._read_file, statement)
        connection = await asyncpg.connect(self.url)
        try:
            return [tuple(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    def _read_file(self, statement: str) -> list[tuple[Any, ...]]:
        path = self.url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return [tuple(map(_plain, row)) for row in connection.execute(statement)]

    async def is_sound(self) -> None:
        """The file is whole. PostgreSQL has no such question to ask."""
        if self.is_sqlite:
            assert await self.rows("PRAGMA integrity_check") == [("ok",)]
            assert await self.rows("PRAGMA foreign_key_check") == []


def _plain(value: Any) -> Any:
    return UUID(bytes=value) if isinstance(value, bytes) else value
