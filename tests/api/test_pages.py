"""The pages: what they tell, that nothing in them is executed, and who gets to see them."""

import base64
import hashlib
import re
from collections.abc import AsyncIterator

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from orchd.api._html import asset
from orchd.api._server import application
from orchd.db import Database
from orchd.domain.lifecycle import Phase
from tests.api.conftest import Api

NASTY = "<script>alert('x')</script> & \"more\""
PAGES = ["/", "/docs", "/api/docs"]


async def page(api: Api, path: str = "/", **headers: str) -> str:
    async with api.client.get(path, headers=headers) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/html"
        return await answer.text()


def password(api: Api, text: str | None) -> None:
    old = api.context.settings
    api.context.settings = msgspec.structs.replace(old, auth=msgspec.structs.replace(old.auth, auth_string=text))


async def test_an_empty_server_says_how_to_reach_it(api: Api) -> None:
    text = await page(api)
    assert "Ready" in text
    assert "No flow has run yet." in text
    address = f"http://127.0.0.1:{api.client.port}/api"
    assert f"prefect config set PREFECT_API_URL=&quot;{address}&quot;" in text


async def test_runs_are_shown_with_their_flow_and_state_and_counted(api: Api) -> None:
    flow = await api.post("/flows/", {"name": "nightly"})
    for kind in ("RUNNING", "FAILED", "FAILED"):
        await api.post("/flow_runs/", {"flow_id": flow["id"], "name": f"run-{kind}", "state": {"type": kind}})
    text = await page(api)
    assert text.count("run-FAILED") == 2
    assert "nightly" in text
    assert '<span class="state failed">Failed</span>' in text
    assert re.search(r"Failed</span> <b>2</b>.*", text)


async def test_runs_of_the_future_are_counted_only(api: Api) -> None:
    flow = await api.post("/flows/", {"name": "f"})
    later = {"type": "SCHEDULED", "state_details": {"scheduled_time": "2999-01-01T00:00:00Z"}}
    await api.post("/flow_runs/", {"flow_id": flow["id"], "name": "later", "state": later})
    text = await page(api)
    assert "later" not in text
    assert "Scheduled</span> <b>1</b>" in text


async def test_names_are_text_and_never_markup(api: Api) -> None:
    flow = await api.post("/flows/", {"name": "f"})
    state = {"type": "RUNNING", "name": NASTY}
    await api.post("/flow_runs/", {"flow_id": flow["id"], "name": NASTY, "state": state})
    text = await page(api)
    assert NASTY not in text
    assert text.count("&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt; &amp; &quot;more&quot;") == 2


async def test_a_host_that_is_none_is_not_repeated(api: Api) -> None:
    text = await page(api, Host="x;rm -rf ~")
    assert "rm -rf" not in text
    assert "PREFECT_API_URL=&quot;http://127.0.0.1:4200/api&quot;" in text


async def test_the_public_address_is_told_where_there_is_one(api: Api) -> None:
    old = api.context.settings
    server = msgspec.structs.replace(old.server, public_url="https://orchd.example.org/base")
    api.context.settings = msgspec.structs.replace(old, server=server)
    assert "https://orchd.example.org/base/api&quot;" in await page(api)
    async with api.client.get("/ui-settings") as answer:
        assert (await answer.json())["api_url"] == "https://orchd.example.org/base/api"


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_needs_nothing_from_elsewhere_and_may_run_nothing_else(api: Api, path: str) -> None:
    async with api.client.get(path) as answer:
        policy, text = answer.headers["Content-Security-Policy"], await answer.text()
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r'(src|href)="(https?:)?//', text)
    assert "style=" not in text
    for found in re.findall(r"<(?:style|script)>(.*?)</(?:style|script)>", text, re.DOTALL):
        digest = base64.b64encode(hashlib.sha256(found.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert "</script" not in asset("docs.js")


async def test_the_reference_tells_of_every_operation_and_type(api: Api) -> None:
    text = await page(api, "/docs")
    async with api.client.get("/openapi.json") as answer:
        document = await answer.json()
    for path, methods in document["paths"].items():
        assert f"<code>{path}</code>" in text
        for each in methods.values():
            assert f'id="{each["operationId"]}"' in text
    targets = set(re.findall(r'id="([^"]+)"', text))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= targets
    assert {f"schema-{name}" for name in document["components"]["schemas"]} <= targets


@pytest.mark.parametrize("path", [*PAGES, "/openapi.json", "/api/openapi.json"])
async def test_pages_ask_a_browser_for_the_password(api: Api, path: str) -> None:
    password(api, "me:hunter2")
    async with api.client.get(path) as answer:
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    login = "Basic " + base64.b64encode(b"me:hunter2").decode()
    async with api.client.get(path, headers={"Authorization": login}) as answer:
        assert answer.status == 200
        assert "hunter2" not in await answer.text()


@pytest.mark.parametrize(("text", "auth"), [(None, None), ("me:hunter2", "BASIC")])
async def test_an_interface_learns_before_the_login_whether_there_is_one(
    api: Api, text: str | None, auth: str | None
) -> None:
    password(api, text)
    async with api.client.get("/ui-settings") as answer:
        assert (answer.status, (await answer.json())["auth"]) == (200, auth)


async def test_in_maintenance_the_page_says_why_without_the_database(api: Api) -> None:
    api.context.lifecycle.enter(Phase.MAINTENANCE, "Schema at 0001, <b>run</b> `orchctl db upgrade`.")
    await api.db.close()
    async with api.client.get("/") as answer:
        text = await answer.text()
        assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
    assert "Maintenance" in text
    assert "Schema at 0001, &lt;b&gt;run&lt;/b&gt;" in text
    await page(api, "/docs")


async def test_a_database_that_is_away_is_said_so(api: Api) -> None:
    await api.db.close()
    async with api.client.get("/") as answer:
        assert answer.status == 503
        assert "The database is closed." in await answer.text()


@pytest.fixture
async def below(api: Api, db: Database) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    """The same, served below /orchd and without pages or with them as the settings say."""
    old = api.context.settings
    api.context.settings = msgspec.structs.replace(
        old, server=msgspec.structs.replace(old.server, base_path="/orchd/"), ui=type(old.ui)(enabled=True)
    )
    client = TestClient(TestServer(application(api.context)))
    await client.start_server()
    yield client
    await client.close()


async def test_everything_moves_with_the_base_path(below: TestClient[web.Request, web.Application]) -> None:
    async with below.get("/orchd/") as answer:
        text = await answer.text()
    assert '<a href="/orchd/docs">' in text
    assert f":{below.port}/orchd/api&quot;" in text
    for path, status in (("/orchd/docs", 200), ("/orchd/api/health", 200), ("/orchd/openapi.json", 200), ("/", 404)):
        async with below.get(path) as answer:
            assert answer.status == status, path


async def test_without_an_interface_the_document_stays(api: Api) -> None:
    old = api.context.settings
    api.context.settings = msgspec.structs.replace(old, ui=type(old.ui)(enabled=False))
    async with TestClient(TestServer(application(api.context))) as client:
        for path, status in (("/", 404), ("/docs", 404), ("/ui-settings", 404), ("/api/openapi.json", 200)):
            async with client.get(path) as answer:
                assert answer.status == status, path
