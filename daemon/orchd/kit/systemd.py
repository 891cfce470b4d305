"""What systemd and a service say to each other: readiness, status, watchdog, handed-over sockets, the journal.

Outside systemd everything here is silent: nothing is sent, no socket is found, no watchdog is asked for.
"""

import os
import socket
import time
from pathlib import Path

from sdnotify import SystemdNotifier

FIRST_LISTEN_FD = 3


class Notifier:
    """Tells systemd about this process; does nothing where NOTIFY_SOCKET is not set."""

    def __init__(self) -> None:
        self._systemd = SystemdNotifier()

    def ready(self, status: str | None = None) -> None:
        """Start-up, or the reload announced with `reloading`, is complete."""
        self._send("READY=1", *_status(status))

    def status(self, text: str) -> None:
        """One line for people, shown by `systemctl status`."""
        self._send(*_status(text))

    def reloading(self) -> None:
        """The configuration is being read again; `ready` must follow, whatever comes of it."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self, status: str | None = None) -> None:
        """The service has begun to shut down."""
        self._send("STOPPING=1", *_status(status))

    def extend_timeout(self, seconds: float) -> None:
        """Starting or stopping may take this long from now, whatever the unit's own limit says."""
        self._send(f"EXTEND_TIMEOUT_USEC={int(seconds * 1_000_000)}")

    def watchdog(self) -> None:
        """The service is alive; sent oftener than WATCHDOG_USEC, see `watchdog_interval`."""
        self._send("WATCHDOG=1")

    def _send(self, *fields: str) -> None:
        # The library encodes Latin-1 and swallows what does not fit; systemd wants UTF-8.
        self._systemd.notify("\n".join(fields).encode().decode("latin-1"))


def _status(text: str | None) -> tuple[str, ...]:
    """The field, on one line: a line break in it would begin another field."""
    return () if text is None else ("STATUS=" + " ".join(text.split()),)


def under_systemd() -> bool:
    """Whether this process is the main process of a service that is asked for notifications."""
    return "NOTIFY_SOCKET" in os.environ


def watchdog_interval() -> float | None:
    """Seconds between two pings: half of what the unit allows. None without a watchdog for this process."""
    allowed = os.environ.get("WATCHDOG_USEC", "")
    if not allowed.isdecimal() or int(allowed) == 0 or not _meant_for_us("WATCHDOG_PID"):
        return None
    return int(allowed) / 1_000_000 / 2


def listen_fds() -> list[socket.socket]:
    """The listening sockets that systemd hands over, in the order of the socket unit; each call takes them anew.

    They are not inherited by child processes.
    """
    count = os.environ.get("LISTEN_FDS", "")
    if not count.isdecimal() or "LISTEN_PID" not in os.environ or not _meant_for_us("LISTEN_PID"):
        return []
    sockets = [socket.socket(fileno=fd) for fd in range(FIRST_LISTEN_FD, FIRST_LISTEN_FD + int(count))]
    for handed in sockets:
        handed.set_inheritable(False)
    return sockets


def journal_stream(fd: int = 2) -> bool:
    """Whether what is written to `fd` (standard error) goes straight to the journal."""
    try:
        found = os.fstat(fd)
    except OSError:
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def credentials_directory() -> Path | None:
    """Where systemd keeps the credentials of this service, if it was given any."""
    given = os.environ.get("CREDENTIALS_DIRECTORY")
    return Path(given) if given else None


def _meant_for_us(variable: str) -> bool:
    """systemd names the process that a variable is for, as children inherit the environment; unnamed means any."""
    return os.environ.get(variable, str(os.getpid())) == str(os.getpid())
