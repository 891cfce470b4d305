"""The control socket in the file system: who owns it, and who may open it."""

import grp
import os
import socket
from pathlib import Path

from orchd.config.settings import ControlSettings
from orchd.errors import ConfigError
from orchd.kit.listeners import bind_unix

MODE = 0o660
BACKLOG = 64


def open_socket(settings: ControlSettings) -> socket.socket:
    """A listening socket at `control.socket`, 0660, of `control.group` when one is named.

    Raises ConfigError for a group that cannot have it, CannotListen when another daemon answers there.
    """
    path = settings.socket
    gid = None if settings.group is None else _gid(settings.group)
    path.parent.mkdir(parents=True, exist_ok=True)
    listening = bind_unix(path)
    try:
        if gid is not None:  # without a group there is nothing to give: the unit forbids even to try
            _give(path, gid, settings.group)
        path.chmod(MODE)  # whatever the umask is; nobody can connect before `listen`
        listening.listen(BACKLOG)
    except BaseException:
        listening.close()
        path.unlink(missing_ok=True)
        raise
    return listening


def remove(path: Path, identity: tuple[int, int]) -> None:
    """Removes the file if it is still ours: a successor may have put its own there."""
    try:
        if identity_of(path) == identity:
            path.unlink()
    except FileNotFoundError:
        return


def identity_of(path: Path) -> tuple[int, int]:
    """What distinguishes this file from another one of the same name."""
    found = path.stat()
    return found.st_dev, found.st_ino


def _gid(group: str) -> int:
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise ConfigError(f"control.group: there is no group {group!r} (`groupadd --system {group}`).") from None


def _give(path: Path, gid: int, group: str | None) -> None:
    try:
        os.chown(path, -1, gid)
    except PermissionError as error:
        raise ConfigError(
            f"control.group: the daemon may not give {path} to the group {group!r}, as it is not in it: "
            f"SupplementaryGroups={group} in the unit puts it there (see drop-ins/control-group.conf)."
        ) from error
