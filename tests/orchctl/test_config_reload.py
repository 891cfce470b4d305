"""`orchctl config reload`."""

import json

from tests.kit.daemon import Daemon
from tests.orchctl.calling import orchctl


def test_what_changed_and_what_awaits_a_restart_is_named(own: Daemon) -> None:
    own.configure({"logging": {"level": "debug"}, "control": {"group": "daemon"}})
    done = orchctl("config", "reload", on=own)
    assert done.returncode == 0
    assert "Changed: logging.level" in done.stdout
    assert "awaiting a restart: control.group" in done.stdout
    shown = json.loads(orchctl("config", "show", "--json", on=own).stdout)["options"]
    assert shown["logging.level"]["value"] == "debug"
    assert shown["control.group"]["value"] is None


def test_nothing_new_is_said_to_be_nothing(own: Daemon) -> None:
    assert "nothing in it has changed" in orchctl("config", "reload", on=own).stdout
    assert json.loads(orchctl("config", "reload", "--json", on=own).stdout) == {"live": [], "restart": []}


def test_a_bad_file_is_told_with_every_place_and_changes_nothing(own: Daemon) -> None:
    own.config.write_text("logging:\n  level: loud\nserver:\n  port: 123456\n")
    done = orchctl("config", "reload", on=own)
    assert (done.returncode, done.stdout) == (78, "")
    assert f"{own.config}:2:10" in done.stderr
    assert f"{own.config}:4:9" in done.stderr
    shown = json.loads(orchctl("config", "show", "--json", on=own).stdout)["options"]
    assert shown["logging.level"]["value"] == "info"
