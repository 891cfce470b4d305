"""Background tasks: each scheduled run goes to one worker that says it has it, whatever happens on the way."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType
from aiohttp.test_utils import TestClient, TestServer

from orchd.api._context import Context
from orchd.api._server import application
from orchd.config.settings import Settings
from orchd.db import Database
from orchd.db.database import open_database
from orchd.domain import task_deliveries, task_workers
from orchd.domain.lifecycle import Phase
from orchd.domain.task_deliveries import Taker
from orchd.domain.task_workers import LIFE, Connection
from orchd.kit.clock import utc_now
from tests.api.conftest import Api

PATH = "/api/task_runs/subscriptions/scheduled"
SECOND = timedelta(seconds=1)


class Worker:
    """A task worker as the client has it: it confirms what it is sent at once, unless a test wants it otherwise."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket

    async def sent(self) -> str:
        """The id of the next task run that it is sent."""
        run = await self.socket.receive_json(timeout=20)
        assert run["state"]["type"] == "SCHEDULED"
        return str(run["id"])

    async def say(self, word: str) -> None:
        await self.socket.send_json({"type": word})

    async def takes(self, count: int = 1) -> list[str]:
        """The next task runs, each confirmed."""
        taken = []
        for _ in range(count):
            taken.append(await self.sent())
            await self.say("ack")
        return taken

    async def end(self) -> tuple[int, str]:
        message = await self.socket.receive(timeout=20)
        assert message.type is WSMsgType.CLOSE, message
        return message.data, message.extra or ""


@asynccontextmanager
async def connected(api: Api) -> AsyncIterator[ClientWebSocketResponse]:
    async with api.client.ws_connect(PATH, protocols=["prefect"]) as socket:
        await socket.send_json({"type": "auth", "token": None})
        assert await socket.receive_json(timeout=10) == {"type": "auth_success"}
        yield socket


@asynccontextmanager
async def a_worker(api: Api, *keys: str, name: str | None = None) -> AsyncIterator[Worker]:
    """One that is connected and known to be; one without a name is known to have gone, in the end."""
    client = name or str(uuid4())
    async with connected(api) as socket:
        await socket.send_json({"type": "subscribe", "keys": list(keys) or ["send"], "client_id": client})
        await listed(api, lambda found: client in {each["identifier"] for each in found})
        yield Worker(socket)
    if name is None:
        await listed(api, lambda found: client not in {each["identifier"] for each in found})


async def listed(api: Api, wanted: Any, body: Any = None) -> list[dict[str, Any]]:
    """The workers that are connected, as soon as they are as wanted."""
    async with asyncio.timeout(20):
        while not wanted(found := await api.post("/task_workers/filter", body or {})):
            await asyncio.sleep(0.02)
    workers: list[dict[str, Any]] = found
    return workers


async def delayed(api: Api, key: str = "send", **state: Any) -> str:
    """A task run as `task.delay()` makes it."""
    details = {"deferred": True, "task_parameters_id": str(uuid4())}
    body = {
        "task_key": key,
        "dynamic_key": str(uuid4()),
        "state": {"type": "SCHEDULED", "state_details": details, **state},
    }
    return str((await api.post("/task_runs/", body))["id"])


@asynccontextmanager
async def another_server(api: Api, settings: Settings) -> AsyncIterator[Api]:
    """A second daemon on the same database."""
    db = await open_database(settings.database)
    client = TestClient(TestServer(application(Context(settings=settings, db=db, lifecycle=api.context.lifecycle))))
    await client.start_server()
    yield Api(client, Context(settings=settings, db=db, lifecycle=api.context.lifecycle))
    await client.close()
    await db.close()


@pytest.mark.parametrize(
    ("message", "missing"),
    [
        ([], "'subscribe' message"),
        ({"type": "hello"}, "'subscribe' message"),
        ({"type": "subscribe", "client_id": "c"}, "'keys' in subscribe message"),
        ({"type": "subscribe", "keys": "a", "client_id": "c"}, "'keys' in subscribe message"),
        ({"type": "subscribe", "keys": ["a\0"], "client_id": "c"}, "'keys' in subscribe message"),
        ({"type": "subscribe", "keys": ["a"] * 1001, "client_id": "c"}, "'keys' in subscribe message"),
        ({"type": "subscribe", "keys": ["a"]}, "'client_id' in subscribe message"),
    ],
)
async def test_who_does_not_subscribe_is_told_what_is_missing(api: Api, message: Any, missing: str) -> None:
    async with connected(api) as socket:
        await socket.send_json(message)
        assert await Worker(socket).end() == (4001, f"Protocol violation: expected {missing}")


async def test_runs_are_sent_in_their_order_those_to_retry_first(api: Api) -> None:
    first = [await delayed(api) for _ in range(3)]
    again = await delayed(api, name="AwaitingRetry")
    await delayed(api, "another")
    await delayed(api, state_details={"deferred": False})
    async with a_worker(api) as worker:
        assert await worker.takes(4) == [again, *first]
        later = await delayed(api)
        assert await worker.takes() == [later]
    details = {"deferred": True}
    body = {"state": {"type": "SCHEDULED", "name": "AwaitingRetry", "state_details": details}}
    last = await delayed(api)
    await api.post(f"/task_runs/{later}/set_state", body)
    async with a_worker(api, "send", "none") as worker:
        assert await worker.takes(2) == [later, last]


async def test_what_was_sent_is_the_whole_run(api: Api) -> None:
    run = await delayed(api)
    async with a_worker(api) as worker:
        sent = await worker.socket.receive_json(timeout=20)
        stored = await api.get(f"/task_runs/{run}")
    moving = {"estimated_start_time_delta", "estimated_run_time"}
    assert {name: sent[name] for name in sent.keys() - moving} == {
        name: stored[name] for name in stored.keys() - moving
    }
    assert sent["state"]["state_details"]["deferred"] is True


async def test_what_a_worker_does_not_confirm_comes_back_first(api: Api) -> None:
    one, two, three = [await delayed(api) for _ in range(3)]
    async with a_worker(api) as lost:
        assert await lost.sent() == one
    async with a_worker(api) as confused:
        assert await confused.sent() == one
        await confused.socket.send_str("what?")
        assert await confused.sent() == one
        await confused.say("no")
        assert await confused.takes() == [one]
        assert await confused.sent() == two
        await confused.say("quit")
        assert await confused.end() == (1000, "")
    async with a_worker(api) as last:
        assert await last.takes(2) == [two, three]


async def test_a_run_that_moved_on_is_not_sent(api: Api) -> None:
    cancelled, deleted, kept = [await delayed(api) for _ in range(3)]
    await api.post(f"/task_runs/{cancelled}/set_state", {"state": {"type": "CANCELLED"}, "force": True})
    await api.delete(f"/task_runs/{deleted}")
    async with a_worker(api) as worker:
        assert await worker.takes() == [kept]


async def test_what_a_worker_says_unasked_is_no_confirmation(api: Api) -> None:
    async with a_worker(api) as worker:
        await worker.say("ack")
        await worker.say("quit")
        await listed(api, bool)  # by now it was heard
        run = await delayed(api)
        assert await worker.sent() == run
    async with a_worker(api) as worker:
        assert await worker.takes() == [run]


async def test_servers_on_one_database_share_the_work(api: Api, settings: Settings) -> None:
    """Two daemons on PostgreSQL; on SQLite there is one."""
    async with AsyncExitStack() as stack:
        servers = [api]
        if not settings.database.url.is_sqlite:
            servers.append(await stack.enter_async_context(another_server(api, settings)))
        workers = [
            await stack.enter_async_context(a_worker(server, "send", f"own-{n}", name=f"{n}"))
            for n, server in enumerate(servers * 3)
        ]
        assert len(await listed(api, lambda found: len(found) == len(workers))) == len(workers)
        taken: dict[str, list[str]] = {}

        async def work(name: str, worker: Worker) -> None:
            taken[name] = []
            while True:
                taken[name] += await worker.takes()

        tasks = [asyncio.create_task(work(str(n), worker)) for n, worker in enumerate(workers)]
        runs = [await delayed(servers[n % len(servers)]) for n in range(60)]
        own = {await delayed(api, f"own-{n}"): str(n) for n in range(len(workers))}
        async with asyncio.timeout(30):
            while sum(map(len, taken.values())) < len(runs) + len(own):
                await asyncio.sleep(0.02)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert Counter(run for some in taken.values() for run in some) == Counter([*runs, *own])
    assert all(run in taken[name] for run, name in own.items())


async def test_workers_are_listed_while_they_are_connected(api: Api) -> None:
    async with a_worker(api, "a", "b", name="one"), a_worker(api, "c", name="two"):
        found = await listed(api, lambda found: len(found) == 2)
        assert {each["identifier"]: each["task_keys"] for each in found} == {"one": ["a", "b"], "two": ["c"]}
        assert all(each["timestamp"] <= utc_now().isoformat() for each in found)
        for keys, names in ((["b", "c"], {"one", "two"}), (["c", "d"], {"two"}), (["d"], set()), ([], {"one", "two"})):
            asked = {"task_worker_filter": {"task_keys": keys}}
            assert {each["identifier"] for each in await api.post("/task_workers/filter", asked)} == names
        async with a_worker(api, "d", name="two"):
            found = await listed(api, lambda found: any("d" in each["task_keys"] for each in found))
            assert {each["identifier"]: each["task_keys"] for each in found}["two"] == ["c", "d"]
    await listed(api, lambda found: not found)
    status, _ = await api.call("POST", "/task_workers/filter", {"task_worker_filter": {"colour": 1}})
    assert status == 422


async def test_what_a_dead_server_had_sent_is_for_others(api: Api) -> None:
    run = UUID(await delayed(api))
    dead, other = (Connection(uuid4(), name, frozenset({"send"})) for name in ("dead", "other"))
    now = utc_now()
    await api.db.write(task_workers.renew, [dead, other], now)
    takers = {each: [Taker(each.id, each.keys)] for each in (dead, other)}
    assert set(await api.db.write(task_deliveries.hand_out, takers[dead], now)) == {dead.id}
    await api.db.write(task_workers.renew, [other], now + LIFE)
    assert await api.db.write(task_deliveries.hand_out, takers[other], now) == {}
    await api.db.write(task_workers.renew, [other], now + LIFE + SECOND)
    assert await api.db.write(task_deliveries.hand_out, takers[dead], now) == {}
    given = await api.db.write(task_deliveries.hand_out, takers[other], now)
    assert {worker: sent.id for worker, sent in given.items()} == {other.id: run}
    await api.db.write(task_deliveries.confirm, dead.id, run)  # it is not his any more
    await api.db.write(task_workers.leave, [other.id])
    async with a_worker(api) as worker:
        assert await worker.takes() == [str(run)]


async def test_nobody_who_waits_longer_is_passed_over(db: Database, api: Api) -> None:
    keys = [f"k{n}" for n in range(3)]
    runs = {await delayed(api, key): key for key in reversed(keys)}
    connections = [Connection(uuid4(), f"{n}", frozenset(keys[n:])) for n in range(3)]
    now = utc_now()
    await db.write(task_workers.renew, connections, now)
    takers = [Taker(each.id, each.keys) for each in connections]
    given = await db.write(task_deliveries.hand_out, takers, now)
    assert [runs[str(given[taker.worker].id)] for taker in takers[:2]] == ["k2", "k1"]


async def test_a_worker_is_sent_away_when_the_server_stops_serving(api: Api) -> None:
    run = await delayed(api)
    async with a_worker(api) as worker:
        assert await worker.sent() == run
        api.context.lifecycle.enter(Phase.DRAINING, "")
        code, _ = await worker.end()
        assert code == 1012
    api.context.lifecycle.enter(Phase.READY, "")
    async with a_worker(api) as worker:
        assert await worker.takes() == [run]
