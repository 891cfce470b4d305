"""Workers of the unmodified client: they come in by websocket, share the work of a pool, and end what is cancelled."""

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.compat.clients import Api, Client, Script, eventually
from tests.conftest import Elsewhere
from tests.kit.daemon import Daemon

RUNS = 5
RAN = ["Scheduled", "Pending", "Submitting", "Running", "Completed"]
pytestmark = pytest.mark.parametrize("daemon", ["sqlite"], indirect=True, scope="session")
"""One engine: what a worker asks of the database is asked on both by `tests/api`, and its processes cost much time."""
QUICK = {"PREFECT_WORKER_QUERY_SECONDS": "0.5", "PREFECT_WORKER_HEARTBEAT_SECONDS": "1"}


@dataclass
class Place:
    """A pool with deployments in it, and two workers at work."""

    client: Client
    deployments: dict[str, str]
    workers: list[Script]


@pytest.fixture(scope="module")
def place(
    daemon: Daemon | Elsewhere, peer_environment: Path, tmp_path_factory: pytest.TempPathFactory, api: Api
) -> Iterator[Place]:
    client = Client(peer_environment, daemon.api, tmp_path_factory.mktemp("workers"))
    client.environment |= QUICK
    deployments = client.run("worked.py", "prepare")
    workers = [
        client.command("worker", "start", "--pool", "worked", "--type", "process", "--name", name)
        for name in ("ada", "bob")
    ]
    online = {"workers": {"status": {"any_": ["ONLINE"]}}}
    eventually(lambda: api.post("/work_pools/worked/workers/filter", online), lambda found: len(found) == 2)
    yield Place(client, deployments, workers)
    client.end()


def created(api: Api, deployment: str, **parameters: Any) -> str:
    run: dict[str, Any] = api.post(f"/deployments/{deployment}/create_flow_run", {"parameters": parameters})
    return str(run["id"])


def ended(api: Api, run: str) -> str:
    return eventually(
        lambda: api.state_name(run), lambda name: name in {"Completed", "Failed", "Crashed", "Cancelled"}, within=60
    )


def test_workers_are_online_and_their_pool_is_ready(api: Api, place: Place) -> None:
    pool = api.get("/work_pools/worked")
    assert pool["status"] == "READY"
    assert pool["base_job_template"]["variables"]["properties"], "the first worker brings its template"
    before = {each["name"]: each["last_heartbeat_time"] for each in api.post("/work_pools/worked/workers/filter", {})}
    assert set(before) == {"ada", "bob"}

    def beats() -> dict[str, str]:
        return {each["name"]: each["last_heartbeat_time"] for each in api.post("/work_pools/worked/workers/filter", {})}

    after = eventually(beats, lambda now: all(now[name] > before[name] for name in before))
    assert all(after[name] > before[name] for name in before), "heartbeats come by the websocket"


def test_two_workers_start_each_run_once(api: Api, place: Place) -> None:
    runs = [created(api, place.deployments["brief/worked"], n=n) for n in range(RUNS)]
    assert [ended(api, run) for run in runs] == ["Completed"] * RUNS
    assert [api.states(run) for run in runs] == [RAN] * RUNS
    assert [api.flow_run(run)["run_count"] for run in runs] == [1] * RUNS


def test_run_deployment_waits_for_the_end_of_its_run(api: Api, place: Place) -> None:
    report = place.client.run("worked.py", "run")
    assert report["state"] == "Completed"
    assert api.flow_run(report["run"])["parameters"] == {"n": 5}


def test_a_cancelled_run_is_stopped_by_its_worker(api: Api, place: Place) -> None:
    run = created(api, place.deployments["lengthy/worked"])
    assert eventually(lambda: api.state_name(run), lambda name: name == "Running", within=60) == "Running"
    assert "scheduled for cancellation" in place.client.cli("flow-run", "cancel", run)
    assert ended(api, run) == "Cancelled"
    assert api.states(run)[-2:] == ["Cancelling", "Cancelled"]


def test_a_worker_of_another_type_carries_runs_out(api: Api, place: Place) -> None:
    run = created(api, place.deployments["brief/own-type"], n=3)
    worker = place.client.start("worked.py", "own-worker")
    assert worker.report() == {"ran": [run]}
    assert worker.wait() == 0
    assert ended(api, run) == "Completed"
    assert api.get("/work_pools/own-type")["type"] == "own"


def test_a_worker_ends_when_it_is_told_to(place: Place) -> None:
    for worker, number in zip(place.workers, (signal.SIGINT, signal.SIGTERM), strict=True):
        worker.signal(number)
    assert [worker.wait(within=30) for worker in place.workers] == [0, 0]
