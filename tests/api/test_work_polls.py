"""What workers poll: which runs they are offered, in which order, and what a poll says about those who ask."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from orchd.kit.clock import utc_now
from tests.api.conftest import Api
from tests.api.told import told

POLL = "/work_pools/lab/get_scheduled_flow_runs"
SECOND = timedelta(seconds=1)


@pytest.fixture
async def lab(api: Api) -> Any:
    """A pool with its default queue, and one that is less urgent."""
    made = await api.post("/work_pools/", {"name": "lab", "type": "process"})
    await api.post("/work_pools/lab/queues", {"name": "slow"})
    return made


async def new_run(api: Api, name: str, at: datetime, queue: str = "default", **more: Any) -> Any:
    flow = (await api.post("/flows/", {"name": "etl"}))["id"]
    state = {"type": "SCHEDULED", "state_details": {"scheduled_time": at.isoformat()}}
    place = {"work_pool_name": "lab", "work_queue_name": queue}
    return await api.post("/flow_runs/", {"flow_id": flow, "name": name, "state": state, **place, **more})


async def start(api: Api, run: Any) -> None:
    answer = await api.post(f"/flow_runs/{run['id']}/set_state", {"state": {"type": "PENDING"}, "force": True})
    assert answer["status"] == "ACCEPT"


async def offered(api: Api, **body: Any) -> list[str]:
    return [each["flow_run"]["name"] for each in await api.post(POLL, body)]


async def test_urgent_queues_come_first_and_in_a_queue_the_earliest(api: Api, lab: Any) -> None:
    now = utc_now()
    await new_run(api, "c", now - 9 * SECOND, "slow")
    await new_run(api, "b", now - 1 * SECOND)
    await new_run(api, "a", now - 5 * SECOND)
    assert await offered(api) == ["a", "b", "c"]
    assert await offered(api, limit=2) == ["a", "b"]
    assert await offered(api, limit=0) == []
    await api.patch("/work_pools/lab/queues/slow", {"priority": 1})
    assert await offered(api) == ["c", "a", "b"]


async def test_a_run_is_offered_as_it_is_read(api: Api, lab: Any) -> None:
    made = await new_run(api, "a", utc_now() + 60 * SECOND, parameters={"x": [1]}, tags=["b"], labels={"k": 1})
    (found,) = await api.post(POLL, {})
    assert (found["work_pool_id"], found["work_queue_id"]) == (lab["id"], lab["default_queue_id"])
    assert found["flow_run"] == await api.get(f"/flow_runs/{made['id']}")


async def test_only_the_queues_that_are_asked_for_are_looked_into(api: Api, lab: Any) -> None:
    await new_run(api, "a", utc_now())
    await new_run(api, "b", utc_now(), "slow")
    assert await offered(api, work_queue_names=["slow"]) == ["b"]
    assert await offered(api, work_queue_names=[]) == ["a", "b"]
    missing = (404, {"detail": "Work pool queue 'lab/none' not found."})
    assert await api.call("POST", POLL, {"work_queue_names": ["slow", "none"]}) == missing
    assert (await api.call("POST", "/work_pools/none/get_scheduled_flow_runs", {}))[0] == 404


async def test_the_bounds_of_time_are_included(api: Api, lab: Any) -> None:
    noon = datetime.fromisoformat("2030-01-01T12:00:00+00:00")
    for name, at in (("a", noon), ("b", noon + SECOND), ("c", noon + 2 * SECOND)):
        await new_run(api, name, at)
    assert await offered(api, scheduled_before=str(noon + SECOND)) == ["a", "b"]
    assert await offered(api, scheduled_after=str(noon + SECOND)) == ["b", "c"]
    assert await offered(api, scheduled_before=str(noon + SECOND), scheduled_after=str(noon + SECOND)) == ["b"]


async def test_a_run_is_offered_until_it_is_pending(api: Api, lab: Any) -> None:
    run = await new_run(api, "a", utc_now())
    assert await offered(api) == await offered(api) == ["a"]
    await start(api, run)
    assert await offered(api) == []


async def test_late_runs_are_offered_and_those_retried_in_their_process_are_not(api: Api, lab: Any) -> None:
    await new_run(api, "here", utc_now(), empirical_policy={"retry_type": "in_process"})
    await new_run(api, "elsewhere", utc_now(), empirical_policy={"retry_type": "reschedule"})
    late = await new_run(api, "late", utc_now())
    state = {"type": "SCHEDULED", "name": "Late", "state_details": {"scheduled_time": utc_now().isoformat()}}
    await api.post(f"/flow_runs/{late['id']}/set_state", {"state": state, "force": True})
    assert await offered(api) == ["elsewhere", "late"]


@pytest.mark.parametrize(
    ("path", "left"), [("/work_pools/lab", []), ("/work_pools/lab/queues/default", ["b"])], ids=["pool", "queue"]
)
async def test_what_is_paused_hands_nothing_out(api: Api, lab: Any, path: str, left: list[str]) -> None:
    await new_run(api, "a", utc_now())
    await new_run(api, "b", utc_now(), "slow")
    await api.patch(path, {"is_paused": True})
    assert await offered(api) == left
    await api.patch(path, {"is_paused": False})
    assert await offered(api) == ["a", "b"]


async def test_a_queues_limit_leaves_room_for_its_free_slots_only(api: Api, lab: Any) -> None:
    runs = [await new_run(api, name, utc_now()) for name in "abc"]
    await new_run(api, "d", utc_now(), "slow")
    await api.patch("/work_pools/lab/queues/default", {"concurrency_limit": 2})
    assert await offered(api) == ["a", "b", "d"]
    await start(api, runs[0])
    assert await offered(api) == ["b", "d"]
    await api.patch("/work_pools/lab/queues/default", {"concurrency_limit": 0})
    assert await offered(api) == ["d"]


async def test_a_pools_limit_goes_to_urgent_queues_first(api: Api, lab: Any) -> None:
    runs = [await new_run(api, name, utc_now()) for name in "ab"]
    await new_run(api, "c", utc_now(), "slow")
    await api.patch("/work_pools/lab", {"concurrency_limit": 2})
    assert await offered(api) == ["a", "b"]
    await start(api, runs[0])
    assert await offered(api) == ["b"]
    assert await offered(api, work_queue_names=["slow"]) == ["c"]
    await start(api, runs[1])
    assert await offered(api, work_queue_names=["slow"]) == []


async def test_a_poll_makes_queues_and_their_deployments_ready(api: Api, lab: Any) -> None:
    flow = (await api.post("/flows/", {"name": "etl"}))["id"]
    place = {"flow_id": flow, "work_pool_name": "lab"}
    made = await api.post("/deployments/", {"name": "d", **place})
    other = await api.post("/deployments/", {"name": "e", **place, "work_queue_name": "slow"})
    await offered(api, work_queue_names=["default"])
    ready, untouched = [await api.get(f"/deployments/{each['id']}") for each in (made, other)]
    assert (ready["status"], ready["last_polled"] is None) == ("READY", False)
    assert ready["updated"] == made["updated"]
    assert (untouched["status"], untouched["last_polled"]) == ("NOT_READY", None)
    queues = await api.post("/work_pools/lab/queues/filter", {})
    assert [(each["status"], each["last_polled"] is None) for each in queues] == [("READY", False), ("NOT_READY", True)]
    await offered(api, work_queue_names=["default"])
    assert [name for name, _ in await told(api, "deployment")] == ["created", "created", "ready"]
    assert [name for name, _ in await told(api, "work-queue")] == ["created", "created", "ready"]


async def test_a_poll_of_a_paused_queue_is_noted_and_leaves_it_paused(api: Api, lab: Any) -> None:
    await api.patch("/work_pools/lab/queues/default", {"is_paused": True})
    await offered(api)
    found = await api.get("/work_pools/lab/queues/default")
    assert (found["status"], found["last_polled"] is None) == ("PAUSED", False)


class TestAgents:
    async def test_an_agent_is_offered_what_its_queue_has_room_for(self, api: Api, lab: Any) -> None:
        place = f"/work_queues/{lab['default_queue_id']}"
        runs = [await new_run(api, name, utc_now() + SECOND * at) for at, name in enumerate("abc")]
        await api.patch(place, {"concurrency_limit": 2})
        await start(api, runs[0])
        found = await api.post(f"{place}/get_runs", {"scheduled_before": str(utc_now() + 60 * SECOND)})
        assert [each["name"] for each in found] == ["b"]
        assert (await api.get(place))["status"] == "READY"
        await api.patch(place, {"is_paused": True})
        assert await api.post(f"{place}/get_runs", {}) == []

    async def test_a_page_that_shows_the_runs_is_no_agent(self, api: Api, lab: Any) -> None:
        place = f"/work_queues/{lab['default_queue_id']}"
        await new_run(api, "a", utc_now())
        assert len(await api.post(f"{place}/get_runs", {}, headers={"x-prefect-ui": "true"})) == 1
        assert (await api.get(place))["last_polled"] is None

    async def test_a_queue_may_choose_runs_by_their_tags(self, api: Api, lab: Any) -> None:
        made = await api.post("/work_queues/", {"name": "old", "filter": {"tags": ["x", "y"]}})
        for name, tags in (("a", ["x"]), ("b", ["x", "y"])):
            await new_run(api, name, utc_now(), tags=tags)
        found = await api.post(f"/work_queues/{made['id']}/get_runs", {})
        assert [each["name"] for each in found] == ["b"]


class TestSlots:
    async def test_who_holds_the_slots_of_a_pool_is_told_by_queue(self, api: Api, lab: Any) -> None:
        for name, queue in (("a", "default"), ("b", "default"), ("c", "slow")):
            await start(api, await new_run(api, name, utc_now(), queue))
        await new_run(api, "waits", utc_now())
        await api.patch("/work_pools/lab", {"concurrency_limit": 5})
        found = await api.post("/work_pools/lab/concurrency_status", {"flow_run_limit": 1})
        assert [found[key] for key in ("active_slots", "concurrency_limit", "count", "pages", "page")] == [
            3,
            5,
            2,
            1,
            1,
        ]
        first, second = found["queues"]
        assert (first["queue_name"], first["active_slots"], first["flow_run_count"]) == ("default", 2, 2)
        assert [run["name"] for run in first["flow_runs"]] == ["a"]
        assert (second["queue_name"], second["active_slots"]) == ("slow", 1)
        assert second["flow_runs"][0]["state_type"] == "PENDING"
        assert second["flow_runs"][0]["time_in_current_state"] >= 0
        assert (await api.get("/work_pools/lab"))["active_slots"] == 3
        page = await api.post("/work_pools/lab/concurrency_status", {"limit": 1, "page": 2})
        assert ([queue["queue_name"] for queue in page["queues"]], page["pages"]) == (["slow"], 2)

    async def test_who_holds_the_slots_of_a_queue_is_told_in_pages(self, api: Api, lab: Any) -> None:
        place = f"/work_queues/{lab['default_queue_id']}"
        for name in "abc":
            await start(api, await new_run(api, name, utc_now()))
        found = await api.post(f"{place}/concurrency_status", {"limit": 2, "page": 2})
        assert [run["name"] for run in found["flow_runs"]] == ["c"]
        assert [found[key] for key in ("active_slots", "count", "pages", "page")] == [3, 3, 2, 2]
