"""Runs that schedules make. Each pass is run by hand, at a moment of the test's."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text, update

from orchd.config import load
from orchd.config.settings import Settings
from orchd.db import Tx
from orchd.db.database import open_database
from orchd.db.tables import deployment_schedule
from orchd.kit.clock import utc_now
from orchd.services import all_services
from orchd.services.loop import Runner
from orchd.services.scheduler import Scheduler
from tests.api.conftest import Api

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOON = datetime(2030, 6, 1, 12, tzinfo=UTC)
DAILY = {"interval": 86400, "anchor_date": "2030-01-01T09:00:00Z"}
EVERY_MINUTE = {"interval": 60, "anchor_date": "2020-01-01T00:00:00Z"}


async def a_deployment(api: Api, *schedules: dict[str, Any], name: str = "d", **more: Any) -> str:
    flow = (await api.post("/flows/", {"name": "etl"}))["id"]
    given = [each if "schedule" in each else {"schedule": each} for each in schedules]
    made = await api.post("/deployments/", {"name": name, "flow_id": flow, "schedules": given, **more})
    return str(made["id"])


async def run(api: Api, now: datetime = NOON) -> int:
    """One pass."""
    return await Scheduler(api.context.settings.services.scheduler).run(api.db, now)


async def runs(api: Api, deployment: str | None = None) -> list[dict[str, Any]]:
    wanted = {} if deployment is None else {"deployments": {"id": {"any_": [deployment]}}}
    found: list[dict[str, Any]] = await api.post("/flow_runs/filter", {**wanted, "sort": "EXPECTED_START_TIME_ASC"})
    return found


async def times(api: Api, deployment: str | None = None) -> list[datetime]:
    return [datetime.fromisoformat(each["expected_start_time"]) for each in await runs(api, deployment)]


def test_it_runs_unless_it_is_switched_off(settings: Settings, tmp_path: Path) -> None:
    assert "scheduler" in [each.name for each in all_services(settings)]
    file = tmp_path / "off.yaml"
    file.write_text("services: {scheduler: {enabled: false}}")
    assert "scheduler" not in [each.name for each in all_services(load(file).settings)]


async def test_runs_are_made_for_an_hour_ahead_and_three_at_least(api: Api) -> None:
    often, seldom = await a_deployment(api, EVERY_MINUTE, name="often"), await a_deployment(api, DAILY, name="seldom")
    await run(api)
    assert await times(api, often) == [NOON + at * MINUTE for at in range(61)]
    assert await times(api, seldom) == [NOON + 21 * HOUR + at * DAY for at in range(3)]


async def test_a_schedule_that_is_due_all_the_time_gets_a_hundred_runs(api: Api) -> None:
    await a_deployment(api, {"interval": 1, "anchor_date": "2020-01-01T00:00:00Z"})
    assert await run(api) == 100
    assert (await times(api))[-1] == NOON + timedelta(seconds=99)


async def test_a_second_pass_makes_nothing_and_a_later_one_what_was_used_up(api: Api) -> None:
    id = await a_deployment(api, EVERY_MINUTE)
    assert [await run(api), await run(api), await run(api, NOON + MINUTE)] == [61, 0, 1]
    assert await times(api, id) == [NOON + at * MINUTE for at in range(62)]


async def test_a_run_carries_what_its_schedule_and_deployment_say(api: Api) -> None:
    await api.post("/work_pools/", {"name": "lab", "type": "process"})
    berlin = {"cron": "30 9 * * *", "timezone": "Europe/Berlin"}
    id = await a_deployment(
        api,
        {"schedule": berlin, "slug": "morning", "parameters": {"a": {"__prefect_kind": "none", "value": 1}}},
        {"schedule": {"rrule": "FREQ=DAILY"}, "active": False},
        tags=["b", "a"],
        parameters={"a": 0, "b": 2},
        labels={"team": "data"},
        version="7",
        work_pool_name="lab",
    )
    await run(api)
    deployment = await api.get(f"/deployments/{id}")
    schedule = next(each["id"] for each in deployment["schedules"] if each["slug"] == "morning")
    first, *others = await runs(api)
    assert len(others) == 2
    own = {"prefect.flow.id": deployment["flow_id"], "prefect.deployment.id": id}
    expected = {
        "idempotency_key": f"scheduled {id} {schedule} 2030-06-02 09:30:00+02:00",
        "tags": ["auto-scheduled", "b", "a"],
        "parameters": {"a": {"__prefect_kind": "none", "value": 1}, "b": 2},
        "labels": {"team": "data", **own},
        "auto_scheduled": True,
        "created_by": {"id": schedule, "type": "SCHEDULE", "display_value": "morning"},
        "deployment_version": "7",
        "work_queue_id": deployment["work_queue_id"],
        "work_pool_name": "lab",
        "expected_start_time": "2030-06-02T07:30:00Z",
        "next_scheduled_start_time": "2030-06-02T07:30:00Z",
        "state_type": "SCHEDULED",
        "state_name": "Scheduled",
        "run_count": 0,
    }
    assert {name: first[name] for name in expected} == expected
    assert first["state"]["message"] == "Flow run scheduled"
    assert first["state"]["state_details"]["scheduled_time"] == "2030-06-02T07:30:00Z"
    (state,) = await api.get(f"/flow_run_states/?flow_run_id={first['id']}")
    assert state["id"] == first["state_id"]
    assert (await api.post("/events/filter", {"filter": {"event": {"prefix": ["prefect.flow-run"]}}}))["total"] == 0


@pytest.mark.parametrize(
    ("schedule", "name"),
    [(DAILY, "IntervalSchedule"), ({"cron": "@daily"}, "CronSchedule"), ({"rrule": "FREQ=DAILY"}, "RRuleSchedule")],
)
async def test_a_schedule_without_a_slug_is_called_by_its_kind(api: Api, schedule: dict[str, Any], name: str) -> None:
    await a_deployment(api, schedule)
    await run(api)
    assert {each["created_by"]["display_value"] for each in await runs(api)} == {name}


async def test_neither_a_paused_deployment_nor_an_inactive_schedule_makes_runs(api: Api) -> None:
    await a_deployment(api, DAILY, name="paused", paused=True)
    await a_deployment(api, {"schedule": DAILY, "active": False}, name="inactive")
    assert await run(api) == 0


async def test_a_run_that_somebody_deletes_comes_back_and_one_that_is_cancelled_does_not(api: Api) -> None:
    await a_deployment(api, DAILY)
    await run(api)
    deleted, cancelled, _ = await runs(api)
    await api.delete(f"/flow_runs/{deleted['id']}")
    await api.post(f"/flow_runs/{cancelled['id']}/set_state", {"state": {"type": "CANCELLED"}})
    await run(api)
    after = {each["expected_start_time"]: each for each in await runs(api)}
    assert set(after) == {each["expected_start_time"] for each in (deleted, cancelled, _)}
    assert after[deleted["expected_start_time"]]["id"] != deleted["id"]
    assert after[cancelled["expected_start_time"]]["state_type"] == "CANCELLED"


async def test_a_changed_schedule_makes_its_runs_anew_and_those_of_others_come_back(api: Api) -> None:
    id = await a_deployment(api, {"schedule": DAILY, "slug": "a"}, {"schedule": {"cron": "0 0 * * *"}, "slug": "b"})
    await run(api, utc_now())
    slugs = {each["slug"]: each["id"] for each in await api.get(f"/deployments/{id}/schedules")}
    await api.patch(f"/deployments/{id}/schedules/{slugs['a']}", {"schedule": {"cron": "0 12 * * *"}})
    assert await runs(api) == []
    assert await run(api, utc_now()) == 6
    assert {each.hour for each in await times(api)} == {0, 12}


async def test_a_schedule_that_cannot_be_worked_out_holds_up_no_other(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    await a_deployment(api, {"cron": "0 0 31 2 *"}, name="never")
    broken = await a_deployment(api, DAILY, name="broken")
    await a_deployment(api, DAILY, name="whole")

    def spoil(tx: Tx) -> None:
        of_broken = deployment_schedule.c.deployment_id == UUID(broken)
        tx.execute(update(deployment_schedule).where(of_broken).values(schedule={"cron": "nonsense"}))

    await api.db.write(spoil)
    scheduler = Scheduler(api.context.settings.services.scheduler)
    assert [await scheduler.run(api.db, NOON) for _ in range(2)] == [3, 0]
    assert [record.message for record in caplog.records if broken in record.message] == [
        next(record.message for record in caplog.records if "makes no runs" in record.message)
    ]


async def test_every_schedule_gets_its_turn_however_small_the_steps(api: Api, settings: Settings) -> None:
    for number in range(5):
        await a_deployment(api, DAILY if number % 2 else {"cron": "0 0 31 2 *"}, name=f"d{number}")
    small = Scheduler(_with(settings, batch=2, insert_batch=1))
    assert [await small.run(api.db, NOON) for _ in range(2)] == [6, 0]


def _with(settings: Settings, **changed: Any) -> Any:
    scheduler = settings.services.scheduler
    return type(scheduler)(**{name: getattr(scheduler, name) for name in scheduler.__struct_fields__} | changed)


async def test_several_servers_at_once_make_each_run_once(api: Api, settings: Settings) -> None:
    ids = [await a_deployment(api, DAILY, EVERY_MINUTE, name=f"d{number}") for number in range(3)]
    other = await open_database(settings.database) if api.db.__class__.__name__ == "PostgresDatabase" else api.db
    try:
        scheduler = Scheduler(settings.services.scheduler)
        await asyncio.gather(*(scheduler.run(db, NOON) for db in (api.db, other, api.db, other)))
    finally:
        if other is not api.db:
            await other.close()
    for id in ids:
        assert len(await times(api, id)) == 64
    states = await api.db.read(lambda tx: tx.execute(text("SELECT count(*) FROM flow_run_state")).scalar_one())
    assert states == 3 * 64


async def test_runs_appear_as_soon_as_a_schedule_is_made_changed_or_resumed(api: Api) -> None:
    """The interval is a minute: what appears here was rung for."""
    runner = Runner(api.db, [Scheduler(api.context.settings.services.scheduler)])
    runner.start()
    try:
        id = await a_deployment(api, {"schedule": DAILY, "slug": "a"})
        await _until_there_are(api, 3)
        await api.post(f"/deployments/{id}/pause_deployment")
        assert await runs(api) == []
        await api.post(f"/deployments/{id}/resume_deployment")
        await _until_there_are(api, 3)
        await api.post(f"/deployments/{id}/schedules", [{"schedule": {"cron": "0 1 * * *"}, "slug": "b"}])
        await _until_there_are(api, 6)
        schedule = (await api.get(f"/deployments/{id}/schedules"))[0]["id"]
        await api.patch(f"/deployments/{id}/schedules/{schedule}", {"schedule": {"cron": "0 2 * * *"}})
        await _until_there_are(api, 6)
        await api.delete(f"/deployments/{id}/schedules/{schedule}")
        await _until_there_are(api, 3)
        await api.patch(f"/deployments/{id}", {"description": "other"})
        await _until_there_are(api, 3)
    finally:
        await runner.stop()


async def _until_there_are(api: Api, count: int) -> None:
    async with asyncio.timeout(20):
        while len(await runs(api)) != count:
            await asyncio.sleep(0.01)
