"""Two servers on one PostgreSQL: both serve, and neither undoes what the other does."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from tests.kit.daemon import Daemon
from tests.kit.postgres import Postgres
from tests.loss.checks import (
    events_have_their_resources,
    flow_run_states_have_their_events,
    flow_runs_have_their_states,
)
from tests.loss.client import Client, Socket
from tests.loss.load import run_body
from tests.loss.looked import Stored

PATIENCE = 60.0  # seconds for what must happen some time
RUNS, WRITERS, PROPOSALS = 4, 6, 15  # writers of one run: half of them on each server


@pytest.fixture(scope="module")
def servers(postgres: Postgres) -> Iterator[tuple[Daemon, Daemon]]:
    """Both are started at once, on an empty database."""
    url = postgres.create_database()
    with ExitStack() as stack, ThreadPoolExecutor(2) as starting:
        pair = Daemon(url), Daemon(url)
        for each in pair:
            stack.callback(each.remove)
        list(starting.map(lambda each: each.start(), pair))
        yield pair
    postgres.drop_database(url)


async def _a_run(client: Client, state: str = "PENDING") -> UUID:
    flow = await client.ask("POST", "/flows/", {"name": "shared"})
    return UUID((await client.ask("POST", "/flow_runs/", run_body(flow["id"], "shared", None, state)))["id"])


async def _force(client: Client, run: UUID, count: int) -> list[UUID]:
    """Proposes states one after the other, whatever others do meanwhile; the ids of those that were stored."""
    stored = []
    for number in range(count):
        proposed = {"type": ("PENDING", "RUNNING")[number % 2], "message": str(uuid4())}
        answer = await client.ask("POST", f"/flow_runs/{run}/set_state", {"state": proposed, "force": True})
        assert answer["status"] == "ACCEPT"
        assert answer["state"]["message"] == proposed["message"]
        stored.append(UUID(answer["state"]["id"]))
    return stored


async def _force_through(one: Client, other: Client, run: UUID) -> list[UUID]:
    """The same by several at once, through both servers."""
    writers = [_force(client, run, PROPOSALS) for client in (one, other) * (WRITERS // 2)]
    return list(itertools.chain(*await asyncio.gather(*writers)))


async def test_states_set_through_both_servers_form_one_chain(servers: tuple[Daemon, Daemon]) -> None:
    """Each state follows the one before it: none has two successors, so no update was lost."""
    async with Client(servers[0].api) as one, Client(servers[1].api) as other:
        runs = [await _a_run(one) for _ in range(RUNS)]
        acknowledged = await asyncio.gather(*(_force_through(one, other, run) for run in runs))
        for run, stored in zip(runs, acknowledged, strict=True):
            history = await other.ask("GET", f"/flow_run_states/?flow_run_id={run}")
            assert {UUID(state["id"]) for state in history[1:]} == set(stored)
            assert (await one.ask("GET", f"/flow_runs/{run}"))["state"]["id"] == history[-1]["id"]
    database = Stored(servers[0].database_url)
    await _each_state_follows_the_one_before(database, runs)
    await flow_runs_have_their_states(database)
    await flow_run_states_have_their_events(database)
    await events_have_their_resources(database)


async def _each_state_follows_the_one_before(database: Stored, runs: list[UUID]) -> None:
    history: dict[UUID, list[UUID]] = {}
    for run, id in await database.rows("SELECT flow_run_id, id FROM flow_run_state ORDER BY timestamp"):
        history.setdefault(run, []).append(id)
    follows = dict(await database.rows("SELECT id, follows FROM event WHERE event LIKE 'prefect.flow-run.%'"))
    for ids in map(history.__getitem__, runs):
        assert len(ids) == WRITERS * PROPOSALS + 1
        assert [follows[id] for id in ids] == [None, *ids[:-1]]


async def test_a_run_that_both_servers_start_is_started_by_one(servers: tuple[Daemon, Daemon]) -> None:
    """Of two that propose the same step at once, one is accepted: the other is told that it came too late."""
    async with Client(servers[0].api) as one, Client(servers[1].api) as other:
        for _ in range(20):
            run = await _a_run(one, "SCHEDULED")
            body = {"state": {"type": "PENDING"}}
            path = f"/flow_runs/{run}/set_state"
            answers = await asyncio.gather(*(client.ask("POST", path, body) for client in (one, other, one, other)))
            assert sorted(answer["status"] for answer in answers) == ["ABORT", "ABORT", "ABORT", "ACCEPT"]
            assert len(await other.ask("GET", f"/flow_run_states/?flow_run_id={run}")) == 2


async def test_a_key_used_on_both_servers_at_once_makes_one_run(servers: tuple[Daemon, Daemon]) -> None:
    async with Client(servers[0].api) as one, Client(servers[1].api) as other:
        flow = await one.ask("POST", "/flows/", {"name": "keyed"})
        for number in range(20):
            body = run_body(flow["id"], "keyed", f"key-{number}")
            made = await asyncio.gather(*(client.ask("POST", "/flow_runs/", body) for client in (one, other) * 3))
            assert len({run["id"] for run in made}) == 1
        assert await other.ask("POST", "/flow_runs/count", {"flows": {"name": {"any_": ["keyed"]}}}) == 20


async def test_slots_are_granted_once_over_both_servers(servers: tuple[Daemon, Daemon]) -> None:
    """However many ask, no more slots are held than there are."""
    async with Client(servers[0].api) as one, Client(servers[1].api) as other:
        await one.ask("POST", "/v2/concurrency_limits/", {"name": "shared", "limit": 5})
        asked = {"names": ["shared"], "slots": 1, "mode": "concurrency", "lease_duration": 3600}
        path = "/v2/concurrency_limits/increment-with-lease"
        granted = await asyncio.gather(
            *(client.ask("POST", path, asked, fine=(200, 423)) for client in (one, other) * 10)
        )
        assert len([lease for lease in granted if lease]) == 5
        assert (await other.ask("GET", "/v2/concurrency_limits/shared"))["active_slots"] == 5


async def test_a_subscriber_of_one_server_hears_everything_that_the_other_writes(
    servers: tuple[Daemon, Daemon],
) -> None:
    """Transactions of both servers overlap; still no event is passed over, and none comes twice."""
    async with Client(servers[0].api) as one, Client(servers[1].api) as other:
        socket = await other.socket("/events/out")
        meant = {"event": {"prefix": ["prefect.flow-run."]}, "occurred": {"since": datetime.now(UTC).isoformat()}}
        await socket.send({"type": "filter", "filter": meant, "backfill": True})
        hearing = asyncio.create_task(_hear(socket, RUNS * (WRITERS * PROPOSALS + 1)))
        runs = [await _a_run(one) for _ in range(RUNS)]
        stored = await asyncio.gather(*(_force_through(one, other, run) for run in runs))
        heard = await asyncio.wait_for(hearing, PATIENCE)
    assert set(itertools.chain(*stored)) <= set(heard)
    assert max(Counter(heard).values()) == 1
    numbers = await Stored(servers[0].database_url).rows("SELECT seq FROM event")
    assert len(numbers) == len(set(numbers))


async def _hear(socket: Socket, count: int) -> list[UUID]:
    """The ids of that many events, and of those that come with the last of them."""
    heard: list[UUID] = []
    while len(heard) < count:
        heard.append(UUID((await socket.receive())["event"]["id"]))
    return heard


async def test_servers_hear_each_other_again_after_their_connections_were_ended(
    servers: tuple[Daemon, Daemon], postgres: Postgres
) -> None:
    """One that only listens would never notice by itself that nobody can reach it any more."""
    database = Stored(servers[0].database_url)
    listening = """
        SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND (query ILIKE 'listen %' OR query ILIKE 'select pg_notify%')
    """
    before = {pid for (pid,) in await database.rows(listening)}
    assert len(before) == 2
    postgres.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid IN {tuple(before)}")
    limit = time.monotonic() + PATIENCE
    while len(now := {pid for (pid,) in await database.rows(listening)} - before) < 2:
        assert time.monotonic() < limit, f"only {now} listen"
        await asyncio.sleep(0.05)
