"""Runs whose process has died. The clock is the test's: heartbeats are put in, and passes are run, at moments of it."""

import asyncio
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import func, select

from orchd.config import load
from orchd.config.settings import Settings
from orchd.db import Database, Tx
from orchd.db.database import open_database
from orchd.db.tables import flow_run_heartbeat
from orchd.domain import event_intake
from orchd.kit.clock import utc_now
from orchd.kit.ids import uuid7
from orchd.services import all_services
from orchd.services.crash_detection import CrashDetection
from tests.api.conftest import Api
from tests.api.event_kit import an_event
from tests.api.told import told

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
PAUSE = 15 * SECOND  # between two passes


class Watch:
    """A server that runs its passes from now on, as time goes by."""

    def __init__(self, api: Api, db: Database | None = None, start: datetime | None = None) -> None:
        self.db = db or api.db
        self.service = CrashDetection(replace(api.context.settings.services.crash_detection, every=PAUSE))
        self.now = start or utc_now() + SECOND

    async def wait(self, seconds: float) -> int:
        """Lets time go by; says how many things were changed in it."""
        changed, end = 0, self.now + seconds * SECOND
        while self.now < end:
            self.now = min(end, self.now + PAUSE)
            changed += await self.db.write(self.service.once, self.now)
        return changed

    async def beat(self, *runs: str, clock: timedelta = timedelta(0)) -> None:
        """Heartbeats arrive. `clock`: how far the clock of the client is off."""
        sent = [
            an_event(
                "prefect.flow-run.heartbeat",
                f"prefect.flow-run.{run}",
                occurred=(self.now + clock).isoformat(),
                payload={},
            )
            for run in runs
        ]
        taken = [event for each in sent if (event := event_intake.accept(json.dumps(each))) is not None]
        await self.db.write(event_intake.store, taken, self.now)


@pytest.fixture
async def watch(api: Api) -> Watch:
    watch = Watch(api)
    await watch.wait(15)
    return watch


async def a_run(api: Api, state: str = "RUNNING", **more: Any) -> str:
    flow = (await api.post("/flows/", {"name": "etl"}))["id"]
    return str((await api.post("/flow_runs/", {"flow_id": flow, "state": {"type": state}, **more}))["id"])


async def a_task(api: Api, run: str, **more: Any) -> str:
    body = {"flow_run_id": run, "task_key": "t", "dynamic_key": str(uuid7()), "state": {"type": "PENDING"}, **more}
    return str((await api.post("/task_runs/", body))["id"])


async def put(api: Api, run: str, kind: str, **more: Any) -> None:
    answer = await api.post(f"/flow_runs/{run}/set_state", {"state": {"type": kind, **more}, "force": True})
    assert answer["status"] == "ACCEPT"


async def state(api: Api, run: str, kind: str = "flow_runs") -> str:
    return str((await api.get(f"/{kind}/{run}"))["state_type"])


async def watched(db: Database) -> int:
    def count(tx: Tx) -> Any:
        return tx.execute(select(func.count()).select_from(flow_run_heartbeat)).scalar_one()

    return int(await db.read(count))


def test_it_runs_unless_it_is_switched_off(settings: Settings, tmp_path: Path) -> None:
    assert "crash_detection" in [each.name for each in all_services(settings)]
    file = tmp_path / "off.yaml"
    file.write_text("services: {crash_detection: {enabled: false}}")
    assert "crash_detection" not in [each.name for each in all_services(load(file).settings)]


async def test_a_run_whose_heartbeats_stay_away_has_crashed_once_and_its_message_says_why(
    api: Api, watch: Watch
) -> None:
    run = await a_run(api)
    for _ in range(3):
        await watch.beat(run)
        await watch.wait(60)
    assert await watch.wait(120) == 0
    assert [await watch.wait(30), await watch.wait(600)] == [1, 0]
    read = await api.get(f"/flow_runs/{run}")
    assert (read["state_type"], read["state_name"]) == ("CRASHED", "Crashed")
    assert "no heartbeat for 195 s; one was due every 60 s" in read["state"]["message"]
    names = [name for name, _ in await told(api, "flow-run")]
    assert [name for name in names if name != "heartbeat"] == ["Running", "Crashed"]
    assert await watched(api.db) == 0


async def test_until_two_heartbeats_have_shown_it_the_usual_interval_is_expected(api: Api, watch: Watch) -> None:
    run = await a_run(api)
    await watch.beat(run)
    assert await watch.wait(3 * 180) == 0
    assert await watch.wait(15) == 1


async def test_a_wrong_clock_of_the_client_makes_no_difference(api: Api, watch: Watch) -> None:
    fast, slow = await a_run(api), await a_run(api)
    for _ in range(3):
        await watch.beat(fast, clock=HOUR)
        await watch.beat(slow, clock=-HOUR)
        assert await watch.wait(30) == 0
    assert [await watch.wait(60), await watch.wait(15)] == [0, 2]


async def test_a_clock_that_is_set_back_and_a_run_that_is_started_over_do_not_make_it_seem_dead(
    api: Api, watch: Watch
) -> None:
    run = await a_run(api)
    for seconds, clock in ((180, HOUR), (180, HOUR), (5, HOUR), (180, HOUR), (180, -HOUR), (180, -HOUR)):
        await watch.beat(run, clock=clock)
        assert await watch.wait(seconds) == 0
    assert await state(api, run) == "RUNNING"


async def test_runs_that_never_sent_a_heartbeat_are_left_alone(api: Api, watch: Watch) -> None:
    run = await a_run(api)
    assert await watch.wait(3600) == 0
    assert await state(api, run) == "RUNNING"


@pytest.mark.parametrize(
    ("kind", "details"),
    [
        pytest.param("PAUSED", {"pause_reschedule": False}, id="paused"),
        pytest.param("PAUSED", {"pause_reschedule": True}, id="suspended"),
        pytest.param("SCHEDULED", {}, id="awaiting its retry"),
        pytest.param("COMPLETED", {}, id="completed"),
    ],
)
async def test_only_running_runs_crash_and_time_counts_from_their_start(
    api: Api, watch: Watch, kind: str, details: dict[str, Any]
) -> None:
    """The start is now by the clock of the API, from which that of the test has not gone far."""
    run = await a_run(api)
    for _ in range(2):
        await watch.beat(run)
        await watch.wait(30)
    await put(api, run, kind, state_details=details)
    assert await watch.wait(3600) == 0
    assert await state(api, run) == kind
    again = Watch(api)
    await put(api, run, "RUNNING")
    assert await again.wait(75) == 0
    assert await state(api, run) == "RUNNING"


async def test_a_heartbeat_that_comes_behind_the_end_is_not_kept(api: Api, watch: Watch) -> None:
    run = await a_run(api)
    await put(api, run, "COMPLETED")
    await watch.beat(run, "00000000-0000-0000-0000-000000000000", "nobody")
    assert await watched(api.db) == 0


async def test_time_in_which_the_server_could_hear_nobody_does_not_count(
    api: Api, watch: Watch, settings: Settings
) -> None:
    """It was stopped, or asleep: what clients could not send meanwhile they send once they are connected again."""
    run = await a_run(api)
    for _ in range(2):
        await watch.beat(run)
        await watch.wait(30)
    watch.now += HOUR
    assert await watch.wait(90) == 0
    await watch.beat(run, clock=-HOUR)
    assert await watch.wait(90) == 0
    restarted = Watch(api, start=watch.now + HOUR)
    assert await restarted.wait(90) == 0
    assert await state(api, run) == "RUNNING"
    while await state(api, run) == "RUNNING" and restarted.now < watch.now + 5 * HOUR:
        await restarted.wait(15)
    assert await state(api, run) == "CRASHED"


async def test_what_ran_in_the_same_process_ends_with_it_and_slots_are_free(api: Api, watch: Watch) -> None:
    await api.post("/v2/concurrency_limits/", {"name": "tag:db", "limit": 1})
    run = await a_run(api)
    task, stand_in, elsewhere = [await a_task(api, run, tags=["db"]) for _ in range(3)]
    child = await a_run(api, parent_task_run_id=stand_in)
    within = await a_task(api, child)
    answer = await api.post(f"/task_runs/{task}/set_state", {"state": {"type": "RUNNING"}})
    assert answer["status"] == "ACCEPT"
    await api.post(f"/task_runs/{elsewhere}/set_state", {"state": {"type": "SCHEDULED"}, "force": True})
    assert (await api.get("/v2/concurrency_limits/tag:db"))["active_slots"] == 1
    await watch.beat(run, child)
    assert await watch.wait(600) == 4
    assert [await state(api, each) for each in (run, child)] == ["CRASHED"] * 2
    assert [await state(api, each, "task_runs") for each in (task, stand_in, within)] == ["CRASHED"] * 3
    assert await state(api, elsewhere, "task_runs") == "SCHEDULED"
    assert (await api.get("/v2/concurrency_limits/tag:db"))["active_slots"] == 0


async def test_the_slot_of_a_deployment_is_free_after_a_crash(api: Api, watch: Watch) -> None:
    flow = (await api.post("/flows/", {"name": "etl"}))["id"]
    made = await api.post("/deployments/", {"name": "d", "flow_id": flow, "concurrency_limit": 1})
    run = await a_run(api, "SCHEDULED", deployment_id=made["id"])
    limit = f"/v2/concurrency_limits/deployment:{made['id']}"
    for kind in ("PENDING", "RUNNING"):
        await api.post(f"/flow_runs/{run}/set_state", {"state": {"type": kind}})
    assert (await api.get(limit))["active_slots"] == 1
    await watch.beat(run)
    assert await watch.wait(600) == 1
    assert (await api.get(limit))["active_slots"] == 0


async def test_a_run_with_more_inside_than_fits_into_one_pass_ends_last(api: Api, watch: Watch) -> None:
    run = await a_run(api)
    for _ in range(5):
        await a_task(api, run)
    await watch.beat(run)
    await watch.wait(540)
    watch.service.batch = 2
    steps = []
    while len(steps) < 10 and not (steps and steps[-1] == 0):
        steps.append(await watch.wait(1))
    assert (sum(steps), steps[:2]) == (6, [2, 2])
    assert await state(api, run) == "CRASHED"


@pytest.mark.parametrize("schema_url", ["postgres"], indirect=True)
async def test_of_two_servers_one_crashes_it(api: Api, settings: Settings) -> None:
    other = await open_database(settings.database)
    try:
        start = utc_now() + SECOND
        one, two = Watch(api, start=start), Watch(api, other, start)
        runs = [await a_run(api) for _ in range(5)]
        await one.beat(*runs)
        changed: list[int] = []
        for _ in range(38):
            one.now = two.now = one.now + PAUSE
            passes = (each.db.write(each.service.once, each.now) for each in (one, two))
            changed += await asyncio.gather(*passes)
        assert sum(changed) == 5
        assert [name for name, _ in await told(api, "flow-run")].count("Crashed") == 5
        assert {await state(api, run) for run in runs} == {"CRASHED"}
    finally:
        await other.close()
