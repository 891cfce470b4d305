"""Task runs made and moved over HTTP: mirrors of subflows, background tasks, tools."""

import asyncio
from typing import Any
from uuid import uuid4

from tests.api.conftest import Api


async def a_flow_run(api: Api, state: str = "RUNNING", **more: Any) -> dict[str, Any]:
    flow = (await api.post("/flows/", {"name": "etl"}))["id"]
    return dict(await api.post("/flow_runs/", {"flow_id": flow, "state": {"type": state}, **more}))


async def a_task_run(api: Api, flow_run: str | None, key: str = "0", **more: Any) -> dict[str, Any]:
    body = {"flow_run_id": flow_run, "task_key": "work", "dynamic_key": key, **more}
    return dict(await api.post("/task_runs/", body))


async def propose(api: Api, run: str, kind: str, *, force: bool = False, **state: Any) -> dict[str, Any]:
    _, answer = await api.call(
        "POST", f"/task_runs/{run}/set_state", {"state": {"type": kind, **state}, "force": force}
    )
    return dict(answer)


async def slots(api: Api, tag: str) -> int:
    found = await api.get(f"/v2/concurrency_limits/tag:{tag}")
    return int(found["active_slots"])


async def test_a_new_task_run_carries_the_labels_of_its_flow_run(api: Api) -> None:
    parent = await a_flow_run(api, labels={"team": "red"})
    run = await a_task_run(api, parent["id"], labels={"size": 3})
    assert run["labels"] == {**parent["labels"], "prefect.flow-run.id": parent["id"], "size": 3}
    assert run["state_type"] == "PENDING"


async def test_the_same_keys_answer_the_first_task_run(api: Api) -> None:
    parent = await a_flow_run(api)
    body = {"flow_run_id": parent["id"], "task_key": "work", "dynamic_key": "0"}
    first = await api.call("POST", "/task_runs/", body)
    again = await api.call("POST", "/task_runs/", {**body, "name": "other", "state": {"type": "RUNNING"}})
    assert (first[0], again[0]) == (201, 200)
    assert (again[1]["id"], again[1]["state_type"]) == (first[1]["id"], "PENDING")


async def test_without_a_flow_run_the_keys_alone_are_the_identity(api: Api) -> None:
    first, again = await a_task_run(api, None), await a_task_run(api, None)
    assert first["id"] == again["id"]


async def test_an_id_of_another_task_run_is_a_conflict(api: Api) -> None:
    run = await a_task_run(api, None)
    body = {"flow_run_id": None, "task_key": "else", "dynamic_key": "1", "id": run["id"]}
    assert (await api.call("POST", "/task_runs/", body))[0] == 409


async def test_an_unknown_flow_run_is_a_conflict(api: Api) -> None:
    body = {"flow_run_id": str(uuid4()), "task_key": "work", "dynamic_key": "0"}
    assert (await api.call("POST", "/task_runs/", body))[0] == 409


async def test_a_task_runs_only_within_a_running_flow(api: Api) -> None:
    parent = await a_flow_run(api, "PENDING")
    run = await a_task_run(api, parent["id"])
    assert (await propose(api, run["id"], "RUNNING"))["status"] == "ABORT"


async def test_a_cached_result_stands_in_for_the_work(api: Api) -> None:
    parent = await a_flow_run(api)
    first = await a_task_run(api, parent["id"], "0")
    data = {"type": "reference", "storage_key": "k"}
    await propose(api, first["id"], "RUNNING", state_details={"cache_key": "c"})
    await propose(api, first["id"], "COMPLETED", data=data, state_details={"cache_key": "c"})
    second = await a_task_run(api, parent["id"], "1")
    answer = await propose(api, second["id"], "RUNNING", state_details={"cache_key": "c"})
    assert (answer["status"], answer["state"]["name"], answer["state"]["data"]) == ("REJECT", "Cached", data)


async def test_a_failed_task_run_is_tried_again_as_its_policy_says(api: Api) -> None:
    parent = await a_flow_run(api)
    run = await a_task_run(api, parent["id"], empirical_policy={"retries": 1, "retry_delay": 0})
    await propose(api, run["id"], "RUNNING")
    assert (await propose(api, run["id"], "FAILED"))["state"]["name"] == "AwaitingRetry"
    assert (await propose(api, run["id"], "RUNNING"))["state"]["name"] == "Retrying"
    assert (await propose(api, run["id"], "FAILED"))["status"] == "ACCEPT"
    read = await api.get(f"/task_runs/{run['id']}")
    assert (read["run_count"], read["flow_run_run_count"]) == (2, 1)


async def test_tagged_task_runs_share_the_slots_of_their_tag(api: Api) -> None:
    await api.post("/concurrency_limits/", {"tag": "db", "concurrency_limit": 1})
    parent = await a_flow_run(api)
    first, second = [await a_task_run(api, parent["id"], key, tags=["db"]) for key in ("0", "1")]
    assert (await propose(api, first["id"], "RUNNING"))["status"] == "ACCEPT"
    assert (await propose(api, second["id"], "RUNNING"))["status"] == "WAIT"
    assert await slots(api, "db") == 1
    await propose(api, first["id"], "COMPLETED")
    assert await slots(api, "db") == 0
    assert (await propose(api, second["id"], "RUNNING"))["status"] == "ACCEPT"


async def test_task_runs_that_ask_at_once_never_share_a_slot(api: Api) -> None:
    await api.post("/concurrency_limits/", {"tag": "db", "concurrency_limit": 2})
    parent = await a_flow_run(api)
    runs = [await a_task_run(api, parent["id"], str(key), tags=["db"]) for key in range(6)]
    answers = await asyncio.gather(*(propose(api, run["id"], "RUNNING") for run in runs))
    assert sum(answer["status"] == "ACCEPT" for answer in answers) == 2
    assert await slots(api, "db") == 2
