"""Where orchctl looks for the daemon when it is not told."""

from pathlib import Path

import pytest

from orchctl import places


@pytest.fixture(autouse=True)
def _clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def written(folder: Path, text: str) -> Path:
    file = folder / "orchd.yaml"
    file.write_text(text)
    return file


def test_a_socket_that_is_named_is_taken(tmp_path: Path) -> None:
    config = written(tmp_path, "control: {socket: /other.sock}")
    assert places.socket_path(Path("/named.sock"), config) == Path("/named.sock")


def test_then_the_one_in_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    config = written(tmp_path, "control:\n  socket: /configured.sock\n")
    assert places.socket_path(None, config) == Path("/configured.sock")


@pytest.mark.parametrize(
    "text",
    ["", "server: {port: 4200}", "control: socket: :", "control: [socket]", "control: {socket: 5}", "\x00socket"],
)
def test_a_configuration_that_names_none_leaves_the_usual_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", f"{tmp_path}/run:{tmp_path}/second")
    assert places.socket_path(None, written(tmp_path, text)) == tmp_path / "run" / "control.sock"


def test_of_the_usual_places_the_first_that_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "user"))
    config = written(tmp_path, "")
    assert places.socket_path(None, config) == tmp_path / "user" / "orchd" / "control.sock"
    there = tmp_path / "state" / "orchd" / "control.sock"
    there.parent.mkdir(parents=True)
    there.touch()
    assert places.socket_path(None, config) == there


@pytest.mark.parametrize(
    ("config", "unit"),
    [
        (None, "orchd"),
        (Path("/etc/orchd/orchd.yaml"), "orchd"),
        (Path("/etc/orchd/blue.yaml"), "orchd-blue"),
        (Path("/home/ann/orchd.yaml"), None),
    ],
)
def test_a_configuration_of_the_system_has_a_unit(config: Path | None, unit: str | None) -> None:
    assert places.unit_of(config) == unit
