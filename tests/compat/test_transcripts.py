"""What `prefect` commands print and exit with is what they print and exit with against the peer's server."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.compat.clients import Client
from tests.compat.peer import Peer
from tests.compat.transcripts import Command, Outcome, commands, played
from tests.kit.daemon import Daemon
from tests.kit.servers import Server

Outcomes = Mapping[int, Outcome]

pytestmark = pytest.mark.timeout(600)  # the first one waits for all commands


def against(server: Server, environment: Path, folder: Path) -> Outcomes:
    with server:
        client = Client(environment, server.api, folder)
        try:
            return played(client)
        finally:
            client.end()


@pytest.fixture(scope="session")
def transcripts(peer_environment: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Outcomes]:
    """What came of all commands with orchd, and with the peer: both at once, since most of it is waiting."""
    servers = [Daemon(), Peer()]
    folders = [tmp_path_factory.mktemp("project") for _ in servers]
    with ThreadPoolExecutor() as threads:
        return list(threads.map(against, servers, [peer_environment] * len(servers), folders))


@pytest.mark.parametrize("command", [pytest.param(each, id=f"{each.line}: {each.text[:60]}") for each in commands()])
def test_a_command_ends_as_with_the_peer(transcripts: list[Outcomes], command: Command) -> None:
    ours, theirs = (outcomes[command.line] for outcomes in transcripts)
    if "501 Not Implemented" in ours.output:
        pytest.skip("docs/compatibility.md says that this is not built yet")
    assert ours == theirs
