"""The unmodified client beside a running server, on each engine in turn."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.compat.clients import Api, Client, Report
from tests.compat.peer import CACHE, RELEASES, environment_folder, made
from tests.conftest import Elsewhere
from tests.kit.daemon import Daemon


@pytest.fixture(scope="session")
def peer_environment() -> Path:
    """The virtual environment with the unmodified package: the newest release, or the one in ORCHD_TEST_RELEASE."""
    if older := os.environ.get("ORCHD_TEST_RELEASE"):
        return made(CACHE / "releases" / older, RELEASES / f"{older}.txt")
    return environment_folder()


@pytest.fixture(scope="session")
def api(daemon: Daemon | Elsewhere) -> Iterator[Api]:
    """What the server kept."""
    reader = Api(daemon.api)
    yield reader
    reader.http.close()


@pytest.fixture(scope="session")
def client(
    daemon: Daemon | Elsewhere, peer_environment: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    """The client, for scripts whose report many tests look at."""
    shared = Client(peer_environment, daemon.api, tmp_path_factory.mktemp("client"))
    yield shared
    shared.end()


@pytest.fixture
def own_client(daemon: Daemon | Elsewhere, peer_environment: Path, tmp_path: Path) -> Iterator[Client]:
    """The client, for scripts of one test that may not come to their end."""
    alone = Client(peer_environment, daemon.api, tmp_path)
    yield alone
    alone.end()


@pytest.fixture(scope="session")
def basics(client: Client) -> Report:
    """Ids and results of the flows in `flows/basics.py`."""
    return Report(client.run("basics.py"))


@pytest.fixture(scope="session")
def data(client: Client) -> Report:
    """Ids and results of the flows in `flows/data.py`."""
    return Report(client.run("data.py"))


@pytest.fixture(scope="session")
def limits(client: Client) -> Report:
    """Ids and results of the flows in `flows/limits.py`."""
    return Report(client.run("limits.py"))
