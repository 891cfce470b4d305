"""Whether anybody works: each pass is run by hand, at a moment of the test's."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchd.config import load
from orchd.config.settings import Settings
from orchd.kit.clock import utc_now
from orchd.services import all_services
from orchd.services.foreman import Foreman
from tests.api.conftest import Api
from tests.api.told import told

SECOND = timedelta(seconds=1)


@pytest.fixture
async def lab(api: Api) -> Any:
    return await api.post("/work_pools/", {"name": "lab", "type": "process"})


async def inspect(api: Api, after: timedelta) -> int:
    """One pass as if so much time had gone by."""
    service = Foreman(api.context.settings.services.foreman)
    now: datetime = utc_now() + after
    return await api.db.write(service.once, now)


async def beat(api: Api, name: str, **more: Any) -> None:
    await api.post("/work_pools/lab/workers/heartbeat", {"name": name, **more})


async def workers(api: Api) -> dict[str, str]:
    return {each["name"]: each["status"] for each in await api.post("/work_pools/lab/workers/filter", {})}


async def pool_status(api: Api) -> str:
    return str((await api.get("/work_pools/lab"))["status"])


def test_it_runs_unless_it_is_switched_off(settings: Settings, tmp_path: Path) -> None:
    assert "foreman" in [each.name for each in all_services(settings)]
    file = tmp_path / "off.yaml"
    file.write_text("services: {foreman: {enabled: false}}")
    assert "foreman" not in [each.name for each in all_services(load(file).settings)]


async def test_a_worker_is_offline_after_three_missed_heartbeats(api: Api, lab: Any) -> None:
    await beat(api, "usual")
    await beat(api, "eager", heartbeat_interval_seconds=5)
    await inspect(api, 14 * SECOND)
    assert await workers(api) == {"usual": "ONLINE", "eager": "ONLINE"}
    await inspect(api, 16 * SECOND)
    assert await workers(api) == {"usual": "ONLINE", "eager": "OFFLINE"}
    await inspect(api, 91 * SECOND)
    assert await workers(api) == {"usual": "OFFLINE", "eager": "OFFLINE"}
    await beat(api, "eager")
    assert (await workers(api))["eager"] == "ONLINE"


async def test_a_pool_is_not_ready_once_its_last_worker_is_offline(api: Api, lab: Any) -> None:
    await beat(api, "a", heartbeat_interval_seconds=5)
    await beat(api, "b")
    await inspect(api, 16 * SECOND)
    assert await pool_status(api) == "READY"
    assert [await inspect(api, 91 * SECOND) for _ in range(2)] == [1, 0]
    assert await pool_status(api) == "NOT_READY"
    assert [name for name, _ in await told(api, "work-pool")] == ["created", "not-ready", "ready", "not-ready"]


async def test_a_paused_pool_stays_paused(api: Api, lab: Any) -> None:
    await beat(api, "a")
    await api.patch("/work_pools/lab", {"is_paused": True})
    await inspect(api, 91 * SECOND)
    assert await pool_status(api) == "PAUSED"


async def test_what_nobody_polls_any_more_is_not_ready(api: Api, lab: Any) -> None:
    flow = (await api.post("/flows/", {"name": "etl"}))["id"]
    made = await api.post("/deployments/", {"name": "d", "flow_id": flow, "work_pool_name": "lab"})
    await api.post("/work_pools/lab/get_scheduled_flow_runs", {})
    assert await inspect(api, 55 * SECOND) == 0
    assert [await inspect(api, 65 * SECOND) for _ in range(2)] == [1, 0]
    queue = await api.get("/work_pools/lab/queues/default")
    deployment = await api.get(f"/deployments/{made['id']}")
    assert (queue["status"], deployment["status"]) == ("NOT_READY", "NOT_READY")
    assert deployment["updated"] == made["updated"]
    assert [name for name, _ in await told(api, "deployment")] == ["created", "ready", "not-ready"]
    assert [name for name, _ in await told(api, "work-queue")] == ["created", "ready", "not-ready"]


async def test_a_deployment_stays_ready_while_its_queue_is_polled(api: Api, lab: Any) -> None:
    flow = (await api.post("/flows/", {"name": "etl"}))["id"]
    made = await api.post("/deployments/", {"name": "d", "flow_id": flow, "work_pool_name": "lab"})
    await api.post("/work_pools/lab/get_scheduled_flow_runs", {})
    later = (utc_now() + 60 * SECOND).isoformat()
    await api.patch("/work_pools/lab/queues/default", {"last_polled": later})
    await inspect(api, 65 * SECOND)
    assert (await api.get(f"/deployments/{made['id']}"))["status"] == "READY"


async def test_what_was_never_polled_is_left_alone(api: Api, lab: Any) -> None:
    assert await inspect(api, timedelta(days=1)) == 0
    assert [name for name, _ in await told(api, "work-queue")] == ["created"]
