"""What the services do to runs when nobody else does anything. Each pass is run by hand, at a moment of the test's."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from orchd.domain import overdue
from orchd.kit.clock import utc_now
from orchd.queries import event_removal
from tests.api.conftest import Api

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


async def a_run(api: Api, state: dict[str, Any], **more: Any) -> str:
    flow = (await api.post("/flows/", {"name": "etl"}))["id"]
    return str((await api.post("/flow_runs/", {"flow_id": flow, "state": state, **more}))["id"])


async def state_of(api: Api, run: str, kind: str = "flow_runs") -> tuple[str, str]:
    read = await api.get(f"/{kind}/{run}")
    return read["state_type"], read["state_name"]


def scheduled(at: datetime) -> dict[str, Any]:
    return {"type": "SCHEDULED", "state_details": {"scheduled_time": at.isoformat()}}


class TestLateRuns:
    async def test_a_run_that_nobody_picked_up_is_late_and_keeps_its_time(self, api: Api) -> None:
        now = utc_now()
        run = await a_run(api, scheduled(now - HOUR))
        assert await api.db.write(overdue.mark_late, now - 15 * SECOND, now, 400) == 1
        read = await api.get(f"/flow_runs/{run}")
        assert (read["state_type"], read["state_name"]) == ("SCHEDULED", "Late")
        assert datetime.fromisoformat(read["next_scheduled_start_time"]) == now - HOUR

    async def test_a_run_is_late_once(self, api: Api) -> None:
        now = utc_now()
        await a_run(api, scheduled(now - HOUR))
        assert [await api.db.write(overdue.mark_late, now, now, 400) for _ in range(2)] == [1, 0]

    @pytest.mark.parametrize(
        "state",
        [
            pytest.param({"type": "PENDING"}, id="somebody has picked it up"),
            pytest.param({"type": "SCHEDULED", "name": "AwaitingRetry"}, id="it awaits a retry"),
        ],
    )
    async def test_other_runs_are_left_alone(self, api: Api, state: dict[str, Any]) -> None:
        await a_run(api, state)
        now = utc_now() + HOUR
        assert await api.db.write(overdue.mark_late, now, now, 400) == 0


class TestPauseExpiry:
    async def paused(self, api: Api, until: datetime) -> str:
        run = await a_run(api, {"type": "RUNNING"})
        details = {"pause_timeout": until.isoformat(), "pause_key": "1"}
        await api.post(f"/flow_runs/{run}/set_state", {"state": {"type": "PAUSED", "state_details": details}})
        return run

    async def test_a_pause_that_nobody_ended_in_time_fails(self, api: Api) -> None:
        now = utc_now()
        over, open_ = await self.paused(api, now + SECOND), await self.paused(api, now + HOUR)
        assert await api.db.write(overdue.fail_expired_pauses, now + 2 * SECOND, 1) == 1
        assert await state_of(api, over) == ("FAILED", "Failed")
        assert await state_of(api, open_) == ("PAUSED", "Paused")


class TestCancellationCleanup:
    async def test_what_runs_inside_a_cancelled_run_is_cancelled(self, api: Api) -> None:
        parent = await a_run(api, {"type": "RUNNING"})
        keys = {"flow_run_id": parent, "task_key": "t"}
        task = (await api.post("/task_runs/", {**keys, "dynamic_key": "0", "state": {"type": "RUNNING"}}))["id"]
        done = (await api.post("/task_runs/", {**keys, "dynamic_key": "1", "state": {"type": "COMPLETED"}}))["id"]
        stand_in = (await api.post("/task_runs/", {**keys, "dynamic_key": "2"}))["id"]
        child = await a_run(api, {"type": "RUNNING"}, parent_task_run_id=stand_in)
        await api.post(f"/flow_runs/{parent}/set_state", {"state": {"type": "CANCELLED"}, "force": True})
        await api.db.write(overdue.clean_up_cancelled, utc_now(), HOUR, 100)
        assert await state_of(api, task, "task_runs") == ("CANCELLED", "Cancelled")
        assert await state_of(api, done, "task_runs") == ("COMPLETED", "Completed")
        assert await state_of(api, child) == ("CANCELLED", "Cancelled")
        assert await api.db.write(overdue.clean_up_cancelled, utc_now(), HOUR, 100) == 0

    async def test_a_cancellation_that_nobody_carries_out_ends_after_a_while(self, api: Api) -> None:
        run = await a_run(api, {"type": "RUNNING"})
        await api.post(f"/flow_runs/{run}/set_state", {"state": {"type": "CANCELLING"}})
        now, patience = utc_now(), timedelta(minutes=5)
        assert await api.db.write(overdue.clean_up_cancelled, now, patience, 100) == 0
        assert await api.db.write(overdue.clean_up_cancelled, now + HOUR, patience, 100) == 1
        assert await state_of(api, run) == ("CANCELLED", "Cancelled")


class TestEventRetention:
    async def test_old_events_go_with_all_that_names_them(self, api: Api) -> None:
        now = utc_now()
        old, new = (
            {
                "id": f"01900000-0000-7000-8000-00000000000{n}",
                "occurred": at.isoformat(),
                "event": "house.door.opened",
                "resource": {"prefect.resource.id": "house.door"},
                "related": [{"prefect.resource.id": "house", "prefect.resource.role": "house"}],
                "payload": {},
            }
            for n, at in ((1, now - timedelta(days=8)), (2, now))
        )
        await api.post("/events", [old, new])
        assert await api.db.write(event_removal.older_than, now - timedelta(days=7), 100) == 1
        for part in ({"resource": {"id": ["house.door"]}}, {"related": {"id": ["house"]}}):
            found = await api.post("/events/filter", {"filter": part})
            assert [each["id"] for each in found["events"]] == [new["id"]]
        assert await api.db.write(event_removal.older_than, now - timedelta(days=7), 100) == 0
