"""Calls orchctl as people and scripts do: through a pipe, on a terminal, as another user."""

import os
import pty
import subprocess
import sys
import time
from pathlib import Path

from tests.kit.daemon import Daemon
from tests.kit.servers import plain_environment

ORCHCTL = str(Path(sys.executable).parent / "orchctl")
PATIENCE = 60.0  # seconds
NOBODY = 65534

# The interpreter may lie where others may not go: everything is loaded before the user is changed.
AS_ANOTHER = """
import os, sys
import orchctl.cli, orchctl.offline, encodings.idna
os.setgroups([int(group) for group in sys.argv[2].split(",") if group])
os.setgid(int(sys.argv[1])); os.setuid(int(sys.argv[1]))
orchctl.cli.main(sys.argv[3:], prog_name="orchctl")
"""


def orchctl(
    *arguments: str, on: Daemon | None = None, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """One call, with nobody to ask; `on` names the daemon's socket."""
    socket = ["--socket", str(on.control_socket)] if on else []
    return subprocess.run(
        [ORCHCTL, *socket, *arguments],
        env=plain_environment(**(environment or {})),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def as_nobody(*arguments: str, groups: tuple[int, ...] = ()) -> subprocess.CompletedProcess[str]:
    """One call by a user without any rights, in these groups. The tests run as root."""
    numbers = ",".join(map(str, groups))
    return subprocess.run(
        [sys.executable, "-c", AS_ANOTHER, str(NOBODY), numbers, *arguments],
        env={**plain_environment(), "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def on_terminal(daemon: Daemon, *arguments: str, answer: str = "") -> tuple[int, str]:
    """One call on a terminal, its question answered: the exit status, and all that the screen showed."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [ORCHCTL, "--socket", str(daemon.control_socket), *arguments],
        env=plain_environment(TERM="xterm-256color", COLUMNS="100"),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        shown = _read(ours, until="[y/N]:" if answer else None)
        if answer:
            os.write(ours, f"{answer}\n".encode())
            shown += _read(ours, until=None)
        os.close(ours)
        return process.wait(PATIENCE), shown


def _read(terminal: int, until: str | None) -> str:
    """What the screen shows up to a text, or to the end."""
    shown, limit = b"", time.monotonic() + PATIENCE
    while until is None or until.encode() not in shown:
        assert time.monotonic() < limit, f"{until!r} was not shown in: {shown.decode()}"
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        shown += piece
    return shown.decode()
