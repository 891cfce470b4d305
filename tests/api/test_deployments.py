"""Deployments over the API."""

from typing import Any

import pytest

from tests.api.conftest import Api
from tests.api.told import related, told

NOBODY = "00000000-0000-0000-0000-000000000000"
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
NOT_WAITING = {"type": "SCHEDULED", "name": "AwaitingConcurrencySlot"}


async def a_flow(api: Api, name: str = "etl") -> str:
    id: str = (await api.post("/flows/", {"name": name}))["id"]
    return id


async def a_deployment(api: Api, **body: Any) -> Any:
    return await api.post("/deployments/", {"name": "nightly", "flow_id": await a_flow(api), **body})


async def runs_of(api: Api, id: str) -> list[str]:
    asked = {"flow_runs": {"deployment_id": {"any_": [id]}}, "sort": "NAME_ASC"}
    return [run["name"] for run in await api.post("/flow_runs/filter", asked)]


async def test_a_new_deployment_has_the_defaults(api: Api) -> None:
    made = await a_deployment(api)
    assert await api.get(f"/deployments/{made['id']}") == made
    assert await api.get("/deployments/name/etl/nightly") == made
    assert made["labels"] == {"prefect.flow.id": made["flow_id"]}
    assert (made["status"], made["paused"], made["enforce_parameter_schema"]) == ("NOT_READY", False, True)
    assert (made["parameters"], made["job_variables"], made["tags"], made["schedules"]) == ({}, {}, [], [])
    assert (made["global_concurrency_limit"], made["work_queue_name"], made["created_by"]) == (None, None, None)


async def test_a_flow_has_one_deployment_of_a_name_and_posting_it_again_changes_it(api: Api) -> None:
    made = await a_deployment(api, version="1", tags=["a"], parameters={"x": 1}, description="old")
    body = {"name": "nightly", "flow_id": made["flow_id"], "description": None}
    status, again = await api.call("POST", "/deployments/", body)
    assert (status, again["id"]) == (200, made["id"])
    assert (again["version"], again["tags"], again["description"], again["parameters"]) == ("1", ["a"], None, {})


async def test_a_deployment_of_an_unknown_flow_or_block_is_a_conflict(api: Api) -> None:
    flow = await a_flow(api)
    assert (await api.call("POST", "/deployments/", {"name": "x", "flow_id": NOBODY}))[0] == 409
    body = {"name": "x", "flow_id": flow, "storage_document_id": NOBODY}
    assert (await api.call("POST", "/deployments/", body))[0] == 409


async def test_an_unknown_pool_or_limit_is_not_found(api: Api) -> None:
    body = {"name": "x", "flow_id": await a_flow(api)}
    answer = await api.call("POST", "/deployments/", {**body, "work_pool_name": "nope"})
    assert answer == (404, {"detail": 'Work pool "nope" not found.'})
    assert (await api.call("POST", "/deployments/", {**body, "global_concurrency_limit_id": NOBODY}))[0] == 404


@pytest.mark.parametrize(
    "body",
    [
        {"name": "a/b"},
        {"concurrency_limit": 0},
        {"concurrency_limit": 1, "global_concurrency_limit_id": NOBODY},
        {"concurrency_options": {"collision_strategy": "ENQUEUE", "grace_period_seconds": 59}},
        {"enforce_parameter_schema": True, "parameter_openapi_schema": SCHEMA, "parameters": {"n": "x"}},
        {"enforce_parameter_schema": True, "parameter_openapi_schema": {"type": 7}},
        {"schedules": [{"schedule": {"cron": "0 0 * *"}}]},
    ],
)
async def test_what_cannot_be_is_refused(api: Api, body: dict[str, Any]) -> None:
    asked = {"name": "nightly", "flow_id": await a_flow(api), **body}
    assert (await api.call("POST", "/deployments/", asked))[0] == 422


async def test_parameters_may_be_incomplete_until_a_run_is_made(api: Api) -> None:
    made = await a_deployment(api, enforce_parameter_schema=True, parameter_openapi_schema=SCHEMA)
    path = f"/deployments/{made['id']}/create_flow_run"
    status, answer = await api.call("POST", path, {})
    assert (status, answer["detail"].startswith("Error creating flow run: Validation failed.")) == (409, True)
    assert (await api.call("POST", path, {"parameters": {"n": "x"}}))[0] == 409
    assert (await api.call("POST", path, {"parameters": {"n": "x"}, "enforce_parameter_schema": False}))[0] == 201
    assert (await api.post(path, {"parameters": {"n": 3}}))["parameters"] == {"n": 3}


async def test_a_schema_makes_the_server_fetch_nothing(api: Api) -> None:
    made = await a_deployment(api, parameter_openapi_schema={"$ref": "http://127.0.0.1:9/schema"})
    assert (await api.call("POST", f"/deployments/{made['id']}/create_flow_run", {}))[0] == 422


async def test_a_change_touches_only_what_it_names(api: Api) -> None:
    made = await a_deployment(api, version="1", tags=["a"], parameters={"x": 1})
    path = f"/deployments/{made['id']}"
    await api.patch(path, {"paused": True, "description": "new", "tags": ["b"]})
    changed = await api.get(path)
    assert (changed["paused"], changed["description"], changed["tags"]) == (True, "new", ["b"])
    assert (changed["version"], changed["parameters"]) == ("1", {"x": 1})
    assert changed["updated"] > made["updated"]


@pytest.mark.parametrize("fixed", [{"name": "other"}, {"flow_id": NOBODY}, {"labels": {}}])
async def test_what_makes_it_that_deployment_cannot_be_changed(api: Api, fixed: dict[str, Any]) -> None:
    made = await a_deployment(api)
    assert (await api.call("PATCH", f"/deployments/{made['id']}", fixed))[0] == 422


async def test_changed_parameters_must_fit_and_have_their_placeholders_filled(api: Api) -> None:
    made = await a_deployment(api, parameter_openapi_schema=SCHEMA)
    path = f"/deployments/{made['id']}"
    assert (await api.call("PATCH", path, {"parameters": {"n": "x"}}))[0] == 409
    await api.patch(path, {"parameters": {"n": {"__prefect_kind": "json", "value": "7"}}})
    assert (await api.get(path))["parameters"] == {"n": 7}
    broken = {"parameters": {"n": {"__prefect_kind": "json", "value": "{"}}}
    status, answer = await api.call("PATCH", path, broken)
    assert (status, answer["detail"].startswith("Error hydrating deployment parameters: Invalid JSON:")) == (400, True)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/deployments/{NOBODY}"),
        ("GET", "/deployments/name/etl/nobody"),
        ("PATCH", f"/deployments/{NOBODY}"),
        ("DELETE", f"/deployments/{NOBODY}"),
        ("POST", f"/deployments/{NOBODY}/pause_deployment"),
        ("POST", f"/deployments/{NOBODY}/resume_deployment"),
        ("POST", f"/deployments/{NOBODY}/create_flow_run"),
    ],
)
async def test_an_unknown_deployment_is_not_found(api: Api, method: str, path: str) -> None:
    body = {} if method in ("PATCH", "POST") else None
    assert await api.call(method, path, body) == (404, {"detail": "Deployment not found"})


async def test_deployments_are_listed_counted_and_paged(api: Api) -> None:
    flow = await a_flow(api)
    for name in ("b", "a", "c"):
        await api.post("/deployments/", {"name": name, "flow_id": flow, "tags": [name]})
    assert [each["name"] for each in await api.post("/deployments/filter", {})] == ["a", "b", "c"]
    newest = await api.post("/deployments/filter", {"sort": "CREATED_DESC", "limit": 1})
    assert [each["name"] for each in newest] == ["c"]
    tagged = {"deployments": {"tags": {"any_": ["a", "b"]}}, "flows": {"name": {"any_": ["etl"]}}}
    assert await api.post("/deployments/count", tagged) == 2
    found = await api.post("/deployments/paginate", {"limit": 2, "page": 2})
    assert ([each["name"] for each in found["results"]], found["count"], found["pages"]) == (["c"], 3, 2)


# Limits


async def test_a_limit_of_its_own_is_made_raised_and_deleted_with_the_deployment(api: Api) -> None:
    made = await a_deployment(api, concurrency_limit=2)
    limit = made["global_concurrency_limit"]
    assert (made["concurrency_limit"], limit["name"], limit["limit"]) == (None, f"deployment:{made['id']}", 2)
    await api.patch(f"/deployments/{made['id']}", {"concurrency_limit": 5})
    raised = (await api.get(f"/deployments/{made['id']}"))["global_concurrency_limit"]
    assert (raised["id"], raised["limit"]) == (limit["id"], 5)
    await api.delete(f"/deployments/{made['id']}")
    assert (await api.call("GET", f"/v2/concurrency_limits/{limit['id']}"))[0] == 404


async def test_null_takes_the_own_limit_away_and_leaves_a_shared_one_to_the_others(api: Api) -> None:
    shared = await api.post("/v2/concurrency_limits/", {"name": "db", "limit": 3})
    made = await a_deployment(api, concurrency_limit=2)
    path, own = f"/deployments/{made['id']}", made["global_concurrency_limit"]["id"]
    await api.patch(path, {"global_concurrency_limit_id": shared["id"]})
    assert (await api.get(path))["global_concurrency_limit"]["name"] == "db"
    assert (await api.call("GET", f"/v2/concurrency_limits/{own}"))[0] == 404
    await api.patch(path, {"concurrency_limit": None})
    assert (await api.get(path))["global_concurrency_limit"] is None
    assert (await api.get(f"/v2/concurrency_limits/{shared['id']}"))["limit"] == 3


# Queues


async def test_a_queue_named_without_a_pool_is_made_where_such_queues_are(api: Api) -> None:
    made = await a_deployment(api, work_queue_name="fast")
    assert (made["work_pool_name"], made["work_queue_name"]) == ("default-agent-pool", "fast")
    in_pool = await a_deployment(api, name="other", work_pool_name="default-agent-pool")
    assert in_pool["work_queue_name"] == "default"
    run = await api.post(f"/deployments/{in_pool['id']}/create_flow_run", {"work_queue_name": "slow"})
    assert (run["work_pool_name"], run["work_queue_name"]) == ("default-agent-pool", "slow")
    await api.patch(f"/deployments/{made['id']}", {"work_pool_name": None})
    assert (await api.get(f"/deployments/{made['id']}"))["work_queue_id"] is None


async def test_a_queue_for_a_run_needs_a_pool(api: Api) -> None:
    made = await a_deployment(api)
    path = f"/deployments/{made['id']}/create_flow_run"
    assert (await api.call("POST", path, {"work_queue_name": "slow"}))[0] == 400


# Runs


async def test_a_run_takes_after_its_deployment(api: Api) -> None:
    made = await a_deployment(api, version="7", tags=["a"], parameters={"x": 1, "y": 1}, labels={"team": "data"})
    asked = {"parameters": {"y": 2}, "tags": ["b"], "labels": {"why": "test"}, "job_variables": {"cpu": 1}}
    run = await api.post(f"/deployments/{made['id']}/create_flow_run", asked)
    assert (run["parameters"], run["tags"], run["deployment_version"]) == ({"x": 1, "y": 2}, ["a", "b"], "7")
    own = {"prefect.flow.id": made["flow_id"], "prefect.deployment.id": made["id"]}
    assert run["labels"] == {"team": "data", "why": "test", **own}
    assert (run["state_type"], run["auto_scheduled"], run["job_variables"]) == ("SCHEDULED", False, {"cpu": 1})
    assert run["next_scheduled_start_time"] is not None


async def test_a_key_makes_one_run(api: Api) -> None:
    path = f"/deployments/{(await a_deployment(api))['id']}/create_flow_run"
    first = await api.post(path, {"idempotency_key": "k"})
    status, again = await api.call("POST", path, {"idempotency_key": "k"})
    assert (status, again["id"]) == (200, first["id"])


async def test_placeholders_of_deployment_and_run_are_filled(api: Api) -> None:
    await api.post("/variables/", {"name": "place", "value": {"city": "Bonn"}})
    made = await a_deployment(
        api, parameters={"where": {"__prefect_kind": "workspace_variable", "variable_name": "place"}}
    )
    assert "__prefect_kind" in made["parameters"]["where"]
    asked = {"list": [{"__prefect_kind": "json", "value": "[1]"}, {"__prefect_kind": "json"}]}
    run = await api.post(f"/deployments/{made['id']}/create_flow_run", {"parameters": asked})
    assert run["parameters"] == {"where": {"city": "Bonn"}, "list": [[1]]}
    broken = {"parameters": {"x": {"__prefect_kind": "workspace_variable", "variable_name": "nope"}}}
    detail = "Error hydrating flow run parameters: Variable 'nope' not found in workspace."
    assert await api.call("POST", f"/deployments/{made['id']}/create_flow_run", broken) == (400, {"detail": detail})


async def test_an_automation_that_asks_is_named_as_the_creator(api: Api) -> None:
    made = await a_deployment(api)
    headers = {"Prefect-Automation-ID": NOBODY, "Prefect-Automation-Name": "cmVzdGFydA=="}
    run = await api.post(f"/deployments/{made['id']}/create_flow_run", {}, headers=headers)
    assert run["created_by"] == {"id": NOBODY, "type": "AUTOMATION", "display_value": "restart"}


async def test_several_runs_are_made_each_by_itself(api: Api) -> None:
    made = await a_deployment(api, parameter_openapi_schema=SCHEMA)
    path = f"/deployments/{made['id']}/create_flow_run/bulk"
    results = (await api.post(path, [{"parameters": {"n": 1}}, {}, {"parameters": {"n": 2}}]))["results"]
    assert [each["status"] for each in results] == ["CREATED", "FAILED", "CREATED"]
    assert len(await runs_of(api, made["id"])) == 2
    assert (await api.call("POST", path, [{}] * 101))[0] == 400
    assert (await api.call("POST", f"/deployments/{NOBODY}/create_flow_run/bulk", []))[0] == 404


async def test_who_asks_gets_the_runs_that_are_due_and_makes_the_deployment_ready(api: Api) -> None:
    made = await a_deployment(api)
    for name, time in (("later", "2030-01-02T00:00:00Z"), ("soon", "2030-01-01T00:00:00Z")):
        state = {"type": "SCHEDULED", "state_details": {"scheduled_time": time}}
        await api.post(f"/deployments/{made['id']}/create_flow_run", {"name": name, "state": state})
    asked = {"deployment_ids": [made["id"]], "scheduled_before": "2030-01-01T00:00:00Z"}
    assert [run["name"] for run in await api.post("/deployments/get_scheduled_flow_runs", asked)] == ["soon"]
    both = {**asked, "scheduled_before": "2031-01-01T00:00:00Z"}
    assert [run["name"] for run in await api.post("/deployments/get_scheduled_flow_runs", both)] == ["soon", "later"]
    assert await api.post("/deployments/get_scheduled_flow_runs", {"deployment_ids": []}) == []
    polled = await api.get(f"/deployments/{made['id']}")
    assert (polled["status"], polled["updated"]) == ("READY", made["updated"])
    assert polled["last_polled"] is not None
    assert [action for action, _ in await told(api, "deployment")] == ["created", "ready"]


async def test_deletion_takes_the_runs_that_wait_and_leaves_the_others(api: Api) -> None:
    made = await a_deployment(api)
    path = f"/deployments/{made['id']}/create_flow_run"
    await api.post(path, {"name": "waits"})
    await api.post(path, {"name": "slot", "state": NOT_WAITING})
    await api.post(path, {"name": "runs", "state": {"type": "RUNNING"}})
    await api.delete(f"/deployments/{made['id']}")
    assert await runs_of(api, made["id"]) == ["runs", "slot"]


async def test_some_are_deleted_by_a_filter(api: Api) -> None:
    flow = await a_flow(api)
    made = [(await api.post("/deployments/", {"name": name, "flow_id": flow}))["id"] for name in "abc"]
    gone = await api.post("/deployments/bulk_delete", {"deployments": {"name": {"any_": ["a", "b"]}}})
    assert sorted(gone["deleted"]) == sorted(made[:2])
    assert [each["name"] for each in await api.post("/deployments/filter", {})] == ["c"]
    assert (await api.call("POST", "/deployments/bulk_delete", {"limit": 51}))[0] == 422


# Events


async def test_changes_are_told_with_what_they_changed(api: Api) -> None:
    made = await a_deployment(api, work_queue_name="fast", concurrency_limit=1)
    await api.patch(f"/deployments/{made['id']}", {"tags": ["b"]})
    await api.patch(f"/deployments/{made['id']}", {"tags": ["b"]})
    roles = [each["prefect.resource.role"] for each in await related(api, "deployment")]
    await api.delete(f"/deployments/{made['id']}")
    updated = {"updated_fields": ["tags"], "updates": {"tags": {"from": [], "to": ["b"]}}}
    assert await told(api, "deployment") == [("created", {}), ("updated", updated), ("deleted", {})]
    assert roles == ["flow", "work-queue", "work-pool", "concurrency-limit"]


@pytest.mark.parametrize("field", ["work_pool_name", "work_queue_name"])
async def test_an_empty_name_of_a_pool_or_a_queue_leaves_the_place_as_it_is(api: Api, field: str) -> None:
    flow = await api.post("/flows/", {"name": "f"})
    await api.post("/work_pools/", {"name": "lab", "type": "process"})
    made = await api.post("/deployments/", {"name": "d", "flow_id": flow["id"], "work_pool_name": "lab"})
    await api.patch(f"/deployments/{made['id']}", {field: ""})
    assert (await api.get(f"/deployments/{made['id']}"))["work_queue_id"] == made["work_queue_id"]
    assert (await api.post("/deployments/", {"name": "e", "flow_id": flow["id"], field: ""}))["work_queue_id"] is None
