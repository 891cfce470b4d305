"""Runs of schedules that somebody asks for, and the polls that hand them out."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from orchd.kit.clock import utc_now
from orchd.services.loop import Runner
from orchd.services.scheduler import Scheduler
from tests.api.conftest import Api
from tests.api.test_deployments import a_deployment

MINUTE = timedelta(minutes=1)
MIDNIGHT = datetime(2024, 5, 1, tzinfo=UTC)
EVERY_MINUTE = {"schedule": {"interval": 60, "anchor_date": "2020-01-01T00:00:00Z"}}


async def times(api: Api, id: str) -> list[datetime]:
    asked = {"deployments": {"id": {"any_": [id]}}, "sort": "EXPECTED_START_TIME_ASC"}
    return [datetime.fromisoformat(each["expected_start_time"]) for each in await api.post("/flow_runs/filter", asked)]


@pytest.mark.parametrize(
    ("asked", "minutes"),
    [
        ({"end_time": "2024-05-01T00:10:00Z"}, 11),
        ({"min_time": 300, "min_runs": 2}, 6),
        ({"min_time": 0, "min_runs": 4}, 4),
        ({"min_time": 0, "min_runs": 4, "max_runs": 2}, 2),
        ({"max_runs": 0}, 0),
        ({"end_time": "2024-04-30T00:00:00Z"}, 0),
        ({}, 61),
        ({"min_time": 900_000, "min_runs": 1000, "max_runs": 450}, 450),
    ],
)
async def test_a_span_of_the_past_is_filled_once(api: Api, asked: dict[str, Any], minutes: int) -> None:
    made = await a_deployment(api, schedules=[EVERY_MINUTE], paused=True)
    body = {"start_time": "2024-05-01T00:00:00Z", **asked}
    for _ in range(2):
        assert await api.call("POST", f"/deployments/{made['id']}/schedule", body) == (200, None)
    assert (await times(api, made["id"]))[:200] == [MIDNIGHT + at * MINUTE for at in range(minutes)][:200]
    assert await api.post("/flow_runs/count", {}) == minutes


async def test_without_a_body_runs_are_made_from_now_on_as_usual(api: Api) -> None:
    made = await a_deployment(api, schedules=[EVERY_MINUTE, {**EVERY_MINUTE, "active": False}])
    before = utc_now()
    await api.post(f"/deployments/{made['id']}/schedule")
    found = await times(api, made["id"])
    assert 60 <= len(found) <= 61
    assert found[0] >= before


async def test_what_was_filled_in_and_ran_is_not_made_again(api: Api) -> None:
    made = await a_deployment(api, schedules=[EVERY_MINUTE])
    body = {"start_time": "2024-05-01T00:00:00Z", "end_time": "2024-05-01T00:01:00Z"}
    await api.post(f"/deployments/{made['id']}/schedule", body)
    (first, _) = await api.post("/flow_runs/filter", {"sort": "EXPECTED_START_TIME_ASC"})
    await api.post(f"/flow_runs/{first['id']}/set_state", {"state": {"type": "COMPLETED"}, "force": True})
    await api.post(f"/deployments/{made['id']}/schedule", body)
    assert len(await times(api, made["id"])) == 2
    assert (await api.get(f"/flow_runs/{first['id']}"))["state_type"] == "COMPLETED"


async def test_an_unknown_deployment_has_no_schedules_and_what_cannot_be_meant_is_refused(api: Api) -> None:
    nobody = uuid4()
    assert await api.call("POST", f"/deployments/{nobody}/schedule", {}) == (200, None)
    for body in ({"min_time": "soon"}, {"max_runs": 10_001}, {"start_time": "yesterday"}, {"min_time": 1e300}):
        status, _ = await api.call("POST", f"/deployments/{nobody}/schedule", body)
        assert status == 422, body


async def test_the_queues_that_hand_out_a_deployments_runs(api: Api) -> None:
    await api.post("/work_pools/", {"name": "lab", "type": "process"})
    chooses = await api.post("/work_queues/", {"name": "old", "filter": {"tags": ["x"]}})
    await api.post("/work_queues/", {"name": "other", "filter": {"tags": ["x", "y"]}})
    homeless = await a_deployment(api, name="homeless", tags=["x"])
    pooled = await a_deployment(api, name="pooled", work_pool_name="lab")
    of = "/deployments/{}/work_queue_check"
    assert [each["id"] for each in await api.get(of.format(homeless["id"]))] == [chooses["id"]]
    assert [each["id"] for each in await api.get(of.format(pooled["id"]))] == [pooled["work_queue_id"]]
    assert await api.call("GET", of.format(uuid4())) == (404, {"detail": "Deployment not found"})


async def test_a_due_run_is_offered_when_its_time_comes_and_not_before(api: Api) -> None:
    """Nothing has to happen at that moment: the run is there, and the poll that comes after its time finds it."""
    runner = Runner(api.db, [Scheduler(api.context.settings.services.scheduler)])
    runner.start()
    try:
        await api.post("/work_pools/", {"name": "lab", "type": "process"})
        start = utc_now() + timedelta(seconds=1)
        every = {"schedule": {"interval": 3600, "anchor_date": start.isoformat()}}
        made = await a_deployment(api, schedules=[every], work_pool_name="lab")
        offered, late = await _first_offer(api, made["id"], start)
    finally:
        await runner.stop()
    assert datetime.fromisoformat(offered["next_scheduled_start_time"]) == start
    assert late >= timedelta(0)


async def _first_offer(api: Api, id: str, start: datetime) -> tuple[dict[str, Any], timedelta]:
    """The first run that polls are offered, and how long after its time that was."""
    async with asyncio.timeout(20):
        while True:
            asked = utc_now()
            pool = await api.post("/work_pools/lab/get_scheduled_flow_runs", {"scheduled_before": asked.isoformat()})
            served = await api.post("/deployments/get_scheduled_flow_runs", {"deployment_ids": [id]})
            if pool and served:
                assert pool[0]["flow_run"]["id"] == served[0]["id"]
                return served[0], asked - start
            await asyncio.sleep(0.02)
