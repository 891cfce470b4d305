"""Who is at the other end of a Unix socket: the kernel says it, the caller cannot lie."""

import contextlib
import grp
import os
import pwd
import socket
import struct
from typing import Any

from msgspec import Struct

SO_PEERGROUPS = 59  # Linux 4.13; Python has no name for it
MOST_GROUPS = 256  # what fits into the largest answer that Python asks for


class Caller(Struct, frozen=True):
    """A local user with the groups that the process had when it connected."""

    uid: int
    name: str
    groups: frozenset[int]

    def may_operate(self, group: str | None) -> bool:
        """Whether this is root, the daemon's own user, or a member of the group."""
        return self.uid in (0, os.geteuid()) or (group is not None and self._belongs_to(group))

    def _belongs_to(self, group: str) -> bool:
        try:
            found = grp.getgrnam(group)
        except KeyError:
            return False
        return found.gr_gid in self.groups or self.name in found.gr_mem


def caller_of(connection: Any) -> Caller:
    """The process that connected; `connection` is a socket, or uvloop's stand-in for one."""
    _, uid, gid = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return Caller(uid, _name(uid), frozenset({gid, *_groups(connection)}))


def _groups(connection: Any) -> tuple[int, ...]:
    """The supplementary groups; none where there are more than fit: then the group's list of members decides."""
    with contextlib.suppress(OSError):
        found: bytes = connection.getsockopt(socket.SOL_SOCKET, SO_PEERGROUPS, MOST_GROUPS * 4)
        return struct.unpack(f"{len(found) // 4}I", found)
    return ()


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
