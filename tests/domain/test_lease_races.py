"""Two transactions over one lease, the second held up in the midst of the first; only PostgreSQL has two at once."""

import asyncio

import asyncpg
import pytest

from orchd.config.settings import Settings
from orchd.db import Database
from orchd.domain import leases
from orchd.wire.v2_concurrency_limits import Leased
from tests.kit.rows import NOON
from tests.kit.slots import HOUR, MINUTE, make, take, taken

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"

pytestmark = pytest.mark.parametrize("schema_url", ["postgres"], indirect=True)


async def someone_waits(watcher: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Returns when a transaction waits for a lock."""
    async with asyncio.timeout(30):
        while not await watcher.fetchval(WAITING):
            await asyncio.sleep(0.01)


async def test_a_lease_that_is_being_renewed_is_not_ended(db: Database, settings: Settings) -> None:
    await make(db, "room", 1)
    await take(db, "room")
    renewing = await asyncpg.connect(settings.database.url.plain)
    async with renewing.transaction():
        await renewing.execute("UPDATE concurrency_lease SET expires = $1", NOON + HOUR)
        ending = asyncio.create_task(db.write(leases.expire, NOON + 2 * MINUTE, 100))
        await someone_waits(renewing)
    await renewing.close()
    assert await ending == 0
    assert await taken(db, "room") == 1


async def test_a_lease_that_is_being_ended_is_not_renewed(db: Database, settings: Settings) -> None:
    await make(db, "room", 1)
    held = await take(db, "room")
    assert isinstance(held, Leased)
    ending = await asyncpg.connect(settings.database.url.plain)
    async with ending.transaction():
        await ending.execute("DELETE FROM concurrency_lease")
        renewal = asyncio.create_task(db.write(leases.renew, held.lease_id, MINUTE, NOON))
        await someone_waits(ending)
    await ending.close()
    assert not await renewal
