#!/usr/bin/env python3
"""Starts the peer's server and orchd on fresh databases and measures both in one run.

    python -m bench.run [--engine sqlite|postgres] [--startup] [--quick] [-- OPTIONS OF bench.py]

Run it from the repository's root with the Python of its virtual environment. On PostgreSQL each server has a cluster
of its own, durable, on the same disk, and its processes' CPU time counts as the server's. `--startup` measures
start-up, memory and idle CPU instead of load. `--quick` is a short round to see that all works, not to publish.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.compat.peer import Peer, environment_folder
from tests.kit.daemon import Daemon
from tests.kit.postgres import Postgres
from tests.kit.servers import Server

HERE = Path(__file__).parent
READS = ("flow_run", "flow_runs_filter", "flow_runs_filter_state", "flow_runs_paginate", "flow_runs_count", "task_runs_filter",
         "deployments_filter", "logs_filter", "flow_runs_history", "ui_history", "ui_task_counts")  # fmt: skip
PUBLISHED = ",".join([
    *(f"read.{each}.c32" for each in READS),
    "poll.c1,poll.c32,poll.w100,create.c32,lifecycle.c32,task_events.ws8,logs.c8,fanout,fanout_burst,tail,mixed,scheduler",
])  # fmt: skip
QUICK = ["--rounds", "1", "--seconds", "2", "--read-seconds", "1", "--mixed-seconds", "5", "--task-runs", "100"]
QUICK += ["--seed-runs", "600", "--seed-logs", "2000", "--seed-tasks", "200", "--tail-samples", "30"]
QUICK += ["--fanout-events", "100", "--subscribers", "10"]


def peer_environment(url: str | None) -> dict[str, str]:
    """What the peer is told beyond its defaults: its database, and to stream logs, which orchd always does."""
    environment = {"PREFECT_SERVER_LOGS_STREAM_OUT_ENABLED": "true"}
    if url:
        environment["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = url.replace("postgresql:", "postgresql+asyncpg:")
    return environment


@contextlib.contextmanager
def database(engine: str) -> Iterator[tuple[str | None, list[int]]]:
    """The url of an empty database and the processes whose work is the server's; None for SQLite of its own."""
    if engine == "sqlite":
        yield None, []
        return
    cluster = Postgres(durable=True, shared_buffers="256MB", max_wal_size="1GB")
    try:
        yield cluster.create_database(), [cluster.pid]
    finally:
        cluster.remove()


def load(engine: str, options: list[str]) -> int:
    """Both servers, and bench.py between them."""
    with contextlib.ExitStack() as stack:
        arguments: list[str] = []
        for name in ("peer", "orchd"):
            url, pids = stack.enter_context(database(engine))
            server: Server = Peer(peer_environment(url)) if name == "peer" else Daemon(url)
            stack.enter_context(server)
            arguments += ["--target", f"{name}={server.api}"]
            arguments += ["--pid", f"{name}={','.join(map(str, [server.pid, *pids]))}"]
        return subprocess.run([sys.executable, str(HERE / "bench.py"), *arguments, *options]).returncode


def startup(engine: str, options: list[str]) -> int:
    """startup.py on one server after the other."""
    failed = 0
    for name in ("peer", "orchd"):
        with database(engine) as (url, _):
            server: Server = Peer(peer_environment(url)) if name == "peer" else Daemon(url)
            state = server.folder / "state"
            if isinstance(server, Daemon) and not url:
                server.database_url = f"sqlite:///{state}/orchd.db"
                server.configure({})
            command, environment = server.command()
            if isinstance(server, Peer):
                environment["PREFECT_HOME"] = str(state)
            arguments = ["--ready", f"{server.api}/ready", "--state", str(state)]
            if url:
                arguments += ["--reset", f"{sys.executable} -m bench.reset {url}"]
            print(f"{name}, {engine}", flush=True)
            measured = [sys.executable, str(HERE / "startup.py"), *arguments, *options, "--", *command]
            failed |= subprocess.run(measured, env=environment).returncode
            server.remove()
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--startup", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("options", nargs="*", help="options of bench.py or startup.py, after --")
    chosen = parser.parse_args()
    environment_folder()
    if chosen.startup:
        return startup(chosen.engine, chosen.options)
    options = [*(QUICK if chosen.quick else []), *chosen.options]
    if "--scenario" not in options:
        options = ["--scenario", PUBLISHED, *options]
    return load(chosen.engine, options)


if __name__ == "__main__":
    sys.exit(main())
