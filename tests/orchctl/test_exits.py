"""Every exit status, and the sentence that goes with it."""

import json
from pathlib import Path

import pytest

from orchctl.session import Exit
from orchd.db.migrate import head
from tests.kit.daemon import Daemon
from tests.orchctl.calling import as_nobody, orchctl


@pytest.mark.parametrize("command", [["status"], ["services"], ["config", "show"], ["db", "upgrade", "-y"]])
def test_3_when_no_daemon_answers_naming_the_socket_and_the_way_out(tmp_path: Path, command: list[str]) -> None:
    socket = tmp_path / "control.sock"
    done = orchctl("--socket", str(socket), *command)
    assert done.returncode == 3
    for hint in (str(socket), "systemctl start orchd", "--offline"):
        assert hint in done.stderr


def test_3_when_the_daemon_left_its_socket_behind(own: Daemon) -> None:
    own.kill()
    assert own.control_socket.exists()
    assert orchctl("status", on=own).returncode == 3


@pytest.mark.parametrize(
    "command", [["nonsense"], ["db", "downgrade", "-y"], ["status", "--nonsense"], ["completion", "tcsh"]]
)
def test_2_for_wrong_usage(command: list[str]) -> None:
    assert orchctl(*command).returncode == 2


@pytest.mark.parametrize("command", [["reset"], ["downgrade", "-r", "-1"], ["upgrade"]])
def test_4_when_somebody_would_have_to_be_asked(idle: Daemon, command: list[str]) -> None:
    done = orchctl("db", *command, on=idle)
    assert done.returncode == 4
    assert "add -y" in done.stderr
    assert orchctl("db", "current", on=idle).stdout.startswith(head())


@pytest.mark.parametrize("target", ["9999", "-99", "yesterday"])
def test_1_for_a_revision_that_does_not_exist(idle: Daemon, target: str) -> None:
    done = orchctl("db", "downgrade", "-y", "-r", target, on=idle)
    assert done.returncode == 1
    assert done.stderr.startswith("✗ There ")


def test_70_when_a_migration_fails_and_nothing_has_changed(own: Daemon) -> None:
    own.configure({"database": {"migrations": {"timeout": "1ms"}}})
    own.restart()
    done = orchctl("db", "downgrade", "-y", "-r", "-1", on=own)
    assert done.returncode == 70
    assert "database.migrations.timeout" in done.stderr
    assert orchctl("db", "current", on=own).stdout == f"{head()} (the newest)\n"
    assert orchctl("status", on=own).returncode == 0


def test_with_json_the_error_is_json_too(tmp_path: Path) -> None:
    done = orchctl("--socket", str(tmp_path / "none"), "status", "--json")
    assert json.loads(done.stderr)["kind"] == "not_reachable"
    assert done.stdout == ""


def opened_up(daemon: Daemon) -> Path:
    """The folder of the socket can be reached by everybody."""
    daemon.folder.chmod(0o755)
    return daemon.control_socket


def test_4_for_a_user_whom_the_file_system_keeps_out(own: Daemon) -> None:
    done = as_nobody("--socket", str(opened_up(own)), "status")
    assert done.returncode == 4
    assert "use sudo" in done.stderr
    assert done.stdout == ""


def test_4_for_a_user_whom_only_the_daemon_keeps_out(own: Daemon) -> None:
    """A socket that was opened up by mistake is still no way in."""
    opened_up(own).chmod(0o666)
    done = as_nobody("--socket", str(own.control_socket), "status")
    assert done.returncode == 4
    assert "nobody may not control this daemon: use sudo" in done.stderr
    assert "was refused at the control socket" in own.log.read_text()


def test_a_member_of_the_group_may_and_an_outsider_is_told_which_group_to_join(own: Daemon) -> None:
    own.configure({"control": {"group": "daemon"}})
    own.restart()
    socket = opened_up(own)
    members = socket.stat().st_gid
    assert as_nobody("--socket", str(socket), "status", groups=(members,)).returncode == 0
    refused = as_nobody("--socket", str(socket), "status")
    assert refused.returncode == 4
    assert "join the group 'daemon'" in refused.stderr


def test_the_help_lists_every_status() -> None:
    listed = {line.split()[0] for line in orchctl("--help").stdout.splitlines() if line.strip()[:1].isdigit()}
    assert listed == {str(int(status)) for status in Exit}
