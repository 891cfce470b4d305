"""/events/in and POST /events: what is taken, what is refused, and what an answer promises."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError
from msgspec.structs import replace
from sqlalchemy import func, select

from orchd.db import Tx
from orchd.db.tables import event, event_resource
from orchd.domain.lifecycle import Phase
from tests.api.conftest import Api
from tests.api.event_kit import Sender, an_event

SOCKETS = ("/api/events/in", "/api/events/out", "/api/logs/out")


def require(api: Api, auth_string: str) -> None:
    """From now on the server asks for this."""
    settings = api.context.settings
    api.context.settings = replace(settings, auth=replace(settings.auth, auth_string=auth_string))


async def kept(api: Api) -> list[str]:
    """The names of the events in the log, in its order."""

    def ask(tx: Tx) -> list[str]:
        return [row[0] for row in tx.execute(select(event.c.event).order_by(event.c.seq))]

    return await api.db.read(ask)


async def resources(api: Api) -> int:
    return await api.db.read(lambda tx: tx.execute(select(func.count()).select_from(event_resource)).scalar_one())


async def ending(socket: ClientWebSocketResponse) -> tuple[int | None, str]:
    """How the server closed: the code, and the reason it gave."""
    message = await socket.receive(timeout=10)
    assert message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.ERROR)
    return socket.close_code, message.extra or ""


@pytest.mark.parametrize("path", SOCKETS)
@pytest.mark.parametrize(
    ("auth_string", "first", "expected"),
    [
        pytest.param("", {"type": "hello"}, (1008, "Expected 'auth' message"), id="another message"),
        pytest.param("", [], (1008, "Expected 'auth' message"), id="not an object"),
        pytest.param("me:secret", {"type": "auth"}, (1008, "Auth required but no token provided"), id="no token"),
        pytest.param(
            "me:secret", {"type": "auth", "token": None}, (1008, "Auth required but no token provided"), id="null"
        ),
        pytest.param(
            "me:secret", {"type": "auth", "token": ""}, (1008, "Auth required but no token provided"), id="empty"
        ),
        pytest.param("me:secret", {"type": "auth", "token": "me:guess"}, (1008, "Invalid token"), id="wrong token"),
        pytest.param("me:secret", {"type": "auth", "token": 7}, (1008, "Invalid token"), id="token of another type"),
    ],
)
async def test_a_client_that_introduces_itself_wrongly_is_sent_away(
    api: Api, path: str, auth_string: str, first: Any, expected: tuple[int, str]
) -> None:
    require(api, auth_string)
    async with api.client.ws_connect(path, protocols=["prefect"]) as socket:
        assert socket.protocol == "prefect"
        await socket.send_json(first)
        assert await ending(socket) == expected


@pytest.mark.parametrize("path", SOCKETS)
async def test_a_first_message_that_is_no_json_breaks_the_connection(api: Api, path: str) -> None:
    async with api.client.ws_connect(path, protocols=["prefect"]) as socket:
        await socket.send_str("hello")
        assert (await ending(socket))[0] == 1006


@pytest.mark.parametrize("path", SOCKETS)
@pytest.mark.parametrize(
    ("auth_string", "token"),
    [
        pytest.param("", None, id="nothing is asked, null"),
        pytest.param("", "anything", id="nothing is asked, anything"),
        pytest.param("me:secret", "me:secret", id="the right one"),
    ],
)
async def test_a_client_that_introduces_itself_is_let_in(
    api: Api, path: str, auth_string: str, token: str | None
) -> None:
    require(api, auth_string)
    assert not (await Sender.connect(api, path, token)).socket.closed


@pytest.mark.parametrize("path", SOCKETS)
async def test_without_the_sub_protocol_nobody_can_authenticate(api: Api, path: str) -> None:
    require(api, "me:secret")
    with pytest.raises(WSServerHandshakeError) as refused:
        await api.client.ws_connect(path)
    assert refused.value.status == 403


async def test_a_client_of_the_old_kind_sends_events_at_once(api: Api) -> None:
    sender = Sender(await api.client.ws_connect("/api/events/in", autoping=False))
    await sender.tell(an_event("first"))
    assert await kept(api) == ["first"]


async def test_a_plain_request_finds_nothing_there(api: Api) -> None:
    assert await api.call("GET", "/events/in") == (404, {"detail": "Not Found"})


async def test_what_a_pong_confirms_is_in_the_database(api: Api) -> None:
    sender = await Sender.connect(api)
    for burst in range(5):
        await sender.tell(*(an_event(f"{burst}-{number}") for number in range(50)))
        assert await kept(api) == [f"{before}-{number}" for before in range(burst + 1) for number in range(50)]


async def test_events_of_many_sockets_are_all_kept(api: Api) -> None:
    senders = [await Sender.connect(api) for _ in range(8)]
    await asyncio.gather(*(sender.tell(*(an_event() for _ in range(300))) for sender in senders))
    assert len(await kept(api)) == 2400


async def test_an_event_told_twice_is_kept_once(api: Api) -> None:
    told = an_event(related=[{"prefect.resource.id": "till.1", "prefect.resource.role": "till"}])
    for _ in range(2):
        sender = await Sender.connect(api)
        await sender.tell(told, told)
    await api.post("/events", [told])
    assert (len(await kept(api)), await resources(api)) == (1, 2)


async def test_what_was_read_before_a_clean_close_is_kept(api: Api) -> None:
    sender = await Sender.connect(api)
    await sender.send(*(an_event(str(number)) for number in range(200)))
    await sender.socket.close()
    while len(await kept(api)) < 200:  # the test's own time limit bounds this
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param("no json", id="not JSON"),
        pytest.param("[]", id="not an object"),
        pytest.param(json.dumps({**an_event(), "id": "7"}), id="an id that is no UUID"),
        pytest.param(json.dumps({**an_event(), "resource": {}}), id="a resource without id"),
        pytest.param(json.dumps({**an_event(), "resource": {"prefect.resource.id": ""}}), id="an empty resource id"),
        pytest.param(json.dumps(an_event("x" * 1025)), id="a name that is too long"),
        pytest.param(json.dumps(an_event(payload=[])), id="a payload that is no object"),
        pytest.param(json.dumps(an_event(occurred="0001-01-01T00:00:00+14:00")), id="a moment before time"),
        pytest.param(json.dumps(an_event(related=[{"prefect.resource.id": "a"}])), id="a related one without role"),
        pytest.param(
            json.dumps(an_event(resource={"prefect.resource.id": "a"} | {str(n): "" for n in range(500)})),
            id="501 labels",
        ),
        pytest.param(
            json.dumps(an_event(related=[{"prefect.resource.id": "a", "prefect.resource.role": "b"}] * 101)),
            id="101 related resources",
        ),
        pytest.param('{"payload":' + "[" * 50_000 + "]" * 50_000 + "}", id="nested too deeply"),
        pytest.param(json.dumps(an_event(payload={"a": "HALF"})).replace("HALF", "\\ud800"), id="half a character"),
    ],
)
async def test_what_is_no_event_ends_the_socket_and_spares_what_came_before(api: Api, bad: str) -> None:
    sender = await Sender.connect(api)
    await sender.send(an_event("before"))
    await sender.socket.send_str(bad)
    code, reason = await ending(sender.socket)
    assert code == 1007
    assert reason.startswith("Not an event: ")
    await (await Sender.connect(api)).tell(an_event("after"))
    assert await kept(api) == ["before", "after"]
    status, _ = await api.call("POST", "/events", data=f"[{bad}]", headers={"Content-Type": "application/json"})
    assert status == 422


async def test_one_wrong_event_refuses_the_whole_post(api: Api) -> None:
    status, answer = await api.call("POST", "/events", [an_event(), {"event": "half"}])
    assert (status, answer["exception_detail"][0]["loc"]) == (422, ["body", 1])
    assert await kept(api) == []


async def test_a_post_is_answered_when_its_events_are_kept(api: Api) -> None:
    assert await api.call("POST", "/events", [an_event("a"), an_event("b")]) == (204, "")
    assert await kept(api) == ["a", "b"]
    assert await api.call("POST", "/events", []) == (204, "")


async def test_an_event_that_is_too_large_is_dropped_without_a_word(api: Api) -> None:
    large = an_event("large", payload={"text": "x" * 1_500_000})
    sender = await Sender.connect(api)
    await sender.tell(large, an_event("small"))
    assert await api.call("POST", "/events", [large]) == (204, "")
    assert await kept(api) == ["small"]


async def test_unknown_fields_and_a_received_of_the_clients_own_are_ignored(api: Api) -> None:
    await api.post("/events", [an_event("a", received="1999-01-01T00:00:00Z", mood="good")])
    [found] = (await api.post("/events/filter", {}))["events"]
    assert found["received"] > "2020"
    assert "mood" not in found


async def test_a_nul_is_taken_out_of_every_string(api: Api) -> None:
    await api.post("/events", [an_event("a\0b", "c\0d", payload={"e\0": ["f\0"]}, related=[])])
    [found] = (await api.post("/events/filter", {}))["events"]
    assert (found["event"], found["resource"]["prefect.resource.id"], found["payload"]) == ("ab", "cd", {"e": ["f"]})


async def test_a_resource_may_have_an_id_of_any_length(api: Api) -> None:
    long = "".join(str(uuid4()) for _ in range(300))
    await api.post(
        "/events", [an_event("a", long, related=[{"prefect.resource.id": long, "prefect.resource.role": long}])]
    )
    [found] = (await api.post("/events/filter", {}))["events"]
    assert found["resource"]["prefect.resource.id"] == long


async def test_a_client_waits_out_a_maintenance(api: Api) -> None:
    sender = await Sender.connect(api)
    await sender.tell(an_event("before"))
    api.context.lifecycle.enter(Phase.MAINTENANCE, "The database is reset.")
    assert (await ending(sender.socket))[0] == 1012
    again = asyncio.create_task(Sender.connect(api))
    assert (await api.call("GET", "/hello"))[0] == 503
    assert not again.done()
    api.context.lifecycle.enter(Phase.READY, "")
    await (await again).tell(an_event("after"))
    assert await kept(api) == ["before", "after"]


async def test_a_client_that_comes_while_the_server_stops_is_sent_away(api: Api) -> None:
    api.context.lifecycle.enter(Phase.DRAINING, "The daemon stops.")
    async with api.client.ws_connect("/api/events/in", protocols=["prefect"]) as socket:
        assert await ending(socket) == (1012, "The daemon stops.")
