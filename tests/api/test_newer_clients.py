"""A client that is newer than orchd sends fields that orchd does not know: they are left aside."""

from tests.api.conftest import Api

NEW = {"of_a_later_release": {"deep": [1]}}
STATE = {"type": "PENDING", "state_details": NEW, **NEW}
RUNNING = STATE | {"type": "RUNNING"}


async def test_unknown_fields_of_whatever_is_created_are_left_aside(api: Api) -> None:
    flow = (await api.post("/flows/", {"name": "f", **NEW}))["id"]
    kind = (await api.post("/block_types/", {"name": "Lamp", "slug": "lamp", **NEW}))["id"]
    run = {"flow_id": flow, "state": STATE, "empirical_policy": {"retries": 1, **NEW}, **NEW}
    created = {
        "/work_pools/": {"name": "pool", "type": "process", **NEW},
        "/work_pools/pool/queues/": {"name": "queue", **NEW},
        "/deployments/": {"name": "d", "flow_id": flow, "work_pool_name": "pool", **NEW},
        "/flow_runs/": run,
        "/task_runs/": {"flow_run_id": None, "task_key": "t", "dynamic_key": "0", "state": STATE, **NEW},
        "/variables/": {"name": "v", "value": 1, **NEW},
        "/artifacts/": {"key": "a", "data": 1, **NEW},
        "/block_schemas/": {"fields": {"type": "object"}, "block_type_id": kind, **NEW},
        "/concurrency_limits/": {"tag": "t", "concurrency_limit": 1, **NEW},
        "/v2/concurrency_limits/": {"name": "l", "limit": 1, **NEW},
        "/logs/": [{"name": "n", "level": 20, "message": "m", "timestamp": "2030-01-01T00:00:00Z", **NEW}],
    }
    statuses = {path: await api.call("POST", path, body) for path, body in created.items()}
    assert {path: answer for path, (status, answer) in statuses.items() if status not in {200, 201}} == {}
    assert not [path for path, (_, answer) in statuses.items() if "of_a_later_release" in (answer or {})]


async def test_unknown_fields_of_a_new_state_and_of_a_heartbeat_are_left_aside(api: Api) -> None:
    flow = (await api.post("/flows/", {"name": "f"}))["id"]
    run = (await api.post("/flow_runs/", {"flow_id": flow, "state": {"type": "PENDING"}}))["id"]
    told = await api.post(f"/flow_runs/{run}/set_state", {"state": RUNNING, **NEW})
    assert (told["status"], told["state"]["type"]) == ("ACCEPT", "RUNNING")
    await api.post("/work_pools/", {"name": "pool", "type": "process"})
    status, _ = await api.call("POST", "/work_pools/pool/workers/heartbeat", {"name": "w", **NEW})
    assert status == 204
