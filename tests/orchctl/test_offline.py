"""`orchctl --offline db …`: the same without the daemon."""

import json
import os

import pytest

from orchd.db.migrate import head, history
from tests.kit.daemon import Daemon
from tests.orchctl.calling import NOBODY, orchctl

HEAD, BELOW = head(), history()[-2].revision


def offline(daemon: Daemon, *arguments: str) -> str:
    done = orchctl("--offline", "--config", str(daemon.config), "db", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_down_up_and_anew_without_a_daemon(own_daemon: Daemon) -> None:
    own_daemon.stop()
    assert f"from {HEAD} to {BELOW} (1 step)" in offline(own_daemon, "downgrade", "-y", "-r", "-1")
    assert offline(own_daemon, "current") == f"{BELOW} (the newest is {HEAD})\n"
    assert f"1 step up, from {BELOW} to {HEAD}" in offline(own_daemon, "plan")
    assert f"from {BELOW} to {HEAD} (1 step)" in offline(own_daemon, "upgrade", "-y")
    assert "empty and new" in offline(own_daemon, "reset", "-y")
    assert f"at {HEAD}" in offline(own_daemon, "check")
    own_daemon.start()


def test_a_running_daemon_is_not_passed_by(own: Daemon) -> None:
    done = orchctl("--offline", "--config", str(own.config), "db", "reset", "-y")
    assert done.returncode == 4
    assert f"orchd runs and answers on {own.control_socket}" in done.stderr


def test_the_option_is_understood_after_the_command_too(stopped: Daemon) -> None:
    done = orchctl("--config", str(stopped.config), "db", "current", "--offline", "--json")
    assert json.loads(done.stdout)["current"] == HEAD


def test_a_wrong_configuration_is_told_with_its_place(stopped: Daemon) -> None:
    stopped.config.write_text("database:\n  ulr: x\n")
    done = orchctl("--offline", "--config", str(stopped.config), "db", "current")
    assert done.returncode == 78
    assert f"{stopped.config}:2:3" in done.stderr


@pytest.mark.parametrize(
    ("command", "says"),
    [
        pytest.param(["current"], "empty (no table yet)", id="current"),
        pytest.param(["plan"], "from an empty database to", id="plan"),
        pytest.param(["history"], "Flows", id="history"),
    ],
)
def test_looking_for_a_database_does_not_make_one(stopped: Daemon, command: list[str], says: str) -> None:
    missing = stopped.folder / "elsewhere" / "new.db"
    stopped.configure({"database": {"url": f"sqlite:///{missing}"}})
    assert says in offline(stopped, *command)
    assert not missing.parent.exists()


def test_what_root_makes_belongs_to_the_folders_owner(stopped: Daemon) -> None:
    data = stopped.folder / "data"
    data.mkdir()
    os.chown(data, NOBODY, NOBODY)
    stopped.configure({"database": {"url": f"sqlite:///{data}/orchd.db"}})
    offline(stopped, "upgrade", "-y")
    offline(stopped, "downgrade", "-y", "-r", "-1")
    made = sorted(data.iterdir())
    assert [file.name.partition(".before")[0] for file in made] == ["orchd.db", "orchd.db", "orchd.db.migrate.lock"]
    assert {(file.stat().st_uid, file.stat().st_gid) for file in made} == {(NOBODY, NOBODY)}
