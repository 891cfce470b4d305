"""Job variables: what a deployment and its runs may set is what the template of their pool declares."""

from typing import Any

import pytest

from tests.api.conftest import Api

TEMPLATE = {
    "job_configuration": {"image": "{{ image }}", "cpu": "{{ cpu }}"},
    "variables": {
        "type": "object",
        "properties": {"image": {"type": "string", "default": "small"}, "cpu": {"type": "integer"}},
        "required": ["cpu"],
    },
}
WRONG = "Validation failed for field 'cpu'. Failure reason: 'x' is not of type 'integer'"
MISSING = "Validation failed. Failure reason: 'cpu' is a required property"


@pytest.fixture
async def asked(api: Api) -> dict[str, Any]:
    """What a deployment in a pool with that template is made of."""
    await api.post("/work_pools/", {"name": "lab", "type": "process", "base_job_template": TEMPLATE})
    return {"name": "d", "flow_id": (await api.post("/flows/", {"name": "etl"}))["id"], "work_pool_name": "lab"}


async def test_a_deployment_may_leave_out_what_its_runs_must_give(api: Api, asked: dict[str, Any]) -> None:
    refused = await api.call("POST", "/deployments/", {**asked, "job_variables": {"cpu": "x"}})
    assert refused == (422, {"detail": f"Error creating deployment: {WRONG}"})
    deployment = (await api.post("/deployments/", {**asked, "job_variables": {"image": "large"}}))["id"]
    change = {"work_pool_name": "lab", "job_variables": {"cpu": "x"}}
    refused = await api.call("PATCH", f"/deployments/{deployment}", change)
    assert refused == (409, {"detail": f"Error updating deployment: {WRONG}"})
    for variables, says in (({}, MISSING), ({"cpu": "x"}, WRONG)):
        refused = await api.call("POST", f"/deployments/{deployment}/create_flow_run", {"job_variables": variables})
        assert refused == (422, {"detail": f"Error creating flow run: {says}"})
    run = await api.post(f"/deployments/{deployment}/create_flow_run", {"job_variables": {"cpu": 1}})
    assert run["job_variables"] == {"cpu": 1}


@pytest.mark.parametrize(
    ("of_deployment", "of_run", "says"),
    [
        ({}, {"cpu": 2, "image": None}, None),
        ({"cpu": 1}, {}, None),
        ({"cpu": 1}, None, None),
        ({}, {}, MISSING),
        ({"cpu": 1}, {"cpu": "x"}, WRONG),
    ],
)
async def test_a_scheduled_runs_variables_are_changed_within_what_its_pool_declares(
    api: Api, asked: dict[str, Any], of_deployment: dict[str, Any], of_run: Any, says: str | None
) -> None:
    deployment = (await api.post("/deployments/", {**asked, "job_variables": of_deployment}))["id"]
    run = await api.post(f"/deployments/{deployment}/create_flow_run", {"job_variables": {"cpu": 9}})
    answer = await api.call("PATCH", f"/flow_runs/{run['id']}", {"job_variables": of_run})
    kept = (await api.get(f"/flow_runs/{run['id']}"))["job_variables"]
    if says is None:
        assert (answer, kept) == ((204, ""), of_run)
    else:
        assert (answer, kept) == ((422, {"detail": f"Error updating flow run: {says}"}), {"cpu": 9})
