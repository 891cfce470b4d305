"""Background tasks of the unmodified client: `task.delay()` here, `task.serve()` and `prefect task serve` there."""

from pathlib import Path

import pytest

from tests.compat.clients import Api, Client, eventually
from tests.compat.peer import FLOWS
from tests.kit.daemon import Daemon

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""One engine: what is asked of the database is asked on both by `tests/api`."""

RUNS = 6
RAN = ["Scheduled", "Pending", "Running", "Completed"]


def states(api: Api, run: str) -> list[str]:
    """The states of a task run, once it has ended: its result is there before the last event is."""
    return eventually(lambda: api.states(run, "task"), lambda names: names[-1:] == ["Completed"])


def test_background_tasks_run_once_each_and_outlive_the_server(
    own_daemon: Daemon, peer_environment: Path, tmp_path: Path
) -> None:
    api, client = Api(own_daemon.api), Client(peer_environment, own_daemon.api, tmp_path)
    try:
        left = client.run("background.py", "leave", "3")["runs"]["double"]
        assert [api.states(run, "task") for run in left] == [["Scheduled"]] * 3
        own_daemon.kill()
        own_daemon.start()

        client.start("background.py", "serve")
        client.command("task", "serve", f"{FLOWS}/background.py:double")
        assert [states(api, run) for run in left] == [RAN] * 3
        workers = eventually(lambda: api.post("/task_workers/filter", {}), lambda found: len(found) == 2)
        assert sorted(len(each["task_keys"]) for each in workers) == [1, 3]

        own_daemon.kill()
        own_daemon.start()
        report = client.run("background.py", "delay", str(RUNS))
        assert report["results"] == {
            "double": [2 * n for n in range(RUNS)],
            "greet": ["Hello, world!"],
            "second_time_lucky": ["done"],
        }
        runs = report["runs"]
        assert [states(api, run) for run in runs["double"] + runs["greet"]] == [RAN] * (RUNS + 1)
        assert states(api, runs["second_time_lucky"][0]) == [*RAN[:3], "AwaitingRetry", "Retrying", "Completed"]
    finally:
        client.end()
        api.http.close()
