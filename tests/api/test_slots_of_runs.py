"""Runs that need a slot to go on: of their deployment's limit, or of their tags'."""

from typing import Any
from uuid import uuid4

import pytest

from tests.api.conftest import Api
from tests.kit.rows import Rows
from tests.kit.slots import leases, make, taken

CLIENT = {"User-Agent": "prefect/3.8.8 (API 0.8.4)"}


async def deployment(api: Api, limit: int, **options: Any) -> dict[str, str]:
    """What a run of a deployment with a limit names."""
    rows = Rows(api.db)
    flow = await rows.flow()
    slots = await make(api.db, "deployment:x", limit)
    made = await rows.deployment(flow, concurrency_limit_id=slots, concurrency_options=options or None)
    return {"flow_id": str(flow), "deployment_id": str(made)}


async def run_of(api: Api, names: dict[str, str]) -> str:
    made = await api.post("/flow_runs/", {**names, "state": {"type": "SCHEDULED"}})
    return str(made["id"])


async def put(api: Api, run: str, state: str, kind: str = "flow_runs", **more: Any) -> Any:
    body = {"state": {"type": state, **more}}
    return await api.post(f"/{kind}/{run}/set_state", body, headers=CLIENT)


def held(answer: Any) -> str | None:
    lease: str | None = answer["state"]["state_details"]["deployment_concurrency_lease_id"]
    return lease


async def test_a_run_holds_a_slot_of_its_deployment_from_pending_to_its_end(api: Api) -> None:
    run = await run_of(api, await deployment(api, 1))
    pending = await put(api, run, "PENDING")
    lease = held(pending)
    assert [str(id) for id in await leases(api.db)] == [lease]
    assert held(await put(api, run, "RUNNING")) == lease
    assert await taken(api.db, "deployment:x") == 1
    await api.post(f"/v2/concurrency_limits/leases/{lease}/renew", {"lease_duration": 300})
    await put(api, run, "COMPLETED")
    assert (await taken(api.db, "deployment:x"), await leases(api.db)) == (0, {})


async def test_a_run_without_a_slot_waits_and_goes_on_when_one_is_free(api: Api) -> None:
    names = await deployment(api, 1)
    first, second = await run_of(api, names), await run_of(api, names)
    await put(api, first, "PENDING")
    refused = await put(api, second, "PENDING")
    assert (refused["status"], refused["state"]["name"]) == ("REJECT", "AwaitingConcurrencySlot")
    await put(api, first, "FAILED")
    assert (await put(api, second, "PENDING"))["status"] == "ACCEPT"
    assert await taken(api.db, "deployment:x") == 1


async def test_a_run_without_a_slot_is_cancelled_where_the_deployment_wants_that(api: Api) -> None:
    names = await deployment(api, 1, collision_strategy="CANCEL_NEW")
    first, second = await run_of(api, names), await run_of(api, names)
    await put(api, first, "PENDING")
    assert (await put(api, second, "PENDING"))["state"]["type"] == "CANCELLED"
    assert await taken(api.db, "deployment:x") == 1


async def test_a_deleted_run_gives_its_slot_back(api: Api) -> None:
    run = await run_of(api, await deployment(api, 1))
    await put(api, run, "PENDING")
    await api.delete(f"/flow_runs/{run}")
    assert (await taken(api.db, "deployment:x"), await leases(api.db)) == (0, {})


async def task_run(api: Api, *tags: str, **more: Any) -> str:
    made = await api.post("/task_runs/", {"task_key": "t", "dynamic_key": str(uuid4()), "tags": tags, **more})
    return str(made["id"])


async def test_a_task_run_waits_for_its_tags_and_frees_them_when_it_ends(api: Api) -> None:
    await make(api.db, "tag:db", 1)
    first, second = await task_run(api, "db", "free"), await task_run(api, "db")
    assert (await put(api, first, "RUNNING", "task_runs"))["status"] == "ACCEPT"
    refused = await put(api, second, "RUNNING", "task_runs")
    assert (refused["status"], refused["details"]["delay_seconds"]) == ("WAIT", 10)
    await put(api, first, "COMPLETED", "task_runs")
    assert (await put(api, second, "RUNNING", "task_runs"))["status"] == "ACCEPT"
    assert await taken(api.db, "tag:db") == 1


async def test_a_task_run_of_a_tag_whose_limit_is_nothing_never_starts(api: Api) -> None:
    await make(api.db, "tag:db", 0)
    assert (await put(api, await task_run(api, "db"), "RUNNING", "task_runs"))["status"] == "ABORT"


async def test_a_result_is_found_again_under_its_key(api: Api) -> None:
    first, second = await task_run(api), await task_run(api)
    key = {"state_details": {"cache_key": "same"}}
    await put(api, first, "RUNNING", "task_runs", **key)
    await put(api, first, "COMPLETED", "task_runs", data={"type": "reference", "storage_key": "k"}, **key)
    cached = await put(api, second, "RUNNING", "task_runs", **key)
    assert (cached["status"], cached["state"]["name"]) == ("REJECT", "Cached")
    assert cached["state"]["data"] == {"type": "reference", "storage_key": "k"}


@pytest.mark.parametrize("kind", ["flow_runs", "task_runs"])
async def test_retries_in_older_words_are_understood(api: Api, kind: str) -> None:
    owner = (
        {"flow_id": str(await Rows(api.db).flow())} if kind == "flow_runs" else {"task_key": "t", "dynamic_key": "1"}
    )
    policy = {"max_retries": 1, "retry_delay_seconds": 0}
    made = await api.post(f"/{kind}/", {**owner, "empirical_policy": policy, "state": {"type": "PENDING"}})
    assert made["empirical_policy"]["retries"] == 1
    await put(api, made["id"], "RUNNING", kind)
    assert (await put(api, made["id"], "FAILED", kind))["state"]["name"] == "AwaitingRetry"
