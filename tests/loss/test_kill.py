"""Nothing is lost: the server, or its database, is killed at random moments while clients write.

Whatever was acknowledged is there after the restart, every event's change and every change's event; what was not
acknowledged is there whole or not at all. ORCHD_TEST_KILLS says how often, ORCHD_TEST_SEED repeats the same dice.
"""

import asyncio
import os
import random
import time
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest

from tests.kit.daemon import Daemon
from tests.kit.postgres import Postgres
from tests.loss.asked import ask_for_everything
from tests.loss.checks import look_at_everything
from tests.loss.client import Client
from tests.loss.ledger import Ledger
from tests.loss.load import LIMITS, Artifacts, Leases, Logs, Runs, Variables, Writer, keep_writing, run_body
from tests.loss.looked import Stored
from tests.loss.senders import Events
from tests.loss.slots import PLENTY, Slots, slots_add_up

KILLS = int(os.environ.get("ORCHD_TEST_KILLS", "50"))
SHORTEST, LONGEST = 0.02, 0.5  # seconds of load before a kill
WHOLE = 5  # kills after which the whole database is read: nothing mends by itself what one of them broke

Victim = Daemon | Postgres


@pytest.fixture
def rng() -> random.Random:
    seed = int(os.environ.get("ORCHD_TEST_SEED") or random.randrange(2**32))
    print(f"ORCHD_TEST_SEED={seed}")
    return random.Random(seed)


@pytest.fixture
def durable() -> Iterator[Postgres]:
    """A PostgreSQL that may be killed."""
    cluster = Postgres(durable=True)
    yield cluster
    cluster.remove()


@pytest.fixture
def on_sqlite() -> Iterator[Daemon]:
    with Daemon() as orchd:
        yield orchd


@pytest.fixture
def on_postgres(durable: Postgres) -> Iterator[Daemon]:
    with Daemon(durable.create_database()) as orchd:
        yield orchd


@pytest.mark.timeout(900)
@pytest.mark.xdist_group("loss on SQLite")
async def test_sqlite_keeps_what_was_acknowledged_before_orchd_was_killed(
    rng: random.Random, on_sqlite: Daemon
) -> None:
    await _nothing_is_lost(on_sqlite, rng, lambda: [on_sqlite])


@pytest.mark.timeout(900)
@pytest.mark.xdist_group("loss on PostgreSQL")
async def test_postgresql_keeps_what_was_acknowledged_before_it_or_orchd_was_killed(
    rng: random.Random, on_postgres: Daemon, durable: Postgres
) -> None:
    victims: list[list[Victim]] = [[on_postgres], [on_postgres], [durable], [durable, on_postgres]]
    await _nothing_is_lost(on_postgres, rng, lambda: rng.choice(victims))


async def _nothing_is_lost(orchd: Daemon, rng: random.Random, next_victims: Callable[[], list[Victim]]) -> None:
    ledger, stored = Ledger(), Stored(orchd.database_url)
    async with Client(orchd.api) as client:
        writers = await _writers(client, ledger, rng)
        for number in range(1, KILLS + 1):
            await _write_until_killed(writers, client, rng, next_victims())
            await ask_for_everything(client, ledger)
            await slots_add_up(stored)
            if number % WHOLE == 0 or number == KILLS:
                await look_at_everything(stored, ledger)
    await stored.is_sound()
    print(f"{ledger.size()} acknowledged writes, {KILLS} kills")
    assert ledger.size() > 10 * KILLS, "there was hardly anything to lose"


async def _write_until_killed(writers: list[Writer], client: Client, rng: random.Random, victims: list[Victim]) -> None:
    """Most clients give up at the kill, so that its very traces are seen; the others ask on until they are answered."""
    end = asyncio.Event()
    load = asyncio.create_task(keep_writing(writers, client, end))
    await asyncio.wait([load], timeout=rng.uniform(SHORTEST, LONGEST))
    try:
        for victim in victims:
            await asyncio.to_thread(_kill, victim)
        if rng.random() < 0.7:
            end.set()
        for victim in victims:
            await asyncio.to_thread(_bring_back, victim, rng)
    finally:
        end.set()
        await load


def _kill(victim: Victim) -> None:
    if isinstance(victim, Postgres):
        victim.kill9()
    else:
        victim.kill()


def _bring_back(victim: Victim, rng: random.Random) -> None:
    """Starts it; now and then it is killed once more while it starts."""
    if isinstance(victim, Daemon) and rng.random() < 0.1:
        victim.launch()
        time.sleep(rng.uniform(0, 1))
        victim.kill()
    victim.start()


async def _writers(client: Client, ledger: Ledger, rng: random.Random) -> list[Writer]:
    """Clients of every kind, and what they need to begin."""
    for name in LIMITS:
        await client.ask("POST", "/v2/concurrency_limits/", {"name": name, "limit": PLENTY})
    flow = await client.ask("POST", "/flows/", {"name": "reports"})
    ledger.maybe_runs.add("reports")
    run = await client.ask("POST", "/flow_runs/", run_body(flow["id"], "reports", None))
    return [
        *(Runs(ledger, rng) for _ in range(3)),
        Slots(ledger, rng),
        *(Events(ledger, rng, UUID(run["id"])) for _ in range(2)),
        Logs(ledger, rng),
        Variables(ledger, rng),
        Artifacts(ledger),
        Leases(ledger, rng),
    ]
