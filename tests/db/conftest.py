"""A database with one small table of the tests' own, on each engine."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url
from sqlalchemy.ext.asyncio import create_async_engine

from orchd.config import load
from orchd.config.settings import DatabaseSettings
from orchd.db.database import Database, open_database
from tests.db.things import metadata

Opener = Callable[..., Awaitable[Database]]


def settings_for(url: str, folder: Path, **options: Any) -> DatabaseSettings:
    """The settings of a database; `options` are written as in the configuration."""
    file = folder / "orchd.yaml"
    file.write_text(str({"database": {"url": url, **options}}))
    return load(file).settings.database


async def create_tables(url: str) -> None:
    """The table of the tests."""
    if url.startswith("sqlite"):
        engine = create_engine(url)
        await asyncio.to_thread(metadata.create_all, engine)
        engine.dispose()
        return
    async_engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"))
    async with async_engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await async_engine.dispose()


@pytest.fixture
async def opened(database_url: str, tmp_path: Path) -> AsyncIterator[Opener]:
    """Opens the test's database, as often as asked, with options of the configuration's section."""
    await create_tables(database_url)
    found: list[Database] = []

    async def open_one(**options: Any) -> Database:
        found.append(await open_database(settings_for(database_url, tmp_path, **options)))
        return found[-1]

    yield open_one
    for database in found:
        await database.close()


@pytest.fixture
async def db(opened: Opener) -> Database:
    """An open database."""
    return await opened()
