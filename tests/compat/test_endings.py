"""How runs end when somebody interferes: cancelled, crashed, and a server that is away for a while."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.compat.clients import Api, Client, eventually
from tests.kit.daemon import Daemon

RAN = ["Pending", "Running", "Completed"]


@pytest.mark.parametrize(
    ("number", "message"),
    [
        pytest.param(signal.SIGTERM, "Execution was aborted by a termination signal.", id="SIGTERM"),
        pytest.param(signal.SIGINT, "Execution was aborted by an interrupt signal.", id="SIGINT"),
    ],
)
def test_a_flow_that_is_interrupted_crashes(api: Api, own_client: Client, number: signal.Signals, message: str) -> None:
    script = own_client.start("long.py", "100", "0.3")
    run = script.report()["run"]
    script.report()
    script.signal(number)
    assert script.wait() != 0
    assert api.states(run) == ["Pending", "Running", "Crashed"]
    state = api.flow_run(run)["state"]
    assert (state["type"], state["message"]) == ("CRASHED", message)


def test_a_run_is_cancelled_from_the_command_line(api: Api, own_client: Client) -> None:
    script = own_client.start("long.py", "15", "0.3")
    run = script.report()["run"]
    assert "scheduled for cancellation" in own_client.cli("flow-run", "cancel", run)
    assert api.state_name(run) == "Cancelling"
    # Nobody runs it on the server's behalf, so it goes on to its end; but it may not call itself completed.
    assert script.wait() == 0
    assert api.states(run) == ["Pending", "Running", "Cancelling"]


@pytest.fixture
def lone_client(own_daemon: Daemon, peer_environment: Path, tmp_path: Path) -> Iterator[Client]:
    alone = Client(peer_environment, own_daemon.api, tmp_path)
    yield alone
    alone.end()


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_run_outlives_the_server_it_reports_to(own_daemon: Daemon, lone_client: Client, how: str) -> None:
    script = lone_client.start("long.py", "12", "0.25")
    run = script.report()["run"]
    script.report()
    getattr(own_daemon, how)()
    script.report()
    own_daemon.start()
    assert script.wait() == 0
    api = Api(own_daemon.api)
    assert eventually(lambda: api.states(run), lambda states: states[-1] == "Completed") == RAN
    task_runs = api.task_runs(run, expected=12)
    assert [api.states(task_run["id"], "task") for task_run in task_runs] == [RAN] * 12
    said = [message for message in api.logs(run, containing="step 11") if message.startswith("step ")]
    assert said == [f"step {number}" for number in range(12)]
