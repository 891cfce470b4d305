"""One box for all of these tests, with orchd installed as an operator would have it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packaging.box import UNITS, Box, Service, install


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """orchd and all it needs in a folder, as `bin/orchd` and `bin/orchctl`."""
    folder = tmp_path_factory.mktemp("install") / "orchd"
    install(folder)
    return folder


@pytest.fixture(scope="session")
def box(installed: Path) -> Iterator[Box]:
    """Booted; the commands in /usr/bin, the units in /etc/systemd/system. The first time ever takes minutes."""
    made = Box()
    made.sandbox("up")
    try:
        made.write("/etc/hosts", "127.0.0.1 localhost\n")
        made.put(installed, "/opt/orchd")
        made.run("ln", "-s", "/opt/orchd/bin/orchd", "/opt/orchd/bin/orchctl", "/usr/bin/")
        for unit in ("orchd.service", "orchd@.service"):
            made.put(UNITS / unit, f"/etc/systemd/system/{unit}")
        yield made
    finally:
        made.sandbox("wipe")


@pytest.fixture
def orchd(box: Box) -> Iterator[Service]:
    """orchd.service, stopped, without data and drop-ins, with a configuration that says nothing of note."""
    service = Service(box)
    service.reset()
    yield service
    service.reset()


@pytest.fixture
def second(box: Box) -> Iterator[Service]:
    """The same for orchd@second.service."""
    service = Service(box, "orchd@second.service", "/etc/orchd/second.yaml")
    service.reset()
    yield service
    service.reset()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says so when the NixOS module met the stand-in only."""
    if "NIXPKGS" not in os.environ:
        terminalreporter.write_line("NIXPKGS is not set: the NixOS module was evaluated against the stand-in only.")
