"""A server as a process: started on a port of its own, waited for, stopped, killed, started again."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.kit.ports import free_port

REPOSITORY = Path(__file__).parents[2]
INHERITED = ("HOME", "PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE")


class NotReadyError(AssertionError):
    """The server ended or stayed silent; the message holds the end of its log."""


def plain_environment(**more: str) -> dict[str, str]:
    """The environment for a child: nothing of the developer's own PREFECT_* or ORCHD_* settings."""
    return {name: os.environ[name] for name in INHERITED if name in os.environ} | more


def answers(url: str) -> bool:
    """Whether a GET is answered 200 now."""
    with contextlib.suppress(OSError, urllib.error.URLError), urllib.request.urlopen(url, timeout=5) as answer:
        return bool(answer.status == 200)
    return False


class Server:
    """What every server process has. `command` says how one is started; the folder is short, for sockets' sake."""

    ready_path = "/ready"

    def __init__(self, *, ready_within: float = 60.0) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="orchd-"))
        self.port = free_port()
        self.ready_within = ready_within
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> tuple[list[str], dict[str, str]]:
        """The command line and the environment."""
        raise AssertionError("a server must say how it is started")

    def inherited(self) -> tuple[int, ...]:
        """File descriptors that the process gets."""
        return ()

    @property
    def base_url(self) -> str:
        """http://HOST:PORT."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def api(self) -> str:
        """What PREFECT_API_URL is set to."""
        return f"{self.base_url}/api"

    @property
    def log(self) -> Path:
        """Everything the process wrote, over all of its starts."""
        return self.folder / "server.log"

    def log_tail(self, lines: int = 60) -> str:
        """The end of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        assert self.process is not None, "the server is not running"
        return self.process.pid

    def launch(self) -> None:
        """Start the process without waiting for it."""
        command, environment = self.command()
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                env=environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=self.inherited(),
            )

    def wait_ready(self) -> None:
        """Return when the readiness URL answers 200."""
        assert self.process is not None, "the server was not launched"
        limit = time.monotonic() + self.ready_within
        while not answers(self.api + self.ready_path):
            if self.process.poll() is not None:
                raise NotReadyError(f"process {self.pid} exited {self.process.returncode}:\n{self.log_tail()}")
            if time.monotonic() > limit:
                raise NotReadyError(f"no answer from {self.api}{self.ready_path}:\n{self.log_tail()}")
            time.sleep(0.02)

    def start(self) -> None:
        """Start and wait until it is ready."""
        self.launch()
        self.wait_ready()

    def stop(self, within: float = 30.0) -> int:
        """SIGTERM; the exit status. Killed, and an error, when it takes longer than `within` seconds."""
        return self._end(signal.SIGTERM, within)

    def kill(self) -> int:
        """SIGKILL."""
        return self._end(signal.SIGKILL, 30.0)

    def _end(self, number: signal.Signals, within: float) -> int:
        process, self.process = self.process, None
        if process is None:
            return 0
        process.send_signal(number)
        try:
            return process.wait(within)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"{number.name} did not end it in {within:g} s:\n{self.log_tail()}") from None

    def restart(self) -> None:
        """Stop, then start on the same port with the same data."""
        self.stop()
        self.start()

    def remove(self) -> None:
        """Kill what still runs and delete the folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.remove()
