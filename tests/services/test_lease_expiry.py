"""Leases that nobody renews, and what a restart of the daemon does to them: nothing."""

from pathlib import Path

from orchd.config import load
from orchd.config.settings import Settings
from orchd.db import Database
from orchd.db.database import open_database
from orchd.services import all_services
from orchd.services.lease_expiry import LeaseExpiry
from tests.kit.rows import NOON
from tests.kit.slots import MINUTE, leases, make, take, taken


def test_it_runs_unless_it_is_switched_off(settings: Settings, tmp_path: Path) -> None:
    assert "lease_expiry" in [each.name for each in all_services(settings)]
    file = tmp_path / "off.yaml"
    file.write_text("services: {lease_expiry: {enabled: false}}")
    assert "lease_expiry" not in [each.name for each in all_services(load(file).settings)]


async def test_a_pass_ends_what_is_over_and_a_second_one_finds_nothing(db: Database, settings: Settings) -> None:
    service = LeaseExpiry(settings.services.lease_expiry)
    await make(db, "room", 3)
    await take(db, "room")
    await take(db, "room", now=NOON + MINUTE)
    passes = [await db.write(service.once, NOON + MINUTE) for _ in range(2)]
    assert passes == [1, 0]
    assert await taken(db, "room") == 1


async def test_leases_outlive_the_daemon_and_end_in_the_next_one(db: Database, settings: Settings) -> None:
    await make(db, "room", 3)
    await take(db, "room", slots=2)
    before = await leases(db)
    await db.close()
    again = await open_database(settings.database)
    try:
        assert (await leases(again), await taken(again, "room")) == (before, 2)
        await again.write(LeaseExpiry(settings.services.lease_expiry).once, NOON + MINUTE)
        assert (await leases(again), await taken(again, "room")) == ({}, 0)
    finally:
        await again.close()
