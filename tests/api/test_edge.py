"""Whatever arrives is answered: with a reason where it is wrong, and never by a broken connection."""

import asyncio
import base64
import gzip
import json
import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from yarl import URL

from orchd.api._catalogue import unbuilt
from orchd.api._server import all_operations
from orchd.domain.lifecycle import Phase
from tests.api.conftest import Api

JSON = {"Content-Type": "application/json"}
MEGABYTE = 2**20
NIL = "00000000-0000-0000-0000-000000000000"


async def raw(api: Api, data: bytes, path: str = "/flows/", **headers: str) -> tuple[int, Any]:
    """POST of bytes as they are."""
    return await api.call("POST", path, data=data, headers={**JSON, **headers})


async def still_answers(api: Api) -> bool:
    """The connection that the client keeps is usable, or was closed in good order."""
    return (await api.call("GET", "/health")) == (200, True)


def settings_with(api: Api, section: str, **changes: Any) -> None:
    """Other settings, as a reload would bring them."""
    old = api.context.settings
    api.context.settings = msgspec.structs.replace(
        old, **{section: msgspec.structs.replace(getattr(old, section), **changes)}
    )


# Bodies


MALFORMED = {
    "not JSON": b"name=x",
    "cut off": b'{"name": "x"',
    "two documents": b'{"name": "x"}{"name": "y"}',
    "not an object": b'["name"]',
    "a number as the name": b'{"name": 1}',
    "no name": b"{}",
    "nothing": b"",
    "invalid UTF-8": b'{"name": "\xff\xfe"}',
    "invalid UTF-8 where nobody looks": b'{"name": "x", "other": "\xff"}',
    "a raw control character": b'{"name": "\x00"}',
    "NUL": b'{"name": "a\\u0000b"}',
    "NUL after an escaped backslash": b'{"name": "a\\\\\\u0000b"}',
    "NUL in a label": b'{"name": "x", "labels": {"a": "\\u0000"}}',
    "half a surrogate pair": b'{"name": "\\ud800"}',
    "the other half": b'{"name": "\\udc00 x"}',
    "half a pair in a label": b'{"name": "x", "labels": {"a": "\\ud800 "}}',
    "NaN": b'{"name": "x", "labels": {"a": NaN}}',
    "Infinity": b'{"name": "x", "labels": {"a": -Infinity}}',
    "a number beyond all floats": b'{"name": "x", "labels": {"a": 1e400}}',
    "a number of 6000 digits": b'{"name": "x", "labels": {"a": ' + b"9" * 6000 + b"}}",
    "101 levels": b'{"name": "x", "other": ' + b"[" * 100 + b"]" * 100 + b"}",
    "a million levels": b'{"name": "x", "other": ' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}",
    "a million unfinished levels": b'{"name": "x", "other": ' + b'{"a":' * 1_000_000,
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
async def test_a_body_that_does_not_fit_is_refused_with_a_reason(api: Api, body: bytes) -> None:
    status, answer = await raw(api, body)
    assert status == 422
    assert answer["exception_message"] == "Invalid request received."
    assert answer["exception_detail"][0]["loc"][0] == "body"
    assert answer["exception_detail"][0]["msg"]
    assert await still_answers(api)


async def test_an_escaped_backslash_before_u0000_is_no_nul(api: Api) -> None:
    assert (await raw(api, b'{"name": "a\\\\u0000b"}'))[1]["name"] == "a\\u0000b"


async def test_a_hundred_levels_are_taken_and_brackets_in_strings_are_none(api: Api) -> None:
    body = b'{"name": "x", "other": ["' + b"[" * 500 + b'\\"{", ' + b"[" * 98 + b"]" * 98 + b"]}"
    assert (await raw(api, body))[0] == 201


async def test_a_refused_body_is_sent_back_unless_it_is_large(api: Api) -> None:
    assert (await raw(api, b'{"tags": []}'))[1]["request_body"] == {"tags": []}
    assert (await raw(api, b"tags"))[1]["request_body"] == "tags"
    assert (await raw(api, b'{"tags": ["' + b"x" * MEGABYTE + b'"]}'))[1]["request_body"] is None


async def test_another_content_type_is_not_read_as_json(api: Api) -> None:
    assert (await api.call("POST", "/flows/", data=b'{"name": "x"}', headers={"Content-Type": "text/plain"}))[0] == 422
    sent = {"data": b'{"limit": -1}', "headers": {"Content-Type": "text/plain"}}
    assert await api.call("POST", "/flows/filter", **sent) == (200, [])


async def test_a_missing_content_type_counts_as_json(api: Api) -> None:
    answer = await api.call("POST", "/flows/", data=b'{"name": "x"}', skip_auto_headers=["Content-Type"])
    assert answer[0] == 201


async def test_a_body_may_be_missing_where_every_key_has_a_default(api: Api) -> None:
    assert await api.call("POST", "/flows/filter") == (200, [])
    assert (await api.call("POST", "/flows/"))[0] == 422


async def test_a_body_of_a_hundred_megabytes_is_too_large(api: Api) -> None:
    status, answer = await raw(api, b'{"name": "' + b"x" * (100 * MEGABYTE) + b'"}')
    assert (status, answer) == (413, {"detail": "The body is larger than server.limits.body allows."})
    assert await still_answers(api)


async def test_so_is_one_that_does_not_say_its_length(api: Api) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100 * MEGABYTE:
            sent += MEGABYTE
            yield b"x" * MEGABYTE

    status, answer = await api.call("POST", "/flows/", data=endless(), headers=JSON)
    assert (status, answer["detail"]) == (413, "The body is larger than server.limits.body allows.")
    assert await still_answers(api)


async def test_a_small_body_that_unpacks_to_a_large_one_is_too_large(api: Api) -> None:
    packed = gzip.compress(b"x" * (20 * MEGABYTE))
    assert len(packed) < MEGABYTE
    assert (await raw(api, packed, **{"Content-Encoding": "gzip"}))[0] == 413
    assert await still_answers(api)


async def test_a_body_that_does_not_unpack_is_a_bad_request(api: Api) -> None:
    status, answer = await raw(api, b"no gzip at all", **{"Content-Encoding": "gzip"})
    assert status == 400, answer
    assert await still_answers(api)


# Values


async def test_large_integers_in_documents_are_kept(api: Api) -> None:
    flow = await api.post("/flows/", {"name": "f"})
    parameters = {"n": 10**40, "deep": [-(2**63), 2**64]}
    run = await api.post("/flow_runs/", {"flow_id": flow["id"], "parameters": parameters})
    assert (await api.get(f"/flow_runs/{run['id']}"))["parameters"] == parameters


@pytest.mark.parametrize("offset", [2**63 - 1, 2**63, 2**80, -1, 1.5])
async def test_an_offset_beyond_all_rows_is_no_failure(api: Api, offset: float) -> None:
    status, answer = await api.call("POST", "/flows/filter", {"offset": offset})
    assert status == (200 if offset == 2**63 - 1 else 422), answer


MOMENTS = [
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00",
    "9999-12-31T23:59:59.999999Z",
    "9999-12-31T23:59:59.999999-14:00",
]


@pytest.mark.parametrize("moment", MOMENTS)
async def test_the_first_and_the_last_moment_can_be_asked_for(api: Api, moment: str) -> None:
    for key in ("before_", "after_"):
        status, answer = await api.call("POST", "/flow_runs/filter", {"flow_runs": {"start_time": {key: moment}}})
        assert (status, answer) == (200, []), answer


@pytest.mark.parametrize("moment", MOMENTS)
async def test_the_first_and_the_last_moment_can_be_stored(api: Api, moment: str) -> None:
    flow = await api.post("/flows/", {"name": "f"})
    state = {"type": "SCHEDULED", "state_details": {"scheduled_time": moment, "cache_expiration": moment}}
    run = await api.post("/flow_runs/", {"flow_id": flow["id"], "state": state})
    for kind in ("PENDING", "RUNNING", "PAUSED", "SCHEDULED"):
        proposed = {"type": kind, "state_details": {"scheduled_time": moment, "pause_timeout": moment}}
        status, answer = await api.call("POST", f"/flow_runs/{run['id']}/set_state", {"state": proposed})
        assert status < 300, answer
    assert (await api.call("GET", f"/flow_runs/{run['id']}"))[0] == 200
    assert (await api.call("POST", "/flow_runs/filter", {}))[0] == 200


@pytest.mark.parametrize("moment", ["10000-01-01T00:00:00Z", "2024-13-01T00:00:00Z", "soon", ""])
async def test_what_is_no_moment_is_refused(api: Api, moment: str) -> None:
    answer = await api.call("POST", "/flow_runs/filter", {"flow_runs": {"start_time": {"after_": moment}}})
    assert answer[0] == 422


# Addresses


@pytest.mark.parametrize("id", ["42", "nil", NIL[:-1], NIL + "0", "%00", "%ff", "g" * 36, "a" * 6000])
async def test_an_id_that_is_no_uuid_is_not_found(api: Api, id: str) -> None:
    assert await api.call("GET", f"/flows/{id}") == (404, {"detail": "Not Found"})


async def test_an_id_may_be_written_in_capitals(api: Api) -> None:
    flow = await api.post("/flows/", {"name": "f"})
    assert (await api.get(f"/flows/{flow['id'].upper()}"))["id"] == flow["id"]


async def test_an_address_that_is_too_long_is_refused(api: Api) -> None:
    async with api.client.get("/api/flows/name/" + "x" * 100_000) as answer:
        assert 400 <= answer.status < 500
    async with api.client.get("/api/health", headers={"X-Long": "x" * 100_000}) as answer:
        assert 400 <= answer.status < 500
    assert await still_answers(api)


async def send(api: Api, *requests: bytes) -> list[int]:
    """The statuses of the answers to bytes written at once on one connection, until it is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", api.client.port)
    writer.write(b"".join(requests))
    answer = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    return [int(found[1]) for found in re.finditer(rb"HTTP/1\.[01] (\d+) ", answer)]


def request(line: str, body: bytes = b"", *headers: str) -> bytes:
    """One request as it travels; bytes of Latin-1."""
    told = [line + " HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", "Content-Type: application/json", *headers]
    return "\r\n".join([*told, "", ""]).encode("latin-1") + body


GOOD = request("GET /api/health")
LAST = request("GET /api/health", b"", "Connection: close")


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("GET /api/flows/name/%00", 422),
        ("GET /api/flows/name/a%00b", 422),
        ("GET /api/flows/name/%ED%A0%80", 404),
        ("GET /api/flows/name/%ff%fe", 404),
        ("GET /api/flows/name/%", 404),
        ("GET /api/flows/name/a%2Fb", 404),
        ("GET /api/flows/name/..%2f..%2fetc", 404),
        ("GET /api/flow_run_states/?flow_run_id=%00", 422),
        ("GET /api/flow_run_states/?flow_run_id=x", 422),
        ("GET /api/flow_run_states/", 422),
        ("GET /api/csrf-token?client=%00", 422),
        ("GET /api/csrf-token?client=%ff", 422),
        ("GET /api/csrf-token", 422),
        ("GET //api/health", 404),
        ("GET /api/../api/health", 404),
    ],
)
async def test_odd_addresses_are_answered_and_the_connection_goes_on(api: Api, line: str, status: int) -> None:
    assert await send(api, request(line), LAST) == [status, 200]


async def test_a_slash_in_a_name_is_written_in_percent(api: Api) -> None:
    await api.post("/variables/", {"name": "a", "value": 1})
    assert (await api.call("GET", "/variables/name/%61"))[1]["name"] == "a"


async def test_requests_written_at_once_are_answered_in_order_errors_among_them(api: Api) -> None:
    bad = request("POST /api/flows/", b"{")
    missing = request("GET /api/nothing")
    assert await send(api, GOOD, bad, missing, GOOD, bad, LAST) == [200, 422, 404, 200, 422, 200]


NO_HTTP = {
    "a greeting of TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "half a line": b"GET\r\n\r\n",
    "an unknown method": request("BREW /api/health"),
    "zeros": b"\0" * 50,
}


@pytest.mark.parametrize("garbage", NO_HTTP.values(), ids=NO_HTTP)
async def test_what_is_no_http_is_refused_and_hurts_nobody_else(api: Api, garbage: bytes) -> None:
    assert await send(api, garbage) == [400]
    assert await still_answers(api)


async def test_a_broken_chunk_is_a_bad_request(api: Api) -> None:
    head = b"POST /api/flows/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert await send(api, head + b"zz\r\n{}\r\n0\r\n\r\n") == [400]
    assert await still_answers(api)


async def test_who_packs_a_body_that_nobody_reads_is_told_that_the_connection_ends(api: Api) -> None:
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    async with api.client.post("/api/absent", data=b"no gzip at all", headers=headers) as answer:
        assert (answer.status, answer.headers.get("Connection")) == (404, "close")


async def test_what_scanners_send_does_not_fill_the_log(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    for garbage in NO_HTTP.values():
        await send(api, garbage)
    await raw(api, b"no gzip at all", **{"Content-Encoding": "gzip"})
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_client_that_goes_away_within_its_body_hurts_nobody_else(api: Api) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", api.client.port)
    writer.write(request("POST /api/flows/", b'{"name": "x"}')[:-5])
    await writer.drain()
    writer.transport.abort()
    assert await still_answers(api)
    assert await api.post("/flows/count", {}) == 0


# Routes


async def test_an_unknown_route_is_not_found(api: Api) -> None:
    assert await api.call("GET", "/nothing/here") == (404, {"detail": "Not Found"})


@pytest.mark.parametrize(
    ("method", "given", "wanted"),
    [
        ("POST", "/flows?a=b%20c&d=1", "/api/flows/?a=b%20c&d=1"),
        ("POST", "/flows/filter/", "/api/flows/filter"),
        ("GET", "/health/", "/api/health"),
        ("PATCH", "/variables/name/a%2Fb/", "/api/variables/name/a%2Fb"),
    ],
)
async def test_the_other_spelling_of_the_slash_is_sent_to_the_right_one(
    api: Api, method: str, given: str, wanted: str
) -> None:
    address = URL(f"/api{given}", encoded=True)
    async with api.client.request(method, address, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (307, wanted)


async def test_another_method_is_told_which_are_allowed(api: Api) -> None:
    async with api.client.put(f"/api/flows/{uuid4()}") as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "DELETE, GET, PATCH")
        assert await answer.json() == {"detail": "Method Not Allowed"}


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
async def test_head_and_plain_options_are_other_methods(api: Api, method: str) -> None:
    async with api.client.request(method, "/api/health") as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "GET")


async def test_what_is_not_built_says_so_by_its_name(api: Api) -> None:
    for known in unbuilt(all_operations()):
        path = known.path
        for place in ("{id}", "{schedule_id}", "{lease_id}"):
            path = path.replace(place, str(uuid4()))
        status, answer = await api.call(known.method, re.sub(r"{\w+}", "x", path))
        assert (status, f"{known.method} {known.path} " in answer["detail"]) == (501, True)


# Versions


@pytest.mark.parametrize(
    ("version", "status"),
    [("", 200), ("0.8.0", 200), ("0.8.4", 200), ("9.0.0", 200), ("0.7.99", 400), ("0.8", 400), ("a.b.c", 400)],
)
async def test_old_and_malformed_versions_of_the_api_are_refused(api: Api, version: str, status: int) -> None:
    headers = {"X-PREFECT-API-VERSION": version}
    found, answer = await api.call("POST", "/flows/count", {}, headers=headers)
    assert found == status
    assert status == 200 or "detail" in answer
    assert (await api.call("GET", "/health", headers=headers))[0] == 200


# Passwords


def basic(text: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


@pytest.fixture
def closed(api: Api) -> Api:
    """The API with a password."""
    settings_with(api, "auth", auth_string="me:päss")
    return api


@pytest.mark.parametrize(
    "headers",
    [
        {},
        basic("me:wrong"),
        basic(""),
        {"Authorization": "Bearer me:päss"},
        {"Authorization": basic("me:päss")["Authorization"].replace("Basic", "basic")},
        {"Authorization": "Basic"},
    ],
)
async def test_without_the_password_nothing_is_answered(closed: Api, headers: dict[str, str]) -> None:
    for method, path in (("GET", "/version"), ("POST", "/flows/filter"), ("GET", "/nothing"), ("HEAD", "/health")):
        async with closed.client.request(method, "/api" + path, headers=headers) as answer:
            assert answer.status == 401
            assert "WWW-Authenticate" not in answer.headers
            assert method == "HEAD" or await answer.json() == {"exception_message": "Unauthorized"}


async def test_with_the_password_all_is(closed: Api) -> None:
    assert await closed.call("POST", "/flows/filter", {}, headers=basic("me:päss")) == (200, [])


async def test_bytes_that_are_no_text_are_no_password(closed: Api) -> None:
    assert await send(closed, request("GET /api/version", b"", "Authorization: Basic \xff\xfe"), LAST) == [401, 200]


async def test_liveness_and_readiness_need_no_password(closed: Api) -> None:
    assert await closed.call("GET", "/health") == (200, True)
    assert await closed.call("GET", "/ready") == (200, {"message": "OK"})


# Browsers


async def test_a_page_of_another_site_may_call_the_api(api: Api) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-foo,content-type"}
    async with api.client.options("/api/flows/filter", headers={"Origin": "http://x.example", **asked}) as answer:
        assert answer.status == 200
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "PATCH" in answer.headers["Access-Control-Allow-Methods"]
        assert answer.headers["Access-Control-Allow-Headers"] == "x-foo,content-type"
    for path in ("/flows/count", "/flows/", f"/flows/{uuid4()}"):
        async with api.client.post("/api" + path, json={}, headers={"Origin": "http://x.example"}) as answer:
            assert answer.headers["Access-Control-Allow-Origin"] == "*"


async def test_who_names_no_origin_gets_no_such_header(api: Api) -> None:
    async with api.client.get("/api/health") as answer:
        assert "Access-Control-Allow-Origin" not in answer.headers


# Compression


@pytest.mark.parametrize(
    ("asked", "packed"),
    [("gzip", True), ("gzip, deflate, br", True), ("br;q=1.0, gzip;q=0.5", True), ("gzip;q=0", False), ("br", False)],
)
async def test_large_answers_are_compressed_when_asked_for(api: Api, asked: str, packed: bool) -> None:
    for at in range(20):
        await api.post("/flows/", {"name": f"flow-{at}", "tags": ["x" * 50]})
    async with api.client.post("/api/flows/filter", json={}, headers={"Accept-Encoding": asked}) as answer:
        assert (answer.headers.get("Content-Encoding") == "gzip") is packed
        assert len(await answer.json()) == 20


async def test_small_answers_are_not_compressed(api: Api) -> None:
    async with api.client.get("/api/health", headers={"Accept-Encoding": "gzip"}) as answer:
        assert "Content-Encoding" not in answer.headers


# Trouble


async def test_in_maintenance_clients_are_told_to_come_back(api: Api) -> None:
    api.context.lifecycle.enter(Phase.MAINTENANCE, "The schema is being reset.")
    for method, path in (("POST", "/flows/filter"), ("GET", "/health"), ("GET", "/nothing")):
        async with api.client.request(method, "/api" + path) as answer:
            assert answer.status == 503
            assert float(answer.headers["Retry-After"]) > 0
            assert answer.headers["Prefect-Maintenance"] == "true"
            assert (await answer.json())["detail"] == "The schema is being reset."


async def test_a_failure_nobody_foresaw_has_a_number_and_no_traceback(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    api.context.db = None  # type: ignore[assignment]  (stands for a defect)
    async with api.client.post("/api/flows/count", json={}) as answer:
        text = await answer.text()
        assert answer.status == 500
        assert json.loads(text)["exception_message"] == "Internal Server Error"
        assert "Traceback" not in text
        number = answer.headers["X-Request-Id"]
    assert any(number in record.getMessage() and record.exc_info for record in caplog.records)
    api.context.db = api.db
    assert await still_answers(api)
