"""The sockets that clients come in by."""

import errno
import os
import socket
import stat
from pathlib import Path

from orchd.kit.systemd import listen_fds

BACKLOG = 1024


class CannotListen(OSError):
    """An address cannot be used; the message says why and what to do."""


def bind_all(host: str, port: int, unix_socket: Path | None, unix_socket_mode: int) -> tuple[list[socket.socket], bool]:
    """Takes the addresses without accepting yet: a busy port fails fast, clients are refused until it is ready.

    Sockets handed over by systemd are used as they are, and then nothing is bound here (the flag says so): the kernel
    queues clients while the daemon restarts.
    """
    if handed := listen_fds():
        return handed, True
    sockets = _bind_tcp(host, port)
    if unix_socket is not None:
        sockets.append(bind_unix(unix_socket))
        unix_socket.chmod(unix_socket_mode)
    return sockets, False


def listen(sockets: list[socket.socket]) -> None:
    """From here on clients are accepted. Raises CannotListen when another process was faster."""
    for each in sockets:
        try:
            each.listen(BACKLOG)
        except OSError as error:
            raise CannotListen(f"Cannot listen on {each.getsockname()}: {error.strerror}.") from error


def addresses(sockets: list[socket.socket]) -> list[str]:
    """Where clients find them: urls for TCP, paths for Unix sockets."""
    return [_address(each.getsockname()) for each in sockets]


def _address(name: tuple[str, int] | str | bytes) -> str:
    if not isinstance(name, tuple):
        return name.decode() if isinstance(name, bytes) else name
    host = f"[{name[0]}]" if ":" in name[0] else name[0]
    return f"http://{host}:{name[1]}"


def _bind_tcp(host: str, port: int) -> list[socket.socket]:
    bound: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise CannotListen(f"server.host {host!r} is no address of this machine: {error.strerror}.") from error
    for family, kind, protocol, _, address in found:
        each = socket.socket(family, kind, protocol)
        each.setblocking(False)
        each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            each.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            each.bind(address)
        except OSError as error:
            for other in [each, *bound]:
                other.close()
            raise CannotListen(f"Cannot use {host}:{port}: {error.strerror}. {_remedy(error)}") from error
        bound.append(each)
    return bound


def _remedy(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "Another process listens there: stop it, or choose another server.port."
    if error.errno == errno.EACCES:
        return "Ports below 1024 need CAP_NET_BIND_SERVICE."
    return "See server.host and server.port."


def bind_unix(path: Path) -> socket.socket:
    """A Unix socket that does not listen yet; one that a dead daemon left behind is replaced, a live one is not."""
    each = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    each.setblocking(False)
    try:
        if path.exists() and stat.S_ISSOCK(path.stat().st_mode):
            if _answers(path):
                raise CannotListen(f"Another daemon listens on {path}.")
            path.unlink()
        each.bind(os.fspath(path))
    except CannotListen:
        each.close()
        raise
    except OSError as error:
        each.close()
        raise CannotListen(f"Cannot use the socket {path}: {error.strerror or error}.") from error
    return each


def _answers(path: Path) -> bool:
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    probe.settimeout(1)
    try:
        probe.connect(os.fspath(path))
    except (ConnectionRefusedError, FileNotFoundError):
        return False
    except OSError:  # it is full, or somebody else's: alive in any case
        return True
    finally:
        probe.close()
    return True
