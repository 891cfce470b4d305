"""Work queues over the API: those of a pool, and as clients know them that name no pool."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from orchd.kit.clock import utc_now
from tests.api.conftest import Api
from tests.api.told import related, told

QUEUES = "/work_pools/lab/queues"


@pytest.fixture
async def lab(api: Api) -> Any:
    """A pool with its default queue."""
    return await api.post("/work_pools/", {"name": "lab", "type": "process"})


async def order(api: Api) -> list[tuple[str, int]]:
    return [(each["name"], each["priority"]) for each in await api.post(f"{QUEUES}/filter", {})]


async def new(api: Api, name: str, **more: Any) -> Any:
    return await api.post(QUEUES, {"name": name, **more})


async def test_a_queue_is_read_by_its_pool_and_name_and_by_its_id(api: Api, lab: Any) -> None:
    made = await new(api, "fast", description="Soon", concurrency_limit=0)
    assert made == await api.get(f"{QUEUES}/fast") == await api.get(f"/work_queues/{made['id']}")
    assert (made["work_pool_name"], made["status"], made["active_slots"]) == ("lab", "NOT_READY", 0)


async def test_without_a_priority_a_queue_gets_the_first_that_is_free(api: Api, lab: Any) -> None:
    await new(api, "second")
    await new(api, "fifth", priority=5)
    await new(api, "third")
    assert await order(api) == [("default", 1), ("second", 2), ("third", 3), ("fifth", 5)]


async def test_a_priority_that_is_taken_pushes_the_others_by_as_little_as_needed(api: Api, lab: Any) -> None:
    await new(api, "second")
    await new(api, "fifth", priority=5)
    await new(api, "first", priority=1)
    assert await order(api) == [("first", 1), ("default", 2), ("second", 3), ("fifth", 5)]
    await api.patch(f"{QUEUES}/default", {"priority": 1})
    assert await order(api) == [("default", 1), ("first", 2), ("second", 3), ("fifth", 5)]


async def test_a_deleted_queue_leaves_a_gap(api: Api, lab: Any) -> None:
    await new(api, "second")
    await new(api, "third")
    await api.delete(f"{QUEUES}/second")
    assert await order(api) == [("default", 1), ("third", 3)]


@pytest.mark.parametrize("wrong", [{"priority": 0}, {"concurrency_limit": -1}, {"name": "a/b"}, {"name": ""}])
async def test_values_that_no_queue_can_have_are_refused(api: Api, lab: Any, wrong: dict[str, Any]) -> None:
    assert (await api.call("POST", QUEUES, {"name": "fast", **wrong}))[0] == 422
    assert await order(api) == [("default", 1)]


async def test_a_name_is_taken_only_once_in_a_pool(api: Api, lab: Any) -> None:
    await api.post("/work_pools/", {"name": "other"})
    await new(api, "fast")
    await api.post("/work_pools/other/queues", {"name": "fast"})
    assert (await api.call("POST", QUEUES, {"name": "fast", "priority": 1}))[0] == 409
    assert (await api.call("PATCH", f"{QUEUES}/default", {"name": "fast"}))[0] == 409
    assert await order(api) == [("default", 1), ("fast", 2)]


@pytest.mark.parametrize("change", [{"name": None}, {"priority": None}])
async def test_a_null_that_no_queue_can_have_is_a_conflict(api: Api, lab: Any, change: dict[str, Any]) -> None:
    assert (await api.call("PATCH", f"{QUEUES}/default", change))[0] == 409


async def test_a_pools_default_queue_stays(api: Api, lab: Any) -> None:
    refused = (409, {"detail": "Can't delete a pool's default queue."})
    assert await api.call("DELETE", f"{QUEUES}/default") == refused
    assert await api.call("DELETE", f"/work_queues/{lab['default_queue_id']}") == refused
    assert [name for name, _ in await told(api, "work-queue")] == ["created"]


async def test_what_is_not_there_is_not_found(api: Api, lab: Any) -> None:
    missing = (404, {"detail": "Work pool queue 'lab/none' not found."})
    assert await api.call("GET", f"{QUEUES}/none") == missing
    assert await api.call("PATCH", f"{QUEUES}/none", {}) == missing
    assert await api.call("DELETE", f"{QUEUES}/none") == missing
    assert await api.call("POST", "/work_pools/none/queues", {"name": "x"}) == (
        404,
        {"detail": 'Work pool "none" not found.'},
    )
    for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/status"), ("POST", "/get_runs")):
        body = None if method in ("GET", "DELETE") else {}
        assert (await api.call(method, f"/work_queues/{uuid4()}{path}", body))[0] == 404


async def test_a_pause_and_its_end_change_the_status(api: Api, lab: Any) -> None:
    async def status_after(**change: Any) -> str:
        await api.patch(f"{QUEUES}/default", change)
        return str((await api.get(f"{QUEUES}/default"))["status"])

    assert await status_after(is_paused=True) == "PAUSED"
    assert await status_after(description="x") == "PAUSED"
    assert await status_after(is_paused=False) == "NOT_READY"
    await status_after(is_paused=True, last_polled=utc_now().isoformat())
    assert await status_after(is_paused=False) == "READY"


async def test_each_change_of_a_queue_is_told_of(api: Api, lab: Any) -> None:
    await new(api, "fast")
    await api.patch(f"{QUEUES}/fast", {"name": "quick", "concurrency_limit": 2, "description": ""})
    await api.patch(f"{QUEUES}/quick", {"is_paused": True})
    await api.patch(f"{QUEUES}/quick", {"is_paused": False})
    await api.delete(f"{QUEUES}/quick")
    updates = {"name": {"from": "fast", "to": "quick"}, "concurrency_limit": {"from": None, "to": 2}}
    assert (await told(api, "work-queue"))[1:] == [
        ("created", {}),
        ("updated", {"updated_fields": ["name", "concurrency_limit"], "updates": updates}),
        ("paused", {}),
        ("not-ready", {}),
        ("deleted", {}),
    ]
    assert await related(api, "work-queue") == [
        {
            "prefect.resource.id": f"prefect.work-pool.{lab['id']}",
            "prefect.resource.name": "lab",
            "prefect.resource.role": "work-pool",
            "prefect.work-pool.type": "process",
        }
    ]


async def test_queues_of_all_pools_are_listed_by_name(api: Api, lab: Any) -> None:
    await new(api, "Fast-2")
    await new(api, "fast-1")

    async def names(**body: Any) -> list[str]:
        return [each["name"] for each in await api.post("/work_queues/filter", body)]

    assert sorted(await names()) == ["Fast-2", "default", "fast-1"]
    asked = {"name": {"startswith_": ["FAST"]}}
    assert sorted(await names(work_queues=asked)) == ["Fast-2", "fast-1"]
    assert await names(work_queues={"name": {"any_": ["fast-1"]}}) == ["fast-1"]
    found = await api.post(f"{QUEUES}/filter", {"work_queues": asked, "limit": 1, "offset": 1})
    assert [each["name"] for each in found] == ["fast-1"]


async def test_a_queue_without_a_pool_is_in_the_pool_of_old_clients(api: Api) -> None:
    made = await api.post("/work_queues/", {"name": "mine"})
    assert (made["work_pool_name"], made["priority"]) == ("default-agent-pool", 2)
    assert made == await api.get("/work_queues/name/mine")
    assert (await api.call("POST", "/work_queues/", {"name": "mine"}))[0] == 409
    pool = await api.get("/work_pools/default-agent-pool")
    assert (pool["type"], pool["status"]) == ("prefect-agent", None)


async def test_without_that_pool_a_name_means_any_queue(api: Api, lab: Any) -> None:
    assert (await api.get("/work_queues/name/default"))["id"] == lab["default_queue_id"]
    await api.post("/work_queues/", {"name": "mine"})
    assert (await api.get("/work_queues/name/default"))["id"] != lab["default_queue_id"]
    missing = (404, {"detail": "work queue not found"})
    assert await api.call("GET", "/work_queues/name/none") == missing


async def test_a_queue_is_healthy_while_it_is_polled_and_nothing_is_late(api: Api, lab: Any) -> None:
    place = f"/work_queues/{lab['default_queue_id']}"
    policy = {"maximum_late_runs": 0, "maximum_seconds_since_last_polled": 60}
    assert await api.get(f"{place}/status") == {
        "healthy": False,
        "late_runs_count": 0,
        "last_polled": None,
        "health_check_policy": policy,
    }
    await api.patch(place, {"last_polled": utc_now().isoformat()})
    assert (await api.get(f"{place}/status"))["healthy"] is True
    flow = (await api.post("/flows/", {"name": "etl"}))["id"]
    late = {"type": "SCHEDULED", "name": "Late"}
    await api.post("/flow_runs/", {"flow_id": flow, "state": late, "work_pool_name": "lab"})
    found = await api.get(f"{place}/status")
    assert (found["healthy"], found["late_runs_count"]) == (False, 1)


async def test_a_queue_that_nobody_polls_any_more_is_not_healthy(api: Api, lab: Any) -> None:
    place = f"/work_queues/{lab['default_queue_id']}"
    await api.patch(place, {"last_polled": (utc_now() - timedelta(seconds=61)).isoformat()})
    assert (await api.get(f"{place}/status"))["healthy"] is False
