"""A machine with a real systemd and orchd installed on it, and orchd's service there."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, TypeVar

REPOSITORY = Path(__file__).parents[2]
SANDBOX = REPOSITORY / "tests" / "tools" / "systemd-sandbox"
UNITS = REPOSITORY / "packaging" / "systemd"
PYTHON = "/usr/bin/python3.11"  # the box is the same Debian: it has the same one at the same place
PORT = 4200
RESET = """
    { systemctl kill --signal=SIGKILL "$1"; systemctl stop "$1"
      systemctl clean --what=state --what=runtime "$1"; systemctl reset-failed "$1"; } 2> /dev/null
    rm -rf "/etc/systemd/system/$1.d" "$2"
    systemctl daemon-reload && date +@%s.%N
"""
T = TypeVar("T")


def until(found: Callable[[], T], what: str, within: float = 30.0) -> T:
    """The first true value of `found()`; fails naming `what` after so many seconds."""
    limit = time.monotonic() + within
    while not (value := found()):
        assert time.monotonic() < limit, f"not within {within:g} s: {what}"
        time.sleep(0.05)
    return value


def install(folder: Path) -> None:
    """orchd and all it needs as a virtual environment that can be moved to another machine."""
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.exists() else shutil.which("uv")
    assert uv, "uv is needed to install orchd into the box; `make test` brings it"
    run([uv, "venv", "--quiet", "--relocatable", "--python", PYTHON, folder])
    options = ["--quiet", "--link-mode=copy", "--compile-bytecode", "--refresh-package=orchd"]
    run([uv, "pip", "install", *options, "--python", folder / "bin/python", REPOSITORY])


def run(command: list[str | Path], **options: Any) -> str:
    """Standard output of a command that must succeed."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout


class Box:
    """One container. `run` gives the output of a command in it and fails when the command does."""

    def __init__(self) -> None:
        self.name = f"orchd-test-{os.getpid()}"

    def sandbox(self, verb: str, *arguments: str | Path) -> str:
        """One verb of the sandbox tool."""
        return run([sys.executable, SANDBOX, verb, "-n", self.name, *arguments], timeout=600)

    def command(self, *command: str) -> list[str]:
        """The command line on the host that runs `command` inside."""
        return [sys.executable, str(SANDBOX), "exec", "-n", self.name, *command]

    def run(self, *command: str) -> str:
        """What the command prints; it must succeed."""
        return run([*self.command(*command)], timeout=120)

    def attempt(self, *command: str) -> subprocess.CompletedProcess[str]:
        """The same for a command that may fail."""
        return subprocess.run(self.command(*command), capture_output=True, text=True, timeout=120, check=False)

    def monotonic(self) -> int:
        """Microseconds on the clock that systemd's monotonic timestamps are taken from."""
        return time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000

    def script(self, source: str, *arguments: str) -> "Script":
        """Starts a Python program inside that is talked to line by line."""
        return Script(self.command("python3", "-u", "-c", textwrap.dedent(source), *arguments))

    def put(self, path: Path, where: str) -> None:
        """Copies a file or a folder into it."""
        self.sandbox("put", path, where)

    def write(self, where: str, text: str, mode: int = 0o644) -> None:
        """Writes a file inside; folders are made as needed."""
        place = f"mkdir -p $(dirname {where}) && install -m {mode:o} /dev/stdin {where}"
        run([*self.command("sh", "-c", place)], input=textwrap.dedent(text))


class Script:
    """A program in the box: `says` waits for its next line, `tell` answers it."""

    def __init__(self, command: list[str]) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def says(self) -> str:
        """Its next line; empty when it has ended."""
        return _opened(self.process.stdout).readline().strip()

    def tell(self, line: str = "") -> None:
        """Sends it a line."""
        pipe = _opened(self.process.stdin)
        pipe.write(line + "\n")
        pipe.flush()

    def __enter__(self) -> "Script":
        return self

    def __exit__(self, *_: object) -> None:
        _opened(self.process.stdin).close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        _opened(self.process.stdout).close()


def _opened(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


class Service:
    """One orchd unit in the box."""

    def __init__(self, box: Box, unit: str = "orchd.service", config: str = "/etc/orchd/orchd.yaml") -> None:
        self.box, self.unit, self.config = box, unit, config
        self.began = ""

    def reset(self) -> None:
        """As on the first day: stopped, no data, no drop-ins, an empty configuration; the journal begins here."""
        self.began = self.box.run("sh", "-c", RESET, "reset", self.unit, self.config).strip()
        self.configure("server: {host: 127.0.0.1}\n")

    def configure(self, text: str) -> None:
        """Writes its configuration file."""
        self.box.write(self.config, text)

    def drop_in(self, name: str, text: str) -> None:
        """Adds to its unit."""
        self.box.write(f"/etc/systemd/system/{self.unit}.d/{name}.conf", text)
        self.box.run("systemctl", "daemon-reload")

    def start(self) -> None:
        """Returns when it is ready."""
        started = self.box.attempt("systemctl", "start", self.unit)
        assert started.returncode == 0, f"{started.stderr}\n{self.journal()}"

    def begin_start(self) -> None:
        """Starts it without waiting."""
        self.box.run("systemctl", "start", "--no-block", self.unit)

    def begin_stop(self) -> None:
        """Stops it without waiting."""
        self.box.run("systemctl", "stop", "--no-block", self.unit)

    def stop(self) -> None:
        """Returns when it has stopped."""
        self.box.run("systemctl", "stop", self.unit)

    def __getitem__(self, name: str) -> str:
        """A property as systemd sees it now, such as `ActiveState`."""
        return self.box.run("systemctl", "show", "--value", "--property", name, self.unit).strip()

    def becomes(self, state: str, within: float = 30.0) -> None:
        """Waits for an active state: active, inactive, failed, activating, deactivating."""
        try:
            until(lambda: self["ActiveState"] == state, f"{self.unit} {state}", within)
        except AssertionError as error:
            raise AssertionError(f"{error}; it is {self['ActiveState']}\n{self.journal()}") from None

    def tells(self, beginning: str) -> None:
        """Waits until its status, as `systemctl status` shows it, begins so."""
        until(lambda: self["StatusText"].startswith(beginning), f"the status {beginning!r}")

    def ended(self) -> tuple[str, str, str, str]:
        """Its state, how systemd judges its end, its exit status, and how often it was restarted."""
        return self["ActiveState"], self["Result"], self["ExecMainStatus"], self["NRestarts"]

    def records(self) -> list[dict[str, Any]]:
        """The journal since the reset: of the unit and, about the unit, of systemd itself."""
        told = self.box.run("journalctl", "-q", "-o", "json", "--since", self.began, "-u", self.unit)
        return [json.loads(line) for line in told.splitlines()]

    def journal(self) -> str:
        """The messages alone, one a line."""
        return "\n".join(str(record.get("MESSAGE")) for record in self.records())

    def errors(self) -> str:
        """Those of the daemon that `journalctl -p err` shows."""
        said = [record for record in self.records() if record["_COMM"] != "systemd"]
        return "\n".join(str(record["MESSAGE"]) for record in said if int(record["PRIORITY"]) <= 3)

    def get(self, path: str, port: int = PORT) -> tuple[int, str]:
        """Status and body of an answer; status 0 when nobody takes the connection."""
        return self._ask(path, port)

    def post(self, path: str, body: Any, port: int = PORT) -> tuple[int, str]:
        """The same for a POST with a JSON body."""
        return self._ask(path, port, "--json", json.dumps(body))

    def _ask(self, path: str, port: int, *options: str) -> tuple[int, str]:
        url = f"http://127.0.0.1:{port}{path}"
        asked = self.box.attempt("curl", "-s", "--max-time", "20", "-w", "\n%{http_code}", *options, url)
        body, _, status = asked.stdout.rpartition("\n")
        return int(status), body
