"""The API in this process, on a real database of each engine: `api.post("/flows/", {...})`."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import create_engine, make_url
from sqlalchemy.ext.asyncio import create_async_engine

from orchd.api._context import Context
from orchd.api._server import application
from orchd.config import load
from orchd.config.settings import Settings
from orchd.db.database import Database, open_database
from orchd.db.tables import metadata
from orchd.domain.lifecycle import Lifecycle, Phase


class Api:
    """A client that gives back status and JSON; `ok` methods insist on success."""

    def __init__(self, client: "TestClient[web.Request, web.Application]", context: Context) -> None:
        self.client = client
        self.context = context
        self.db: Database = context.db

    async def call(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        """One request; the JSON of its answer, or its text when it is not JSON."""
        if body is not None:
            options["json"] = body
        async with self.client.request(method, "/api" + path, **options) as answer:
            data = await answer.read()
            is_json = answer.content_type == "application/json"
            return answer.status, (await answer.json() if is_json and data else data.decode())

    async def get(self, path: str, **options: Any) -> Any:
        return await self._ok("GET", path, None, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> Any:
        return await self._ok("POST", path, body, **options)

    async def patch(self, path: str, body: Any, **options: Any) -> Any:
        return await self._ok("PATCH", path, body, **options)

    async def delete(self, path: str, **options: Any) -> Any:
        return await self._ok("DELETE", path, None, **options)

    async def _ok(self, method: str, path: str, body: Any, **options: Any) -> Any:
        status, answer = await self.call(method, path, body, **options)
        assert status < 300, f"{method} {path} answered {status}: {answer}"
        return answer


async def create_tables(url: str) -> None:
    """The schema as the tables say it. That the migrations lead to the same is tested in tests/migrations."""
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
def settings(database_url: str, tmp_path: Path) -> Settings:
    """The defaults, on this test's database."""
    file = tmp_path / "orchd.yaml"
    file.write_text(f"database: {{url: '{database_url}'}}")
    return load(file).settings


@pytest.fixture
async def db(database_url: str, settings: Settings) -> AsyncIterator[Database]:
    """An open database with the schema in it."""
    await create_tables(database_url)
    database = await open_database(settings.database)
    yield database
    await database.close()


@pytest.fixture
async def api(db: Database, settings: Settings) -> AsyncIterator[Api]:
    """The API over that database, ready."""
    lifecycle = Lifecycle()
    lifecycle.enter(Phase.READY, "")
    context = Context(settings=settings, db=db, lifecycle=lifecycle)
    client = TestClient(TestServer(application(context)))
    await client.start_server()
    yield Api(client, context)
    await client.close()
