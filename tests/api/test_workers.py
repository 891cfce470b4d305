"""Workers over the API: they are what their heartbeats say."""

from typing import Any

import pytest

from orchd.kit.clock import utc_now
from tests.api.conftest import Api

WORKERS = "/work_pools/lab/workers"


@pytest.fixture
async def lab(api: Api) -> Any:
    return await api.post("/work_pools/", {"name": "lab", "type": "process"})


async def beat(api: Api, name: str, **more: Any) -> None:
    await api.post(f"{WORKERS}/heartbeat", {"name": name, **more})


async def names(api: Api, **asked: Any) -> list[str]:
    return [each["name"] for each in await api.post(f"{WORKERS}/filter", {"workers": asked})]


async def test_a_heartbeat_makes_a_worker_known(api: Api, lab: Any) -> None:
    await beat(api, "w", heartbeat_interval_seconds=7)
    (found,) = await api.post(f"{WORKERS}/filter", {})
    assert (found["name"], found["work_pool_id"], found["status"]) == ("w", lab["id"], "ONLINE")


async def test_a_later_heartbeat_is_the_same_workers_and_keeps_its_interval(api: Api, lab: Any) -> None:
    await beat(api, "w", heartbeat_interval_seconds=7)
    (before,) = await api.post(f"{WORKERS}/filter", {})
    await beat(api, "w")
    (after,) = await api.post(f"{WORKERS}/filter", {})
    assert after["last_heartbeat_time"] > before["last_heartbeat_time"]
    assert after == {**before, "last_heartbeat_time": after["last_heartbeat_time"]}
    assert after["heartbeat_interval_seconds"] == 7


async def test_workers_are_listed_by_their_latest_heartbeat(api: Api, lab: Any) -> None:
    for name in ("a", "b", "c", "a"):
        await beat(api, name)
    assert await names(api) == ["a", "c", "b"]
    now = utc_now().isoformat()
    assert await names(api, last_heartbeat_time={"after_": now}) == []
    assert await names(api, last_heartbeat_time={"before_": now}, status={"any_": ["ONLINE"]}) == ["a", "c", "b"]
    assert await names(api, status={"not_any_": ["ONLINE"]}) == []


async def test_a_worker_can_be_forgotten(api: Api, lab: Any) -> None:
    await beat(api, "w")
    await api.delete(f"{WORKERS}/w")
    assert await api.call("DELETE", f"{WORKERS}/w") == (404, {"detail": "Worker not found."})
    assert await names(api) == []


async def test_workers_of_an_unknown_pool_are_not_found(api: Api) -> None:
    missing = (404, {"detail": 'Work pool "lab" not found.'})
    assert await api.call("POST", f"{WORKERS}/heartbeat", {"name": "w"}) == missing
    assert await api.call("POST", f"{WORKERS}/filter", {}) == missing
    assert await api.call("DELETE", f"{WORKERS}/w") == missing
