"""Configurations written by a test, read by the real code."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchd.config import Loaded, load
from orchd.errors import ConfigError

SYSTEMD = ("STATE_DIRECTORY", "RUNTIME_DIRECTORY", "CONFIGURATION_DIRECTORY", "CREDENTIALS_DIRECTORY")

Write = Callable[[str | bytes], Path]
Refused = Callable[[str | bytes], list[str]]


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Neither systemd nor a desktop session around the test, and a home of its own; its path is short, for sockets."""
    for name in (*SYSTEMD, "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    with tempfile.TemporaryDirectory(prefix="home-") as folder:
        monkeypatch.setenv("HOME", folder)
        yield Path(folder)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the configuration file."""

    def write(content: str | bytes) -> Path:
        file = tmp_path / "orchd.yaml"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    return write


@pytest.fixture
def loaded(write: Write) -> Callable[[str], Loaded]:
    """What a file with this text gives."""
    return lambda text: load(write(text))


@pytest.fixture
def refused(write: Write) -> Refused:
    """The lines of the error that a file gives, without its name: `LINE:COLUMN: …`."""

    def refused(content: str | bytes) -> list[str]:
        file = write(content)
        with pytest.raises(ConfigError) as caught:
            load(file)
        lines = caught.value.message.split("\n")
        assert all(line.startswith(f"{file}:") for line in lines)
        return [line.removeprefix(f"{file}:").strip() for line in lines]

    return refused
