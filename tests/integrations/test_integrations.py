"""Integrations of the client that need nothing but its API: their blocks, their task runner, their type of worker."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.compat.clients import Api, Client
from tests.compat.peer import CACHE, REQUIREMENTS, made
from tests.kit.daemon import Daemon

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def orchd() -> Iterator[Daemon]:
    with Daemon() as running:
        yield running


@pytest.fixture(scope="module")
def api(orchd: Daemon) -> Iterator[Api]:
    reader = Api(orchd.api)
    yield reader
    reader.http.close()


@pytest.fixture(scope="module")
def client(orchd: Daemon, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    environment = made(CACHE / "integrations", REQUIREMENTS, HERE / "requirements.txt")
    user = Client(environment, orchd.api, tmp_path_factory.mktemp("client"))
    yield user
    user.end()


@pytest.mark.parametrize(
    ("module", "slugs"),
    [
        ("prefect_shell", {"shell-operation"}),
        ("prefect_sqlalchemy", {"sqlalchemy-connector"}),
        ("prefect_email", {"email-server-credentials"}),
        ("prefect_docker", {"docker-registry-credentials", "docker-host"}),
    ],
)
def test_the_blocks_of_a_package_are_registered(client: Client, api: Api, module: str, slugs: set[str]) -> None:
    assert "Successfully registered" in client.cli("block", "register", "-m", module)
    known = api.post("/block_types/filter", {"limit": 200})
    assert slugs <= {kind["slug"] for kind in known}
    for slug in slugs:
        kind = api.get(f"/block_types/slug/{slug}")
        assert api.post("/block_schemas/filter", {"block_schemas": {"block_type_id": {"any_": [kind["id"]]}}})


def test_blocks_are_loaded_as_they_were_saved(client: Client) -> None:
    assert client.run(str(HERE / "scripts" / "blocks.py")) == {
        "shell": ["hello"],
        "sqlalchemy": [1, 2],
        "email": ["me", "swordfish", "127.0.0.1", 2525],
    }


def test_tasks_run_on_a_dask_cluster(client: Client, api: Api) -> None:
    report = client.run(str(HERE / "scripts" / "on_dask.py"))
    assert (report["sum"], report["elsewhere"]) == (2470, True)
    assert api.states(report["run"]) == ["Pending", "Running", "Completed"]
    assert Counter(run["state_type"] for run in api.task_runs(report["run"], expected=20)) == {"COMPLETED": 20}


def test_a_pool_and_a_worker_for_containers_are_known(client: Client, api: Api) -> None:
    assert "Created work pool 'containers'" in client.cli("work-pool", "create", "containers", "--type", "docker")
    template = json.loads(client.cli("work-pool", "get-default-base-job-template", "--type", "docker"))
    pool = api.get("/work_pools/containers")
    assert (pool["type"], pool["base_job_template"]) == ("docker", template)
    assert "image" in template["variables"]["properties"]
    client.run(str(HERE / "scripts" / "docker_worker.py"))
    (worker,) = api.post("/work_pools/containers/workers/filter", {})
    assert (worker["name"], worker["status"]) == ("dockhand", "ONLINE")
