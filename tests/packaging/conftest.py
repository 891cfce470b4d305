"""One box for all of these tests, with orchd installed as an operator would have it."""

from collections.abc import Iterator

import pytest

from tests.packaging.box import UNITS, Box, Service, install


@pytest.fixture(scope="session")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """Booted; the commands in /usr/bin, the units in /etc/systemd/system. The first time ever takes minutes."""
    venv = tmp_path_factory.mktemp("install") / "orchd"
    install(venv)
    made = Box()
    made.sandbox("up")
    try:
        made.put(venv, "/opt/orchd")
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
