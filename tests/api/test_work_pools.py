"""Work pools over the API."""

from typing import Any
from uuid import uuid4

import pytest

from tests.api.conftest import Api
from tests.api.told import related, told

POOL = {"name": "lab", "type": "process"}
STORAGE = {"bundle_upload_step": None, "bundle_execution_step": None, "default_result_storage_block_id": None}


async def names(api: Api, **body: Any) -> list[str]:
    return [each["name"] for each in await api.post("/work_pools/filter", body)]


async def pool(api: Api, name: str = "lab") -> Any:
    return await api.get(f"/work_pools/{name}")


async def beat(api: Api, worker: str = "w") -> None:
    await api.post("/work_pools/lab/workers/heartbeat", {"name": worker})


def template(value: str = "{{ image }}", **image: Any) -> dict[str, Any]:
    """A template whose only value is that one, and whose only variable is `image`."""
    return {
        "job_configuration": {"image": [value]},
        "variables": {"properties": {"image": image or {"type": "string"}}},
    }


async def test_a_pool_is_made_with_its_default_queue(api: Api) -> None:
    made = await api.post("/work_pools/", {**POOL, "description": "Bench", "base_job_template": template()})
    assert made == await pool(api)
    assert made["base_job_template"] == template()
    assert (made["status"], made["is_paused"], made["active_slots"]) == ("NOT_READY", False, None)
    assert made["storage_configuration"] == STORAGE
    (queue,) = await api.post("/work_pools/lab/queues/filter", {})
    assert (queue["id"], queue["name"], queue["priority"]) == (made["default_queue_id"], "default", 1)
    assert queue["description"] == "The work pool's default queue."


async def test_a_pool_of_agents_has_no_status(api: Api) -> None:
    made = await api.post("/work_pools/", {"name": "lab"})
    assert (made["type"], made["status"]) == ("prefect-agent", None)
    await api.patch("/work_pools/lab", {"is_paused": True})
    assert [name for name, _ in await told(api, "work-pool")] == ["created", "not-ready"]


async def test_a_name_is_taken_only_once(api: Api) -> None:
    await api.post("/work_pools/", POOL)
    answer = await api.call("POST", "/work_pools/", POOL)
    assert answer == (409, {"detail": "A work pool with this name already exists."})
    assert await names(api) == ["lab"]


@pytest.mark.parametrize("name", ["prefect", "Prefect-mine", "PREFECTLY"])
async def test_names_of_the_clients_own_pools_are_reserved(api: Api, name: str) -> None:
    status, answer = await api.call("POST", "/work_pools/", {"name": name})
    assert (status, answer["detail"]) == (403, "Work pools starting with 'Prefect' are reserved for internal use.")
    assert (await api.call("PATCH", f"/work_pools/{name}", {"description": "mine"}))[0] == 403
    assert (await api.call("PATCH", f"/work_pools/{name}", {"is_paused": True}))[0] == 404


@pytest.mark.parametrize("name", ["", "a/b", "50%", "a&b", "<b>"])
async def test_a_name_that_does_not_fit_into_a_path_is_refused(api: Api, name: str) -> None:
    assert (await api.call("POST", "/work_pools/", {"name": name}))[0] == 422


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"variables": {"properties": {}}}, "must contain both"),
        ({"job_configuration": {"a": 1}, "variables": {}}, "must contain both"),
        (template("{{ picture }}"), "undeclared variable(s): picture"),
        (template("{{a}}-{{ b }}"), "undeclared variable(s): a, b"),
        (template(type="string", default=3), "job variable defaults: Validation failed for field 'image'"),
    ],
)
async def test_a_template_must_fit_together(api: Api, wrong: dict[str, Any], says: str) -> None:
    await api.post("/work_pools/", POOL)
    for method, path, body in (("POST", "/work_pools/", {"name": "other"}), ("PATCH", "/work_pools/lab", {})):
        status, answer = await api.call(method, path, {**body, "base_job_template": wrong})
        assert (status, says in answer["detail"]) == (422, True)
    assert await names(api) == ["lab"]


async def test_a_default_that_is_null_stands_for_none(api: Api) -> None:
    await api.post("/work_pools/", {**POOL, "base_job_template": template(type="string", default=None)})


async def test_a_default_may_be_a_block_that_exists(api: Api) -> None:
    made = template(default={"$ref": {"block_document_id": str(uuid4())}})
    assert await api.call("POST", "/work_pools/", {**POOL, "base_job_template": made}) == (
        404,
        {"detail": "Block not found."},
    )


async def test_what_is_not_there_is_not_found(api: Api) -> None:
    missing = (404, {"detail": 'Work pool "lab" not found.'})
    assert await api.call("GET", "/work_pools/lab") == missing
    assert await api.call("PATCH", "/work_pools/lab", {"description": "x"}) == missing
    assert await api.call("DELETE", "/work_pools/lab") == missing


async def test_a_change_touches_only_what_it_names(api: Api) -> None:
    before = await api.post("/work_pools/", {**POOL, "description": "Bench", "concurrency_limit": 0})
    await api.patch("/work_pools/lab", {"concurrency_limit": None})
    await api.patch("/work_pools/lab", {"storage_configuration": {"bundle_upload_step": {"run": "it"}}})
    after = await pool(api)
    assert after["updated"] > before["updated"]
    kept = {**STORAGE, "bundle_upload_step": {"run": "it"}}
    assert after == {
        **before,
        "updated": after["updated"],
        "concurrency_limit": None,
        "active_slots": None,
        "storage_configuration": kept,
    }


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"type": "docker"}, 422),
        ({"concurrency_limit": -1}, 422),
        ({"storage_configuration": {"elsewhere": {}}}, 422),
        ({"is_paused": None}, 409),
        ({"base_job_template": None}, 409),
        ({"storage_configuration": None}, 409),
    ],
)
async def test_what_cannot_be_changed_is_refused(api: Api, change: dict[str, Any], status: int) -> None:
    before = await api.post("/work_pools/", POOL)
    assert (await api.call("PATCH", "/work_pools/lab", change))[0] == status
    assert await pool(api) == before


async def test_pools_are_found_by_name_type_and_id(api: Api) -> None:
    for name, kind in (("c", "process"), ("a", "docker"), ("b", "process")):
        made = await api.post("/work_pools/", {"name": name, "type": kind})
    assert await names(api) == ["a", "b", "c"]
    assert await names(api, limit=1, offset=1) == ["b"]
    for asked, found in (
        ({"type": {"any_": ["process"]}}, ["b", "c"]),
        ({"name": {"any_": ["a", "x"]}}, ["a"]),
        ({"id": {"any_": [made["id"]]}}, ["b"]),
        ({"operator": "or_", "name": {"any_": ["a"]}, "id": {"any_": [made["id"]]}}, ["a", "b"]),
    ):
        assert await names(api, work_pools=asked) == found
        assert await api.post("/work_pools/count", {"work_pools": asked}) == len(found)


async def test_a_pool_is_ready_while_a_worker_is_there_and_not_paused(api: Api) -> None:
    await api.post("/work_pools/", POOL)
    await beat(api)
    assert (await pool(api))["status"] == "READY"
    await api.patch("/work_pools/lab", {"is_paused": True})
    await beat(api)
    assert (await pool(api))["status"] == "PAUSED"
    await api.patch("/work_pools/lab", {"is_paused": False})
    assert (await pool(api))["status"] == "READY"


async def test_a_pool_without_a_worker_is_not_ready_after_its_pause(api: Api) -> None:
    made = await api.post("/work_pools/", {**POOL, "is_paused": True})
    assert made["status"] == "PAUSED"
    await api.patch("/work_pools/lab", {"is_paused": False})
    assert (await pool(api))["status"] == "NOT_READY"


async def test_a_deleted_pool_takes_its_queues_and_workers_and_leaves_its_runs(api: Api) -> None:
    made = await api.post("/work_pools/", POOL)
    await beat(api)
    flow = (await api.post("/flows/", {"name": "etl"}))["id"]
    run = await api.post("/flow_runs/", {"flow_id": flow, "work_pool_name": "lab"})
    assert run["work_queue_id"] == made["default_queue_id"]
    await api.delete("/work_pools/lab")
    assert (await api.call("GET", f"/work_queues/{made['default_queue_id']}"))[0] == 404
    left = await api.get(f"/flow_runs/{run['id']}")
    assert (left["work_queue_id"], left["work_pool_name"]) == (None, None)
    await api.post("/work_pools/", POOL)
    assert await api.post("/work_pools/lab/workers/filter", {}) == []


@pytest.mark.parametrize(("version", "shown"), [("3.3.7", False), ("3.3.8", True), ("3.8.8", True)])
async def test_old_clients_are_not_told_of_the_block_for_results(api: Api, version: str, shown: bool) -> None:
    keeps = {**STORAGE, "default_result_storage_block_id": str(uuid4())}
    await api.post("/work_pools/", {**POOL, "storage_configuration": keeps})
    agent = {"User-Agent": f"prefect/{version} (API 0.8.4)"}
    expected = keeps if shown else {key: keeps[key] for key in ("bundle_upload_step", "bundle_execution_step")}
    assert (await api.get("/work_pools/lab", headers=agent))["storage_configuration"] == expected
    (listed,) = await api.post("/work_pools/filter", {}, headers=agent)
    assert listed["storage_configuration"] == expected


async def test_each_change_of_a_pool_is_told_of(api: Api) -> None:
    await api.post("/work_pools/", POOL)
    await api.patch("/work_pools/lab", {"description": "Bench", "concurrency_limit": None})
    await api.patch("/work_pools/lab", {"description": "Bench"})
    await api.patch("/work_pools/lab", {"is_paused": True})
    await api.patch("/work_pools/lab", {"is_paused": False})
    await beat(api)
    await beat(api)
    await api.delete("/work_pools/lab")
    changed = {"updated_fields": ["description"], "updates": {"description": {"from": None, "to": "Bench"}}}
    assert await told(api, "work-pool") == [
        ("created", {}),
        ("not-ready", {}),
        ("updated", changed),
        ("paused", {}),
        ("not-ready", {}),
        ("ready", {}),
        ("deleted", {}),
    ]
    assert [name for name, _ in await told(api, "work-queue")] == ["created", "deleted"]


async def test_a_pools_change_of_status_follows_the_one_before(api: Api) -> None:
    await api.post("/work_pools/", POOL)
    await beat(api)
    found = await api.post("/events/filter", {"filter": {"event": {"prefix": ["prefect.work-pool."]}, "order": "ASC"}})
    created, first, second = found["events"]
    assert (created["follows"], first["follows"], second["follows"]) == (None, None, first["id"])
    assert created["resource"]["prefect.resource.role"] == "work-pool"
    assert first["resource"] == {
        "prefect.resource.id": created["resource"]["prefect.resource.id"],
        "prefect.resource.name": "lab",
        "prefect.work-pool.type": "process",
    }


async def test_what_is_told_of_a_new_pool_names_its_queue_and_the_block_for_results(api: Api) -> None:
    block = str(uuid4())
    made = await api.post("/work_pools/", {**POOL, "storage_configuration": {"default_result_storage_block_id": block}})
    await api.delete("/work_pools/lab")
    assert await related(api, "work-pool") == [
        {
            "prefect.resource.id": f"prefect.work-queue.{made['default_queue_id']}",
            "prefect.resource.role": "default-queue",
        },
        {"prefect.resource.id": f"prefect.block-document.{block}", "prefect.resource.role": "result-storage"},
    ]


async def test_the_types_of_workers_have_one_for_processes_that_a_pool_can_be_made_of(api: Api) -> None:
    view = await api.get("/collections/views/aggregate-worker-metadata")
    made = view["prefect"]["process"]["default_base_job_configuration"]
    assert set(made["variables"]["properties"]) == set(made["job_configuration"])
    await api.post("/work_pools/", {**POOL, "base_job_template": made})
    missing = (404, {"detail": "View poems not found in registry"})
    assert await api.call("GET", "/collections/views/poems") == missing
