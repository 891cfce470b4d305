"""What clients find in packages."""

import pytest

from tests.api.conftest import Api

TYPES = ["process", "docker", "kubernetes", "ecs", "azure-container-instance", "cloud-run", "cloud-run-v2", "vertex-ai"]


async def test_every_type_of_worker_has_a_package_and_a_template_that_a_pool_can_have(api: Api) -> None:
    view = await api.get("/collections/views/aggregate-worker-metadata")
    found = {name: each for package in view.values() for name, each in package.items()}
    assert list(found) == TYPES
    for package, kinds in view.items():
        for name, kind in kinds.items():
            template = kind["default_base_job_configuration"]
            assert kind["install_command"] == f"pip install {package}"
            assert (kind["type"], kind["is_beta"]) == (name, False)
            assert kind["display_name"]
            assert kind["description"]
            pool = await api.post("/work_pools/", {"name": name, "type": name, "base_job_template": template})
            assert pool["base_job_template"] == template


@pytest.mark.parametrize("view", ["aggregate-block-metadata", "aggregate-flow-metadata", "demo-flows"])
async def test_nothing_is_offered_that_would_have_to_be_fetched(api: Api, view: str) -> None:
    assert await api.get(f"/collections/views/{view}") == {}


async def test_another_view_is_not_found(api: Api) -> None:
    missing = {"detail": "View nothing not found in registry"}
    assert await api.call("GET", "/collections/views/nothing") == (404, missing)
