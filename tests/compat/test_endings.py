"""How runs end when somebody interferes: cancelled, crashed, and a server that is away for a while."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.compat.clients import Api, Client, eventually, since
from tests.kit.daemon import Daemon
from tests.kit.servers import Server

RAN = ["Pending", "Running", "Completed"]
TERMINATED = since("3.8", "flows that somebody called take note of SIGTERM")


@pytest.mark.parametrize(
    ("number", "message"),
    [
        pytest.param(signal.SIGTERM, "Execution was aborted by a termination signal.", id="SIGTERM", marks=TERMINATED),
        pytest.param(signal.SIGINT, "Execution was aborted by an interrupt signal.", id="SIGINT"),
    ],
)
def test_a_flow_that_is_interrupted_crashes(api: Api, own_client: Client, number: signal.Signals, message: str) -> None:
    script = own_client.start("long.py", "100", "0.3")
    run = script.report()["run"]
    script.report()  # the first task runs: an interrupt between two tasks may end the flow otherwise
    script.signal(number)
    assert script.wait() != 0
    assert api.states(run) == ["Pending", "Running", "Crashed"]
    state = api.flow_run(run)["state"]
    assert (state["type"], state["message"]) == ("CRASHED", message)


def test_a_run_is_cancelled_from_the_command_line(api: Api, own_client: Client) -> None:
    own_client.cli("version")  # starting takes seconds, and the flow is to be caught while it runs
    script = own_client.start("long.py", "15", "0.3")
    run = script.report()["run"]
    assert "scheduled for cancellation" in own_client.cli("flow-run", "cancel", run)
    assert api.state_name(run) == "Cancelling"
    # Nobody runs it on the server's behalf, so it goes on to its end; but it may not call itself completed.
    assert script.wait() == 0
    assert api.states(run) == ["Pending", "Running", "Cancelling"]


@pytest.fixture
def lasting(database_url: str) -> Iterator[Daemon]:
    """An orchd whose listening socket outlives it, as under systemd: connections wait, none is refused."""
    with Daemon(database_url, handed_over=True) as running:
        yield running


@since("3.4", "events that could not be sent at first are sent later")
@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_run_misses_nothing_while_its_server_restarts(
    lasting: Daemon, peer_environment: Path, tmp_path: Path, how: str
) -> None:
    outlive(lasting, Client(peer_environment, lasting.api, tmp_path), how)


@since("3.6", "flows wait while their connection is refused")
def test_a_run_outlives_a_server_that_refuses_it_for_a_while(
    own_daemon: Daemon, peer_environment: Path, tmp_path: Path
) -> None:
    # The client forgets log lines when its connection is refused: here it sends them all at the end.
    patient = {"PREFECT_LOGGING_TO_API_BATCH_INTERVAL": "60"}
    outlive(own_daemon, Client(peer_environment, own_daemon.api, tmp_path), "kill", **patient)


def outlive(server: Server, client: Client, how: str, **settings: str) -> None:
    """Take the server away under a flow of twelve tasks and bring it back: all that happened must be there."""
    script = client.start("long.py", "12", "0.25", **settings)
    try:
        run = script.report()["run"]
        script.report()
        getattr(server, how)()
        script.report()
        server.start()
        assert script.wait() == 0
    finally:
        client.end()
    api = Api(server.api)
    assert eventually(lambda: api.states(run), lambda states: states[-1] == "Completed") == RAN
    task_runs = api.task_runs(run, expected=12)
    assert [api.states(task_run["id"], "task") for task_run in task_runs] == [RAN] * 12
    messages = api.logs(run, containing="step 11")
    said = [message for message in messages if message.startswith("step ")]
    assert said == [f"step {number}" for number in range(12)], script.log_tail()
