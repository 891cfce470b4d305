"""The unmodified `prefect` package in an environment of its own: as the client, and as the server to compare with."""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from tests.kit.servers import REPOSITORY, Server, plain_environment

REQUIREMENTS = Path(__file__).with_name("peer-requirements.txt")
RELEASES = Path(__file__).with_name("releases")
FLOWS = Path(__file__).with_name("flows")
CACHE = REPOSITORY / ".cache"
# No telemetry, no colours, no waiting for a terminal; failures of the client's own start-up stay visible.
QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_LOGGING_COLORS": "false",
    "PREFECT_CLI_COLORS": "false",
    "PREFECT_CLI_PROMPT": "false",
    "COLUMNS": "400",
    "NO_COLOR": "1",
}


def environment_folder() -> Path:
    """The environment of the newest release: ORCHD_TEST_PEER, else `.cache/peer`."""
    if given := os.environ.get("ORCHD_TEST_PEER"):
        return Path(given)
    return made(CACHE / "peer", REQUIREMENTS)


def made(folder: Path, *requirements: Path) -> Path:
    """The virtual environment in `folder`; made when it is missing, or was made from other requirements."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two test processes may want it at once
        wanted, made_from = "".join(file.read_text() for file in requirements), folder / "made-from.txt"
        if not made_from.exists() or made_from.read_text() != wanted:
            _create(folder, requirements)
            made_from.write_text(wanted)
    return folder


def _create(folder: Path, requirements: Sequence[Path]) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    uv = Path(sys.executable).parent / "uv"
    python = str(folder / "bin" / "python")
    install = [str(uv), "pip", "install", "--python", python] if uv.exists() else [python, "-m", "pip", "install"]
    files = [argument for file in requirements for argument in ("-r", str(file))]
    subprocess.run([*install, "-q", *files], check=True)


class Peer(Server):
    """The server of the installed package, on SQLite."""

    def __init__(self, environment: dict[str, str] | None = None) -> None:
        super().__init__(ready_within=120.0)
        self.environment = environment or {}

    def command(self) -> tuple[list[str], dict[str, str]]:
        """`prefect server start`, with a home folder of its own."""
        prefect = environment_folder() / "bin" / "prefect"
        environment = plain_environment(PREFECT_HOME=str(self.folder / "home"), **QUIET, **self.environment)
        command = [str(prefect), "server", "start", "--host", "127.0.0.1", "--port", str(self.port), "--no-ui"]
        return command, environment


def openapi() -> dict[str, Any]:
    """The document that the peer's server generates; asked for once and kept in `.cache/`."""
    version = REQUIREMENTS.read_text().partition("prefect==")[2].split()[0]
    kept = CACHE / f"peer-openapi-{version}.json"
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "peer-openapi.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            with Peer() as peer:
                kept.write_bytes(httpx.get(f"{peer.api}/openapi.json", timeout=60).raise_for_status().content)
    document: dict[str, Any] = json.loads(kept.read_bytes())
    return document
