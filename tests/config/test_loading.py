"""From a file, or none, to settings; and from one configuration to the next."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from orchd.config import Loaded, effective, load, reload_diff
from orchd.config.places import SYSTEM_FILE, configuration_file
from orchd.config.schema import options
from tests.config.conftest import Write

Load = Callable[[str], Loaded]


def test_without_a_file_the_defaults_hold(home: Path) -> None:
    found = load(None)
    settings = found.settings
    assert (settings.server.host, settings.server.port) == ("127.0.0.1", 4200)
    assert settings.database.url.path == home / ".local/state/orchd/orchd.db"
    assert settings.server.limits.body == 16 << 20
    assert settings.database.timeout == timedelta(seconds=10)
    assert set(found.origins.values()) == {"default"}


def test_a_file_changes_what_it_names_and_nothing_else(loaded: Load, write: Write) -> None:
    found = loaded("server:\n  port: 4300\nservices: {retention: {events: 30d}}\n")
    file = write("server:\n  port: 4300\nservices: {retention: {events: 30d}}\n")
    assert found.settings.server.port == 4300
    assert found.settings.services.retention.events == timedelta(days=30)
    given = {name: origin for name, origin in found.origins.items() if origin != "default"}
    assert given == {"server.port": f"{file}:2", "services.retention.events": f"{file}:3"}
    defaults = effective(load(None))
    changed = {name for name, value in effective(found).items() if value != defaults[name]}
    assert changed == given.keys()


def test_every_option_has_a_value_and_an_origin() -> None:
    found = load(None)
    names = [option.name for option in options() if not option.names_secret_file]
    assert list(effective(found)) == list(found.origins) == names


def test_under_systemd_things_are_where_systemd_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/orchd:/var/lib/other")
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/orchd")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1")
    settings = load(None).settings
    assert settings.database.url.path == Path("/var/lib/orchd/orchd.db")
    assert settings.control.socket == Path("/run/orchd/control.sock")


def test_in_a_session_things_are_where_the_session_keeps_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/home/ada/state")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1")
    settings = load(None).settings
    assert settings.database.url.path == Path("/home/ada/state/orchd/orchd.db")
    assert settings.control.socket == Path("/run/user/1/orchd/control.sock")


def test_with_neither_the_socket_is_beside_the_database(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "relative/does/not/count")
    assert load(None).settings.control.socket == home / ".local/state/orchd/control.sock"


def test_null_is_the_same_as_not_saying(loaded: Load) -> None:
    assert loaded("database: {url: null}\ncontrol: {socket: ~}").settings == load(None).settings


def test_a_file_in_the_unit_s_folder_comes_before_the_system_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFIGURATION_DIRECTORY", str(tmp_path))
    assert configuration_file() == (SYSTEM_FILE if SYSTEM_FILE.exists() else None)
    (tmp_path / "orchd.yaml").touch()
    assert configuration_file() == tmp_path / "orchd.yaml"


def test_a_file_that_cannot_be_reached_is_named_rather_than_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    monkeypatch.setenv("CONFIGURATION_DIRECTORY", str(loop))
    assert configuration_file() == loop / "orchd.yaml"


def test_a_reload_tells_what_changes_at_once_from_what_awaits_a_restart(loaded: Load) -> None:
    old = loaded("logging: {level: info}\nserver: {port: 4200}")
    new = loaded("logging: {level: debug}\nserver: {port: 4300, host: '127.0.0.1'}")
    assert reload_diff(old, new) == (["logging.level"], ["server.port"])
    assert reload_diff(new, new) == ([], [])


def test_a_reload_sees_that_a_secret_s_file_has_another_content(tmp_path: Path, loaded: Load) -> None:
    secret = tmp_path / "auth"
    text = f"auth: {{auth_string_file: {secret}}}"
    secret.write_text("a:1")
    old = loaded(text)
    secret.write_text("a:2")
    assert reload_diff(old, loaded(text)) == (["auth.auth_string"], [])


def test_what_awaits_a_restart_stays_as_it_was_until_then(loaded: Load) -> None:
    old = loaded("logging: {level: info}\nserver: {port: 4200}")
    new = loaded("logging: {level: debug}\nserver: {port: 4300}")
    kept = new.keeping(old, ["server.port"])
    assert kept.settings.server.port == effective(kept)["server.port"] == 4200
    assert kept.settings.logging.level == "debug"
    assert reload_diff(kept, new) == ([], ["server.port"])
