"""What is deployed from the command line, a worker of an older release carries out."""

import shutil
import uuid

import pytest

from tests.compat.clients import RELEASE, Api, Client
from tests.compat.transcripts import PROJECT, UUID

pytestmark = [
    pytest.mark.parametrize("daemon", ["sqlite"], indirect=True, scope="session"),
    pytest.mark.skipif(not RELEASE, reason="what workers of the newest release do is in test_workers.py"),
]


def test_a_worker_carries_out_a_run_of_a_deployment(api: Api, own_client: Client) -> None:
    pool = f"deployed-{uuid.uuid4().hex[:8]}"
    own_client.environment["PROJECT"] = str(own_client.folder)  # where `prefect.yaml` lets runs begin
    shutil.copytree(PROJECT, own_client.folder, dirs_exist_ok=True)
    own_client.cli("work-pool", "create", pool, "--type", "process")
    own_client.cli("deploy", "flows.py:hello", "--name", pool, "--pool", pool, "--param", "name=Mars")
    found = UUID.search(own_client.cli("deployment", "run", f"hello/{pool}", "--param", "times=2"))
    assert found
    worker = own_client.command("worker", "start", "--pool", pool, "--run-once", "--name", "one")
    assert worker.wait() == 0, worker.log_tail()
    states = [state for state in api.states(found[0]) if state not in {"Late", "Submitting"}]  # in between, some say so
    assert states == ["Scheduled", "Pending", "Running", "Completed"], worker.log_tail()
    assert api.flow_run(found[0])["parameters"] == {"name": "Mars", "times": 2}
    assert api.logs(found[0], containing="Hello, Mars!").count("Hello, Mars!") == 2
    assert len(api.task_runs(found[0], expected=2)) == 2
