"""/events/out and /logs/out: the past, the present, and what becomes of those who do not listen."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType
from msgspec.structs import replace

from orchd.db import Tx
from orchd.domain.events import emit
from orchd.domain.lifecycle import Phase
from orchd.wire.events import Event
from tests.api.conftest import Api
from tests.api.event_kit import an_event

MINUTE = timedelta(minutes=1)
AHEAD = 365 * 24 * 60 * MINUTE
OUT = ("/api/events/out", "/api/logs/out")


def asking(since: timedelta = MINUTE, **more: Any) -> dict[str, Any]:
    """A filter as clients send it: everything spelt out."""
    now = datetime.now(UTC)
    return {
        "occurred": {"since": (now - since).isoformat(), "until": (now + AHEAD).isoformat()},
        "event": None, "resource": None, "related": None, "any_resource": None, "id": {"id": []}, "order": "DESC",
        **more,
    }  # fmt: skip


@asynccontextmanager
async def connected(api: Api, path: str) -> AsyncIterator[ClientWebSocketResponse]:
    async with api.client.ws_connect(path, protocols=["prefect"]) as socket:
        await socket.send_json({"type": "auth", "token": None})
        assert await socket.receive_json(timeout=10) == {"type": "auth_success"}
        yield socket


class Listener:
    """A client of /events/out."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket

    async def hear(self) -> dict[str, Any]:
        """The next event."""
        message = await self.socket.receive_json(timeout=20)
        assert set(message) == {"type", "event"}
        assert message["type"] == "event"
        event: dict[str, Any] = message["event"]
        return event

    async def names(self, count: int) -> list[str]:
        return [(await self.hear())["event"] for _ in range(count)]

    async def settle(self, api: Api) -> None:
        """Waits until the listener hears what is told now: it has joined, then."""
        probe = f"probe.{uuid4()}"
        while True:
            await api.post("/events", [an_event(probe)])
            try:
                async with asyncio.timeout(1):
                    while (await self.hear())["event"] != probe:
                        pass
                return
            except TimeoutError:
                continue


@asynccontextmanager
async def listening(api: Api, asked: dict[str, Any] | None = None, *, backfill: bool = True) -> AsyncIterator[Listener]:
    async with connected(api, "/api/events/out") as socket:
        await socket.send_json({"type": "filter", "filter": asked or asking(), "backfill": backfill})
        yield Listener(socket)


async def tell(api: Api, *names: str, **more: Any) -> None:
    await api.post("/events", [an_event(name, **more) for name in names])


@pytest.mark.parametrize("path", OUT)
@pytest.mark.parametrize(
    ("message", "reason"),
    [
        pytest.param({"type": "hello"}, "Expected 'filter' message", id="another type"),
        pytest.param([], "Expected 'filter' message", id="no object"),
        pytest.param({"type": "filter"}, "Invalid filter: 'filter'", id="no filter"),
        pytest.param({"type": "filter", "filter": {"colour": 1}}, "Invalid filter: ", id="an unknown key"),
        pytest.param({"type": "filter", "filter": None}, "Invalid filter: ", id="null"),
        pytest.param({"type": "filter", "filter": {"x" * 1000: 1}}, "Invalid filter: ", id="a long reason"),
    ],
)
async def test_a_wrong_filter_is_told_why(api: Api, path: str, message: Any, reason: str) -> None:
    async with connected(api, path) as socket:
        await socket.send_json(message)
        end = await socket.receive(timeout=10)
        assert (end.type, end.data) == (WSMsgType.CLOSE, 1002)
        assert str(end.extra).startswith(reason)


async def test_the_past_comes_first_oldest_first_then_the_present(api: Api) -> None:
    now = datetime.now(UTC)
    past = [an_event(str(at), occurred=(now + timedelta(milliseconds=at)).isoformat()) for at in range(600)]
    await api.post("/events", list(reversed(past)))
    async with listening(api) as listener:
        assert await listener.names(600) == [str(at) for at in range(600)]
        await tell(api, "now")
        assert await listener.names(1) == ["now"]


async def test_without_backfill_only_the_present_comes(api: Api) -> None:
    await tell(api, "before")
    async with listening(api, backfill=False) as listener:
        await listener.settle(api)
        await tell(api, "after")
        assert await listener.names(1) == ["after"]


async def test_the_past_ends_a_quarter_of_an_hour_ago(api: Api) -> None:
    now = datetime.now(UTC)
    for name, age in {"old": 16 * MINUTE, "recent": 14 * MINUTE}.items():
        await tell(api, name, occurred=(now - age).isoformat())
    async with listening(api, asking(since=24 * 60 * MINUTE)) as listener:
        assert await listener.names(1) == ["recent"]


async def test_one_who_names_no_end_hears_the_present(api: Api) -> None:
    async with listening(api, {}) as listener:
        await listener.settle(api)


async def test_an_event_goes_out_as_storage_answers_it(api: Api) -> None:
    async with listening(api) as listener:
        await listener.settle(api)
        await tell(api, "full", payload={"deep": [1, {"a": None}]})
        heard = await listener.hear()
        stored = await api.post("/events/filter", {"filter": {"event": {"name": ["full"]}}})
        assert heard == stored["events"][0]


async def test_an_event_is_heard_once(api: Api) -> None:
    event = an_event("once")
    async with listening(api) as listener:
        await listener.settle(api)
        await api.post("/events", [event])
        await api.post("/events", [event])
        await tell(api, "end")
        assert await listener.names(2) == ["once", "end"]


async def test_only_what_matches_is_heard(api: Api) -> None:
    related = [{"prefect.resource.id": "till.1", "prefect.resource.role": "till"}]
    async with listening(api, asking(event={"prefix": ["a."]}, related={"role": ["till"]})) as listener:
        for _ in range(3):
            await tell(api, "a.1", "b.1", "b.2")
            await tell(api, "a.2", "b.3", related=related)
        assert await listener.names(3) == ["a.2"] * 3


async def test_fifty_listeners_hear_everything_in_one_order(api: Api) -> None:
    async with asyncio.TaskGroup() as group:
        ready, heard = asyncio.Semaphore(0), []

        async def listen() -> None:
            async with listening(api, asking(event={"prefix": ["n."]})) as listener:
                ready.release()
                heard.append(await listener.names(300))

        for _ in range(50):
            group.create_task(listen())
        for _ in range(50):
            await ready.acquire()
        for start in range(0, 300, 10):
            await tell(api, *(f"n.{at}" for at in range(start, start + 10)))
    assert len(heard) == 50
    assert all(each == heard[0] for each in heard)
    assert sorted(heard[0], key=lambda name: int(name[2:])) == [f"n.{at}" for at in range(300)]


async def test_what_orchd_itself_tells_is_heard(api: Api) -> None:
    def change(tx: Tx, now: datetime) -> None:
        own = Event(id=uuid4(), occurred=now, event="own", resource={"prefect.resource.id": "orchd"})
        emit(tx, own, now, last=True)

    async with listening(api) as listener:
        await listener.settle(api)
        await api.db.write(change, datetime.now(UTC))
        assert await listener.names(1) == ["own"]


async def test_an_event_committed_late_is_not_passed_over(api: Api, schema_url: str) -> None:
    """Its number is given before those of others that are committed, and heard, earlier."""
    if not schema_url.startswith("postgresql"):
        return  # SQLite has one writer
    slow = asyncio.Event()

    async def write_slowly() -> None:
        connection = await asyncpg.connect(schema_url)
        now = datetime.now(UTC)
        async with connection.transaction():
            await connection.execute(
                "INSERT INTO event (id, occurred, received, event, resource_id, resource, related, payload)"
                " VALUES ($1, $2, $2, 'late', 'x', '{\"prefect.resource.id\": \"x\"}', '[]', '{}')", uuid4(), now
            )  # fmt: skip
            await slow.wait()
        await connection.close()

    async with listening(api) as listener:
        await listener.settle(api)
        writer = asyncio.create_task(write_slowly())
        await listener.settle(api)
        await tell(api, "early")
        assert await listener.names(1) == ["early"]
        slow.set()
        await writer
        await tell(api, "last")
        assert await listener.names(2) == ["late", "last"]


async def test_one_who_does_not_listen_is_cut_off_and_harms_nobody(api: Api) -> None:
    services = api.context.settings.services
    delivery = replace(services.event_delivery, subscriber_buffer=16)
    api.context.settings = replace(api.context.settings, services=replace(services, event_delivery=delivery))
    payload = {"text": "x" * 100_000}
    async with listening(api) as deaf, listening(api, asking(event={"prefix": ["small"]})) as other:
        await deaf.settle(api)
        transport = deaf.socket._conn.transport  # type: ignore[union-attr]
        transport.pause_reading()
        for at in range(300):
            await tell(api, f"large.{at}", payload=payload)
            if at % 100 == 0:
                await tell(api, f"small.{at}")
        assert await other.names(3) == ["small.0", "small.100", "small.200"]
        transport.resume_reading()
        heard = 0
        while (await deaf.socket.receive(timeout=20)).type is WSMsgType.TEXT:
            heard += 1
        assert heard < 300


@pytest.mark.parametrize("path", OUT)
async def test_listeners_are_sent_away_when_the_server_stops_serving(api: Api, path: str) -> None:
    async with connected(api, path) as socket:
        await socket.send_json({"type": "filter", "filter": {}})
        api.context.lifecycle.enter(Phase.DRAINING, "The daemon stops.")
        end = await socket.receive(timeout=10)
        assert (end.type, end.data) == (WSMsgType.CLOSE, 1012)


async def test_a_listener_s_ping_is_answered_and_its_words_are_not(api: Api) -> None:
    async with api.client.ws_connect("/api/events/out", protocols=["prefect"], autoping=False) as socket:
        await socket.send_json({"type": "auth", "token": None})
        await socket.receive_json(timeout=10)
        await socket.send_json({"type": "filter", "filter": asking()})
        await socket.send_str("no json")
        await socket.ping(b"there?")
        message = await socket.receive(timeout=10)
        assert (message.type, message.data) == (WSMsgType.PONG, b"there?")


def a_line(message: str, level: int = 20) -> dict[str, Any]:
    return {"name": "prefect", "level": level, "message": message, "timestamp": datetime.now(UTC).isoformat()}


async def test_log_lines_that_match_are_heard_as_they_are_written(api: Api) -> None:
    async with connected(api, "/api/logs/out") as socket:
        await socket.send_json({"type": "filter", "filter": {"level": {"ge_": 20}}})
        heard: dict[str, Any] = {}
        while not heard:  # there is no backfill: say it until somebody listens
            await api.post("/logs/", [a_line("too low", 10), a_line("first")])
            with suppress(TimeoutError):
                heard = await socket.receive_json(timeout=1)
        assert (heard["type"], heard["log"]["message"]) == ("log", "first")
        await api.post("/logs/", [a_line("too low", 10), a_line("second"), a_line("third", 50)])
        while heard["log"]["message"] == "first":
            heard = await socket.receive_json(timeout=10)
        assert heard["log"]["message"] == "second"
        heard = await socket.receive_json(timeout=10)
        [stored] = await api.post("/logs/filter", {"logs": {"level": {"ge_": 50}}})
        assert heard == {"type": "log", "log": stored}
