"""Who may use the control socket."""

import grp
import os
import socket

import pytest

from orchd.control.caller import Caller, caller_of

DAEMONS = grp.getgrnam("daemon")
STRANGER = 54321


@pytest.mark.parametrize(
    ("caller", "group", "expected"),
    [
        pytest.param(Caller(0, "root", frozenset()), None, True, id="root"),
        pytest.param(Caller(os.geteuid(), "me", frozenset()), None, True, id="the daemon's own user"),
        pytest.param(Caller(STRANGER, "ann", frozenset({DAEMONS.gr_gid})), "daemon", True, id="a member of the group"),
        pytest.param(Caller(STRANGER, "ann", frozenset({DAEMONS.gr_gid})), None, False, id="a member, no group is set"),
        pytest.param(Caller(STRANGER, "ann", frozenset({STRANGER})), "daemon", False, id="in another group"),
        pytest.param(Caller(STRANGER, "ann", frozenset()), "no-such-group", False, id="the group does not exist"),
    ],
)
def test_root_the_daemons_user_and_the_group_may_operate(caller: Caller, group: str | None, expected: bool) -> None:
    assert caller.may_operate(group) is expected


def test_the_kernel_says_who_connected() -> None:
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with here, there:
        found = caller_of(here)
    assert found.uid == os.geteuid()
    assert found.groups == {os.getegid(), *os.getgroups()}


def test_a_user_without_a_name_is_called_by_number() -> None:
    class Kernel:
        """Answers as the kernel does for a user that has been deleted."""

        def getsockopt(self, level: int, option: int, size: int) -> bytes:
            if option == socket.SO_PEERCRED:
                return b"".join(number.to_bytes(4, "little") for number in (1, STRANGER, STRANGER))
            raise OSError("too many groups for the answer")

    assert caller_of(Kernel()) == Caller(STRANGER, f"user {STRANGER}", frozenset({STRANGER}))
