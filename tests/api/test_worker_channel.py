"""/work_pools/{name}/workers/connect: who is let in, what a worker is told, and what becomes of cleanups."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError

from orchd.domain import cleanups, overdue
from orchd.domain.cleanups import Infrastructure
from orchd.kit.clock import utc_now
from tests.api.conftest import Api

TEMPLATE = {
    "job_configuration": {"command": "{{ command }}"},
    "variables": {"properties": {"command": {"type": "string"}}},
}
ABLE = ["worker_heartbeat.v1", "work_pool_snapshot.v1"]
TEARDOWN = "cancelling_timeout_teardown.v1"
PATIENCE = timedelta(minutes=5)


def frame(kind: str, **payload: Any) -> dict[str, Any]:
    return {"type": kind, "id": str(uuid4()), "sent_at": datetime.now(UTC).isoformat(), "payload": payload}


def hello(**more: Any) -> dict[str, Any]:
    usual = {
        "consumer_id": str(uuid4()),
        "worker_name": "ada",
        "worker_type": "process",
        "heartbeat_interval_seconds": 30,
        "supported_channel_versions": ["work_pool_worker_channel.v1"],
        "requested_capabilities": ABLE,
        "work_queue_names": [],
        "create_pool_if_not_found": False,
        "default_base_job_template": {},
        "worker_metadata": None,
    }
    return frame("worker.hello.v1", **{**usual, **more})


def cleaner(**more: Any) -> dict[str, Any]:
    able = [*ABLE, "cleanup_delivery.v1"]
    return hello(requested_capabilities=able, handled_cleanup_kinds=[TEARDOWN], **more)


@asynccontextmanager
async def connected(api: Api, pool: str = "lab", said: Any = None) -> AsyncIterator[ClientWebSocketResponse]:
    path = f"/api/work_pools/{pool}/workers/connect"
    async with api.client.ws_connect(path, protocols=["prefect"]) as socket:
        await socket.send_json({"type": "auth", "token": None})
        assert await socket.receive_json(timeout=10) == {"type": "auth_success"}
        if said is not None:
            await socket.send_json(said)
        yield socket


async def heard(socket: ClientWebSocketResponse, kind: str) -> dict[str, Any]:
    message = await socket.receive_json(timeout=20)
    assert message["type"] == kind, message
    assert set(message) == {"type", "id", "sent_at", "payload"}
    payload: dict[str, Any] = message["payload"]
    return payload


async def ending(socket: ClientWebSocketResponse) -> tuple[int, str]:
    message = await socket.receive(timeout=20)
    assert message.type is WSMsgType.CLOSE, message
    return message.data, message.extra or ""


async def a_pool(api: Api, **more: Any) -> dict[str, Any]:
    pool: dict[str, Any] = await api.post("/work_pools/", {"name": "lab", "type": "process", **more})
    return pool


async def test_a_worker_is_greeted_with_its_pool_and_is_online(api: Api) -> None:
    pool = await a_pool(api)
    said = hello(requested_capabilities=[*ABLE, "later.v9"])
    async with connected(api, said=said) as socket:
        ready = await heard(socket, "worker.ready.v1")
        assert ready["consumer_id"] == said["payload"]["consumer_id"]
        assert ready["worker_id"] is None
        assert ready["selected_channel_version"] == "work_pool_worker_channel.v1"
        assert (ready["accepted_capabilities"], ready["rejected_capabilities"]) == (ABLE, ["later.v9"])
        assert ready["effective_max_cleanup_concurrency"] == 0
        assert [queue["name"] for queue in ready["resolved_work_queues"]] == ["default"]
        first = ready["initial_snapshot"]
        assert (first["snapshot_sequence"], first["reason"], first["work_pool"]["id"]) == (1, "initial", pool["id"])
        assert first["work_pool"]["status"] == "READY"
    (worker,) = await api.post("/work_pools/lab/workers/filter", {})
    assert (worker["name"], worker["status"], worker["heartbeat_interval_seconds"]) == ("ada", "ONLINE", 30)


async def test_a_worker_brings_its_pool_and_its_template(api: Api) -> None:
    said = hello(create_pool_if_not_found=True, default_base_job_template=TEMPLATE)
    async with connected(api, "fresh", said) as socket:
        ready = await heard(socket, "worker.ready.v1")
    assert ready["initial_snapshot"]["work_pool"]["base_job_template"] == TEMPLATE
    assert (await api.get("/work_pools/fresh"))["type"] == "process"
    await a_pool(api)
    async with connected(api, said=hello(default_base_job_template=TEMPLATE)) as socket:
        await heard(socket, "worker.ready.v1")
    assert (await api.get("/work_pools/lab"))["base_job_template"] == TEMPLATE


@pytest.mark.parametrize(
    ("said", "code", "reason"),
    [
        pytest.param(hello(supported_channel_versions=["v9"]), 1008, "unsupported_version", id="version"),
        pytest.param(hello(work_queue_names=["none"]), 1008, "authorization_failed", id="unknown queue"),
        pytest.param(hello(requested_capabilities=ABLE[:1]), 1002, "protocol_error", id="too few capabilities"),
        pytest.param(hello(handled_cleanup_kinds=[TEARDOWN]), 1002, "protocol_error", id="kinds without capability"),
        pytest.param(hello(max_cleanup_concurrency=1), 1002, "protocol_error", id="concurrency without capability"),
        pytest.param(hello(heartbeat_interval_seconds=0), 1002, "protocol_error", id="no interval"),
        pytest.param(hello(favourite="colour"), 1002, "protocol_error", id="unknown key"),
        pytest.param(hello(default_base_job_template={"variables": {}}), 1002, "protocol_error", id="bad template"),
        pytest.param(frame("worker.dance.v1"), 1002, "protocol_error", id="unknown frame"),
        pytest.param({"type": "filter"}, 1002, "protocol_error", id="no frame"),
        pytest.param([], 1002, "protocol_error", id="no object"),
    ],
)
async def test_a_wrong_hello_ends_with_a_reason_that_workers_know(api: Api, said: Any, code: int, reason: str) -> None:
    await a_pool(api)
    async with connected(api, said=said) as socket:
        assert await ending(socket) == (code, reason)


@pytest.mark.parametrize(("pool", "asks"), [("none", False), ("Prefect-lab", True), ("a%26b", True)])
async def test_a_pool_that_may_not_be_made_is_refused(api: Api, pool: str, asks: bool) -> None:
    async with connected(api, pool, hello(create_pool_if_not_found=asks)) as socket:
        assert await ending(socket) == (1008, "authorization_failed")
    assert await api.post("/work_pools/filter", {}) == []


async def test_who_does_not_introduce_itself_is_refused(api: Api) -> None:
    path = "/api/work_pools/lab/workers/connect"
    with pytest.raises(WSServerHandshakeError) as caught:
        await api.client.ws_connect(path)
    assert caught.value.status == 403
    async with api.client.ws_connect(path, protocols=["prefect"]) as socket:
        await socket.send_json({"type": "hello"})
        assert await ending(socket) == (1008, "authentication_failed")
    async with api.client.ws_connect(path, protocols=["prefect"]) as socket:
        await socket.send_str("no json")
        assert await ending(socket) == (1008, "authentication_failed")


async def test_what_is_no_json_is_no_hello(api: Api) -> None:
    async with connected(api) as socket:
        await socket.send_str("no json")
        assert await ending(socket) == (1002, "protocol_error")


async def test_changes_of_the_pool_are_told_and_its_end_too(api: Api) -> None:
    await a_pool(api)
    async with connected(api, said=hello()) as socket:
        await heard(socket, "worker.ready.v1")
        await api.patch("/work_pools/lab", {"concurrency_limit": 7})
        told = await heard(socket, "work_pool.snapshot.v1")
        assert (told["snapshot_sequence"], told["reason"]) == (2, "work_pool_updated")
        assert told["work_pool"]["concurrency_limit"] == 7
        await api.patch("/work_pools/lab", {"is_paused": True})
        assert (await heard(socket, "work_pool.snapshot.v1"))["work_pool"]["status"] == "PAUSED"
        await api.delete("/work_pools/lab")
        assert await ending(socket) == (1008, "authorization_failed")


async def test_a_heartbeat_keeps_the_worker_alive_and_brings_other_changes(api: Api) -> None:
    await a_pool(api)
    said = hello()
    beat = {"consumer_id": said["payload"]["consumer_id"], "worker_name": "ada", "heartbeat_interval_seconds": 45}
    async with connected(api, said=said) as socket:
        await heard(socket, "worker.ready.v1")
        await api.patch("/work_pools/lab", {"description": "told with the next heartbeat"})
        await socket.send_json(frame("worker.heartbeat.v1", **beat))
        told = await heard(socket, "work_pool.snapshot.v1")
        assert (told["reason"], told["work_pool"]["description"]) == (
            "heartbeat_reconciliation",
            "told with the next heartbeat",
        )
        (worker,) = await api.post("/work_pools/lab/workers/filter", {})
        assert worker["heartbeat_interval_seconds"] == 45
        await socket.send_json(frame("worker.heartbeat.v1", **{**beat, "worker_name": "eve"}))
        assert await ending(socket) == (1002, "protocol_error")


async def a_teardown(api: Api, pool: dict[str, Any], **more: Any) -> UUID:
    """The id of a run whose infrastructure is to be torn down."""
    run, where = uuid4(), Infrastructure(uuid4(), "host:1", UUID(pool["default_queue_id"]), UUID(pool["id"]), "process")
    assert await api.db.write(cleanups.after_cancelling_timeout, run, where, utc_now())
    assert not await api.db.write(cleanups.after_cancelling_timeout, run, where, utc_now())
    return run


async def test_a_cleanup_is_handed_to_one_worker_until_it_is_done(api: Api) -> None:
    pool = await a_pool(api)
    async with connected(api, said=cleaner()) as socket:
        ready = await heard(socket, "worker.ready.v1")
        assert ready["effective_max_cleanup_concurrency"] == 1
        run = await a_teardown(api, pool)
        given = await heard(socket, "cleanup.message.v1")
        assert given["kind"] == TEARDOWN
        assert given["target"] == {"flow_run_id": str(run), "infrastructure_pid": "host:1"}
        assert given["delivery_count"] == 1
        which = {"message_id": given["message_id"], "reservation_token": given["reservation_token"]}
        renewed = await answered(socket, "cleanup.renew.v1", **which)
        assert (renewed["operation"], renewed["status"]) == ("renew", "accepted")
        assert renewed["lease_expires_at"] is not None
        wrong = await answered(socket, "cleanup.ack.v1", **{**which, "reservation_token": "guessed"})
        assert (wrong["status"], wrong["reason"]) == ("invalid_token", "reservation_token_mismatch")
        assert (await answered(socket, "cleanup.ack.v1", **which))["status"] == "accepted"
        late = await answered(socket, "cleanup.ack.v1", **which)
        assert (late["status"], late["reason"]) == ("not_current", "no_active_reservation")
        unknown = await answered(socket, "cleanup.ack.v1", **{**which, "message_id": str(uuid4())})
        assert (unknown["status"], unknown["reason"]) == ("not_found", "message_not_found")


async def answered(socket: ClientWebSocketResponse, kind: str, **payload: Any) -> dict[str, Any]:
    said = frame(kind, **payload)
    await socket.send_json(said)
    result = await heard(socket, "cleanup.operation_result.v1")
    assert result["request_frame_id"] == said["id"]
    return result


async def test_a_cleanup_that_is_released_comes_again_three_times_in_all(api: Api) -> None:
    pool = await a_pool(api)
    await a_teardown(api, pool)
    async with connected(api, said=cleaner()) as socket:
        await heard(socket, "worker.ready.v1")
        for attempt in (1, 2, 3):
            given = await heard(socket, "cleanup.message.v1")
            assert given["delivery_count"] == attempt
            which = {"message_id": given["message_id"], "reservation_token": given["reservation_token"]}
            result = await answered(socket, "cleanup.release.v1", **which, reason="cannot")
            assert result["status"] == ("accepted" if attempt < 3 else "dead_lettered")
        assert result["reason"] == "max_delivery_attempts_reached"


async def test_a_cleanup_whose_worker_died_is_for_the_next_one(api: Api) -> None:
    pool = await a_pool(api)
    await a_teardown(api, pool)
    async with connected(api, said=cleaner()) as socket:
        await heard(socket, "worker.ready.v1")
        first = await heard(socket, "cleanup.message.v1")
    later = utc_now() + timedelta(seconds=31)
    assert await api.db.write(cleanups.return_expired, 3, later, 10) == 1
    assert await api.db.write(cleanups.return_expired, 3, later, 10) == 0
    async with connected(api, said=cleaner()) as socket:
        await heard(socket, "worker.ready.v1")
        second = await heard(socket, "cleanup.message.v1")
        assert (second["message_id"], second["delivery_count"]) == (first["message_id"], 2)
        assert second["reservation_token"] != first["reservation_token"]


async def test_a_worker_without_cleanups_has_no_say_in_them(api: Api) -> None:
    await a_pool(api)
    async with connected(api, said=hello()) as socket:
        await heard(socket, "worker.ready.v1")
        result = await answered(socket, "cleanup.ack.v1", message_id=str(uuid4()), reservation_token="t")
        assert (result["status"], result["reason"]) == ("unauthorized", "cleanup_delivery_not_accepted")


@pytest.mark.parametrize(("kind", "told"), [("process", True), ("cloud-run:push", False), ("prefect:managed", False)])
async def test_a_cancellation_that_nobody_ends_is_followed_by_a_cleanup(api: Api, kind: str, told: bool) -> None:
    await a_pool(api, type=kind)
    flow = await api.post("/flows/", {"name": "f"})
    run = await api.post("/flow_runs/", {"flow_id": flow["id"], "work_pool_name": "lab", "state": {"type": "RUNNING"}})
    await api.post(f"/flow_runs/{run['id']}/set_state", {"state": {"type": "CANCELLING"}})
    assert await api.db.write(overdue.clean_up_cancelled, utc_now() + PATIENCE, PATIENCE, 10) == 1
    assert (await api.get(f"/flow_runs/{run['id']}"))["state_type"] == "CANCELLED"
    async with connected(api, said=cleaner()) as socket:
        await heard(socket, "worker.ready.v1")
        if told:
            given = await heard(socket, "cleanup.message.v1")
            assert given["target"]["flow_run_id"] == run["id"]
        else:
            unknown = await answered(socket, "cleanup.ack.v1", message_id=str(uuid4()), reservation_token="t")
            assert unknown["status"] == "not_found"  # and no message came before it
