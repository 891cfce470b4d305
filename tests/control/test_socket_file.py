"""The control socket in the file system."""

import grp
import os
import socket
import stat
from pathlib import Path

import pytest

from orchd.config.settings import ControlSettings
from orchd.control import socket_file
from orchd.errors import ConfigError
from orchd.kit.listeners import CannotListen


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "control.sock"


def test_it_is_for_its_owner_and_its_group_alone_whatever_the_umask(path: Path) -> None:
    before = os.umask(0o077)
    try:
        with socket_file.open_socket(ControlSettings(path, None)):
            assert stat.S_IMODE(path.stat().st_mode) == 0o660
    finally:
        os.umask(before)


def test_it_is_given_to_the_group_that_is_named(path: Path) -> None:
    mine = grp.getgrgid(os.getegid()).gr_name
    name = "daemon" if os.geteuid() == 0 else mine  # only root may give it to a group that it is not in
    with socket_file.open_socket(ControlSettings(path, name)):
        assert grp.getgrgid(path.stat().st_gid).gr_name == name


def test_a_group_that_does_not_exist_is_a_fault_of_the_configuration(path: Path) -> None:
    with pytest.raises(ConfigError, match="no group 'no-such-group'"):
        socket_file.open_socket(ControlSettings(path, "no-such-group"))
    assert not path.exists()


def test_what_a_dead_daemon_left_behind_is_replaced(path: Path) -> None:
    socket_file.open_socket(ControlSettings(path, None)).close()
    assert path.exists()
    with socket_file.open_socket(ControlSettings(path, None)), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))


def test_the_socket_of_a_living_daemon_is_left_alone(path: Path) -> None:
    with socket_file.open_socket(ControlSettings(path, None)):
        with pytest.raises(CannotListen, match=f"Another daemon listens on {path}"):
            socket_file.open_socket(ControlSettings(path, None))
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))


def test_a_file_that_is_no_socket_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("kept")
    with pytest.raises(CannotListen):
        socket_file.open_socket(ControlSettings(path, None))
    assert path.read_text() == "kept"


def test_stopping_removes_it_but_not_that_of_a_successor(path: Path) -> None:
    with socket_file.open_socket(ControlSettings(path, None)):
        mine = socket_file.identity_of(path)
        path.rename(path.with_name("moved"))
        with socket_file.open_socket(ControlSettings(path, None)):
            socket_file.remove(path, mine)
            assert path.exists()
            socket_file.remove(path, socket_file.identity_of(path))
            assert not path.exists()
            socket_file.remove(path, mine)
