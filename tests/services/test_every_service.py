"""What holds of every service: a pass that is doubled does no harm, so several daemons may run all of them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy import Table, func, select

from orchd.config.settings import Settings
from orchd.db import Tx
from orchd.db.tables import metadata
from orchd.domain import cleanups
from orchd.domain.cleanups import Consumer, Infrastructure, Terms
from orchd.kit.clock import utc_now
from orchd.kit.ids import uuid7
from orchd.services import all_services
from orchd.services.loop import LongService, Service, one_pass
from orchd.wire.worker_channel import CANCELLING_TIMEOUT
from tests.api.conftest import Api
from tests.api.event_kit import an_event

BUSY = {
    "late_runs",
    "pause_expiry",
    "cancellation_cleanup",
    "foreman",
    "crash_detection",
    "lease_expiry",
    "retention",
    "run_retention",
    "log_retention",
    "clearance",
}
"""Those that `a_busy_server` makes work for."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WEEKLY = {"schedule": {"cron": "@weekly"}}


def with_all(settings: Settings) -> Settings:
    """The defaults, what is off by default switched on, and no jump of the test's clock is a time away."""
    chosen = settings.services
    retention = replace(chosen.retention, flow_runs=DAY, logs=DAY)
    crashes = replace(chosen.crash_detection, every=20 * DAY)
    return replace(settings, services=replace(chosen, retention=retention, crash_detection=crashes))


async def a_busy_server(api: Api) -> None:
    """Something for each service to do in two days' time."""
    flow = (await api.post("/flows/", {"name": "etl"}))["id"]
    await a_cleanup_in_hand(api, await api.post("/work_pools/", {"name": "lab", "type": "process"}))
    await api.post("/work_pools/lab/workers/heartbeat", {"name": "w"})
    await api.post("/deployments/", {"name": "d", "flow_id": flow, "work_pool_name": "lab", "schedules": [WEEKLY]})
    await api.post("/work_pools/lab/get_scheduled_flow_runs", {})
    await api.post("/v2/concurrency_limits/", {"name": "room", "limit": 2})
    await api.post("/v2/concurrency_limits/increment-with-lease", {"names": ["room"], "slots": 1})
    now = utc_now()
    pause = {"pause_timeout": (now + HOUR).isoformat(), "pause_key": "1"}
    for states in (
        [{"type": "SCHEDULED", "state_details": {"scheduled_time": now.isoformat()}}],
        [{"type": "RUNNING"}, {"type": "PAUSED", "state_details": pause}],
        [{"type": "RUNNING"}, {"type": "CANCELLING"}],
        [{"type": "RUNNING"}, {"type": "COMPLETED"}],
        [{"type": "RUNNING"}],
    ):
        run = (await api.post("/flow_runs/", {"flow_id": flow, "state": states[0]}))["id"]
        line = {"name": "n", "level": 20, "message": "m", "timestamp": now.isoformat(), "flow_run_id": run}
        await api.post("/logs/", [line])
        for state in states[1:]:
            await api.post(f"/flow_runs/{run}/set_state", {"state": state})
    await api.post("/events", [an_event("prefect.flow-run.heartbeat", f"prefect.flow-run.{run}", payload={})])


async def a_cleanup_in_hand(api: Api, pool: dict[str, Any]) -> None:
    """A message that a worker was given and never answers."""
    id, queue, now = UUID(pool["id"]), UUID(pool["default_queue_id"]), utc_now()
    where = Infrastructure(uuid7(), None, queue, id, "process")
    await api.db.write(cleanups.after_cancelling_timeout, uuid7(), where, now)
    worker = Consumer(uuid7(), id, [queue], [CANCELLING_TIMEOUT], 1)
    assert await api.db.write(cleanups.reserve, worker, Terms(timedelta(seconds=30), 3), now)


async def contents(api: Api) -> dict[str, Any]:
    """How many rows each table has, and when the newest of them was changed."""

    def read(tx: Tx) -> dict[str, Any]:
        return {name: _summary(tx, table) for name, table in metadata.tables.items()}

    return await api.db.read(read)


def _summary(tx: Tx, table: Table) -> list[Any]:
    newest = [func.max(table.c.updated)] if "updated" in table.c else []
    row: Any = tx.execute(select(func.count(), *newest).select_from(table)).one()
    return list(row)


async def passes_at(api: Api, services: list[Service | LongService], now: datetime) -> dict[str, int]:
    return {each.name: await one_pass(api.db, each, now) for each in services}


async def test_a_pass_that_is_doubled_changes_nothing(api: Api, settings: Settings) -> None:
    await a_busy_server(api)
    services = all_services(with_all(settings))
    did = await passes_at(api, services, utc_now())
    for after in (10 * timedelta(minutes=1), 2 * HOUR, 10 * DAY, 20 * DAY):
        now, done = utc_now() + after, {"": 1}
        while any(done.values()):  # what ends in one pass is another service's to do in the next
            done = await passes_at(api, services, now)
            did = {name: did[name] + count for name, count in done.items()}
        before = await contents(api)
        assert set((await passes_at(api, services, now)).values()) == {0}
        assert await contents(api) == before
    assert {name for name, count in did.items() if count} >= BUSY
