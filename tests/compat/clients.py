"""Running the unmodified client against a server, and looking at what the server kept."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from tests.compat.peer import FLOWS, QUIET
from tests.kit.servers import plain_environment

T = TypeVar("T")
RELEASE = os.environ.get("ORCHD_TEST_RELEASE", "")


def since(release: str, what: str) -> pytest.MarkDecorator:
    """Leaves a test out for clients older than `release`: those lack `what`."""
    return pytest.mark.skipif(_older(RELEASE, release), reason=f"clients have this since {release}: {what}")


def _older(one: str, other: str) -> bool:
    def numbers(text: str) -> list[int]:
        return [int(part) for part in text.split(".")]

    return bool(one) and numbers(one) < numbers(other)


def eventually(found: Callable[[], T], wanted: Callable[[T], bool] = bool, within: float = 30.0) -> T:
    """Ask again until the answer is as wanted; the last answer, for the assertion, when it never is."""
    limit = time.monotonic() + within
    while not wanted(answer := found()) and time.monotonic() < limit:
        time.sleep(0.05)
    return answer


class Report:
    """What a script said of its flows: the id of each one's run, and what came of it."""

    def __init__(self, said: dict[str, Any]) -> None:
        self.runs: dict[str, str] = said["runs"]
        self.results: dict[str, Any] = said["results"]
        self.mark: str = said.get("mark", "")


class Api:
    """What a server kept, read over HTTP."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(base_url=url, timeout=60)

    def get(self, path: str, **query: Any) -> Any:
        """The JSON of a GET; anything but 200 is an error."""
        return self.http.get(path, params=query).raise_for_status().json()

    def post(self, path: str, body: Any) -> Any:
        """The JSON of a POST; an error status is an error."""
        return self.http.post(path, json=body).raise_for_status().json()

    def flow_run(self, run: str) -> dict[str, Any]:
        """One flow run."""
        found: dict[str, Any] = self.get(f"/flow_runs/{run}")
        return found

    def state_name(self, run: str) -> str:
        """The name of a flow run's present state."""
        return str(self.flow_run(run)["state"]["name"])

    def states(self, run: str, kind: str = "flow") -> list[str]:
        """The names of all states of a run, in the order of their times."""
        found = self.get(f"/{kind}_run_states/", **{f"{kind}_run_id": run})
        return [state["name"] for state in sorted(found, key=lambda state: state["timestamp"])]

    def task_runs(self, run: str, expected: int) -> list[dict[str, Any]]:
        """The task runs of a flow run, once `expected` of them are final: they arrive as events."""
        body = {"flow_runs": {"id": {"any_": [run]}}, "sort": "EXPECTED_START_TIME_ASC"}
        final = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}

        def pages() -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = []
            while page := self.post("/task_runs/filter", {**body, "limit": 200, "offset": len(found)}):
                found += page
            return found

        return eventually(pages, lambda runs: sum(run["state_type"] in final for run in runs) >= expected)

    def events(self, body: dict[str, Any], expected: int) -> list[dict[str, Any]]:
        """The events that a filter finds, once there are `expected` of them."""
        return eventually(
            lambda: self.post("/events/filter", {"limit": 50, **body})["events"], lambda found: len(found) >= expected
        )

    def logs(self, run: str, containing: str) -> list[str]:
        """The messages of a flow run's log, once one of them holds `containing`: the client sends them late."""
        body = {"logs": {"flow_run_id": {"any_": [run]}}, "sort": "TIMESTAMP_ASC", "limit": 200}
        return eventually(
            lambda: [line["message"] for line in self.post("/logs/filter", body)],
            lambda messages: any(containing in message for message in messages),
        )


def _heed_interrupts() -> None:
    """A shell that runs the tests in the background has SIGINT ignored, and children inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Script:
    """A client process that is still running."""

    def __init__(self, command: list[str], environment: dict[str, str], folder: Path) -> None:
        self.errors = folder / "stderr.log"
        with self.errors.open("ab") as errors:
            self.process = subprocess.Popen(
                command,
                env=environment,
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                preexec_fn=_heed_interrupts,
            )

    def line(self) -> str:
        """The next line that it prints; an error when it ends instead."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline().decode()
        assert line, f"the client ended: {self.log_tail()}"
        return line.strip()

    def report(self) -> dict[str, Any]:
        """The next line, as JSON."""
        found: dict[str, Any] = json.loads(self.line())
        return found

    def ask(self, line: str) -> dict[str, Any]:
        """Write a line to it; its answer, as JSON."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()
        return self.report()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def wait(self, within: float = 120.0) -> int:
        """Its exit status, once it has printed all."""
        self.process.communicate(timeout=within)
        return self.process.returncode

    def log_tail(self) -> str:
        """The end of what it wrote to stderr."""
        return "\n".join(self.errors.read_text(errors="replace").splitlines()[-60:])

    def end(self) -> None:
        """Kill it if it still runs."""
        self.process.kill()
        self.process.communicate()


class Client:
    """The package's Python and CLI, pointed at one server, with a PREFECT_HOME of their own."""

    def __init__(self, environment: Path, api: str, folder: Path) -> None:
        self.bin = environment / "bin"
        self.folder = folder
        self.environment = plain_environment(PREFECT_API_URL=api, PREFECT_HOME=str(folder / "home"), **QUIET)
        self.scripts: list[Script] = []
        self.shell: Script | None = None

    def start(self, script: str, *arguments: str, **more: str) -> Script:
        """Start a script of `flows/` and leave it running; `more` is added to its environment."""
        command = [str(self.bin / "python"), str(FLOWS / script), *arguments]
        started = Script(command, self.environment | more, self.folder)
        self.scripts.append(started)
        return started

    def run(self, script: str, *arguments: str, **more: str) -> dict[str, Any]:
        """Run a script of `flows/` to its end; the last line that it printed, as JSON."""
        command = [str(self.bin / "python"), str(FLOWS / script), *arguments]
        done = self._run(command, more)
        assert done.returncode == 0, f"{script} exited {done.returncode}:\n{done.stdout}\n{done.stderr}"
        report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return report

    def cli(self, *arguments: str, status: int = 0) -> str:
        """The output of a `prefect` command, which must exit with `status`."""
        ended, output = self.ended(*arguments)
        assert ended == status, f"prefect {' '.join(arguments)}: {ended}, {output}"
        return output

    def ended(self, *arguments: str) -> tuple[int, str]:
        """The exit status and the output of a `prefect` command."""
        if self.shell is None:
            self.shell = self.start("commands.py")
        said = self.shell.ask(json.dumps(arguments))
        return int(said["status"]), str(said["output"])

    def command(self, *arguments: str) -> Script:
        """Start a `prefect` command and leave it running."""
        started = Script([str(self.bin / "prefect"), *arguments], self.environment, self.folder)
        self.scripts.append(started)
        return started

    def _run(self, command: list[str], more: dict[str, str]) -> subprocess.CompletedProcess[str]:
        environment = self.environment | more
        return subprocess.run(command, env=environment, cwd=self.folder, capture_output=True, text=True, timeout=180)

    def end(self) -> None:
        """Kill every script that still runs."""
        while self.scripts:
            self.scripts.pop().end()
