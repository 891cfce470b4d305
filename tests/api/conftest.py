"""The API in this process, on a real database of each engine: `api.post("/flows/", {...})`."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from orchd.api._context import Context
from orchd.api._server import application
from orchd.config import load
from orchd.config.settings import Settings
from orchd.db.database import Database, open_database
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


@pytest.fixture
def settings(schema_url: str, tmp_path: Path) -> Settings:
    """The defaults, on this test's database."""
    file = tmp_path / "orchd.yaml"
    file.write_text(f"database: {{url: '{schema_url}'}}")
    return load(file).settings


@pytest.fixture
async def db(settings: Settings) -> AsyncIterator[Database]:
    """An open database with the schema in it."""
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
