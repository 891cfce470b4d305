#!/usr/bin/env python3
"""How lists, counts and histories fare in a database that has grown.

    python -m bench.growth [--engine sqlite|postgres] [--flow-runs 1000000] [--samples 40] [--keep FOLDER]

Rows are put straight into the tables: 200 flows, 500 deployments in 5 pools, flow runs over half a year, ten task runs each,
with their present states (histories of states are left out: no list reads them). Then a real orchd is started on the database
and asked over HTTP, one request at a time, what pages and commands ask. The first answer of each question is not counted.
`--keep` leaves the SQLite file there, and uses one that is there already.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import sqlite3
import statistics
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
from sqlalchemy import Index, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex

from orchd.db import Statement
from orchd.db.tables import deployment, flow, flow_run, task_run, work_pool, work_queue
from tests.kit.daemon import Daemon
from tests.kit.postgres import Postgres
from tests.kit.rows import row

FLOWS, DEPLOYMENTS, POOLS, TASKS_EACH, AHEAD = 200, 500, 5, 10, 5_000
SPAN = timedelta(days=180)
SLICE = 20_000
NOW = datetime.now(UTC).replace(microsecond=0)
ENDINGS = ["COMPLETED"] * 90 + ["FAILED"] * 6 + ["CRASHED"] * 2 + ["CANCELLED"] * 2
LIMIT_MS = 300


def numbered(kind: int, number: int) -> UUID:
    """An id that can be told again: the kind of thing and its number."""
    return UUID(int=kind << 120 | number)


class Seed:
    """The rows, the same for every engine."""

    def __init__(self, runs: int) -> None:
        self.runs, self.random = runs, random.Random(7)

    def surroundings(self) -> Iterator[tuple[Table, list[dict[str, Any]]]]:
        pools = [{"id": numbered(3, n), "name": f"pool-{n}", "concurrency_limit": None} for n in range(POOLS)]
        queues = [{"id": numbered(4, n), "name": "default", "work_pool_id": numbered(3, n)} for n in range(POOLS)]
        yield flow, [row(flow, {"id": numbered(1, n), "name": f"flow-{n:03}"}) for n in range(FLOWS)]
        yield work_pool, [row(work_pool, each) for each in pools]
        yield work_queue, [row(work_queue, each) for each in queues]
        yield deployment, [
            row(deployment, {"id": numbered(2, n), "name": f"deployment-{n:03}", "flow_id": numbered(1, n % FLOWS),
                             "work_queue_id": numbered(4, n % POOLS), "work_queue_name": "default"})
            for n in range(DEPLOYMENTS)
        ]

    def flow_runs(self) -> Iterator[dict[str, Any]]:
        step = SPAN / self.runs
        for n in range(self.runs):
            at = NOW - SPAN + n * step
            yield self._flow_run(n, at, self.random.choice(ENDINGS) if n < self.runs - 200 else "RUNNING")
        for n in range(AHEAD):
            yield self._flow_run(self.runs + n, NOW + (n + 1) * timedelta(seconds=30), "SCHEDULED")

    def _flow_run(self, n: int, at: datetime, kind: str) -> dict[str, Any]:
        which = self.random.randrange(DEPLOYMENTS)
        began = None if kind == "SCHEDULED" else at + timedelta(seconds=self.random.random())
        length = timedelta(seconds=self.random.expovariate(1 / 90))
        return row(flow_run, {
            "id": numbered(5, n), "created": at, "updated": at, "name": f"{n * 7919 % self.runs:07x}-run",
            "flow_id": numbered(1, which % FLOWS), "deployment_id": numbered(2, which),
            "work_queue_id": numbered(4, which % POOLS), "work_queue_name": "default",
            "parameters": {"day": at.date().isoformat(), "n": n}, "tags": ["nightly", f"team-{which % 20}"],
            "auto_scheduled": True, "run_count": 1, "total_run_time": length.total_seconds(),
            "expected_start_time": at, "start_time": began,
            "next_scheduled_start_time": at if kind == "SCHEDULED" else None,
            "end_time": None if kind in ("SCHEDULED", "RUNNING") else began + length,
            "state_type": kind, "state_timestamp": at, "state_id": numbered(6, n),
            "created_by": {"id": str(numbered(7, which)), "type": "SCHEDULE", "display_value": "cron"},
        })

    def task_runs(self) -> Iterator[dict[str, Any]]:
        step = SPAN / self.runs
        for n in range(self.runs):
            at = NOW - SPAN + n * step
            for k in range(TASKS_EACH):
                kind, began = self.random.choice(ENDINGS), at + k * timedelta(seconds=3)
                yield row(task_run, {
                    "id": numbered(8, n * TASKS_EACH + k), "created": began, "updated": began, "name": f"load-{k}",
                    "flow_run_id": numbered(5, n), "task_key": "load-1a2b", "dynamic_key": str(k), "run_count": 1,
                    "tags": ["etl"] if k == 0 else [], "expected_start_time": began, "start_time": began,
                    "end_time": began + timedelta(seconds=2), "total_run_time": 2.0, "flow_run_run_count": 1,
                    "state_type": kind, "state_timestamp": began, "state_id": numbered(9, n * TASKS_EACH + k),
                })


def slices(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    waiting: list[dict[str, Any]] = []
    for each in rows:
        waiting.append(each)
        if len(waiting) == SLICE:
            yield waiting
            waiting = []
    yield waiting


def extra_indexes() -> list[Index]:
    return [index for table in (flow_run, task_run) for index in sorted(table.indexes, key=lambda each: str(each.name))]


def fill_sqlite(path: Path, seed: Seed) -> None:
    dialect = sqlite.dialect()
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute("PRAGMA synchronous = OFF")
    raw.execute("PRAGMA cache_size = -1000000")
    indexes = [index for index in extra_indexes() if not str(index.name).endswith("_tags")]
    for index in indexes:
        raw.execute(f"DROP INDEX {index.name}")
    for table, rows in everything(seed):
        compiled = Statement(table.insert()).compiled(dialect)
        raw.execute("BEGIN")
        raw.executemany(compiled.sql, compiled.bind_all(rows))
        raw.execute("COMMIT")
    for index in indexes:
        raw.execute(str(CreateIndex(index).compile(dialect=dialect)))
    raw.execute("ANALYZE")
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()


async def fill_postgres(url: str, seed: Seed) -> None:
    dialect = postgresql.asyncpg.dialect()
    raw = await asyncpg.connect(url)
    for kind in ("json", "jsonb"):
        await raw.set_type_codec(kind, encoder=str, decoder=str, schema="pg_catalog", format="text")
    await raw.execute("SET session_replication_role = replica; SET synchronous_commit = off; SET maintenance_work_mem = '1GB'")
    for index in extra_indexes():
        await raw.execute(f"DROP INDEX {index.name}")
    for table, rows in everything(seed):
        compiled = Statement(table.insert()).compiled(dialect)
        await raw.executemany(compiled.sql, compiled.bind_all(rows))
    for index in extra_indexes():
        await raw.execute(str(CreateIndex(index).compile(dialect=dialect)))
    await raw.execute("VACUUM ANALYZE")
    await raw.close()


def everything(seed: Seed) -> Iterator[tuple[Table, list[dict[str, Any]]]]:
    began = time.monotonic()
    yield from seed.surroundings()
    for table, rows in ((flow_run, seed.flow_runs()), (task_run, seed.task_runs())):
        for number, each in enumerate(slices(rows)):
            yield table, each
            if number % 25 == 0:
                print(f"  {table.name}: {number * SLICE:,} rows, {time.monotonic() - began:.0f} s", flush=True)


# What is asked

DAY = timedelta(days=1)


def since(span: timedelta) -> dict[str, Any]:
    return {"after_": (NOW - span).isoformat()}


def questions(runs: int) -> dict[str, tuple[str, Any]]:
    """By name: method and path, body. Ids vary with the sample where `{n}` stands."""
    one_flow, one_deployment = {"id": {"any_": [str(numbered(1, 17))]}}, {"id": {"any_": [str(numbered(2, 17))]}}
    failed = {"state": {"type": {"any_": ["FAILED", "CRASHED"]}}}
    newest, page = {"sort": "START_TIME_DESC", "limit": 200}, {"limit": 50, "page": 1}
    day = {"history_start": (NOW - DAY).isoformat(), "history_end": NOW.isoformat(), "history_interval_seconds": 3600}
    week = {**day, "history_start": (NOW - 7 * DAY).isoformat(), "history_interval_seconds": 6 * 3600}
    month = {**day, "history_start": (NOW - 30 * DAY).isoformat(), "history_interval_seconds": 24 * 3600}
    run = str(numbered(5, runs - 1000))
    filters: dict[str, dict[str, Any]] = {
        "newest": {},
        "failed, a week": {"flow_runs": {**failed, "expected_start_time": since(7 * DAY)}},
        "failed, ever": {"flow_runs": failed},
        "running": {"flow_runs": {"state": {"type": {"any_": ["RUNNING"]}}}},
        "scheduled or late": {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}},
        "by state's name": {"flow_runs": {"state": {"name": {"any_": ["Failed"]}}}},
        "of a flow": {"flows": one_flow},
        "of a flow, failed, a week": {"flows": one_flow, "flow_runs": {**failed, "start_time": since(7 * DAY)}},
        "of a deployment": {"deployments": one_deployment},
        "of a deployment by key": {"flow_runs": {"deployment_id": {"any_": [str(numbered(2, 17))]}}},
        "of a pool": {"work_pools": {"name": {"any_": ["pool-3"]}}},
        "with a tag": {"flow_runs": {"tags": {"all_": ["team-7"]}}},
        "with a tag nobody has": {"flow_runs": {"tags": {"all_": ["nobody"]}}},
        "named like": {"flow_runs": {"name": {"like_": "0abc"}}},
        "named like nothing": {"flow_runs": {"name": {"like_": "no such name"}}},
        "of a flow named like": {"flows": {"name": {"like_": "flow-01"}}},
        "a day": {"flow_runs": {"start_time": since(DAY)}},
        "a month": {"flow_runs": {"start_time": since(30 * DAY)}},
    }
    asked: dict[str, tuple[str, Any]] = {}
    for name, narrowed in filters.items():
        asked[f"flow runs {name}"] = "POST /flow_runs/filter", {**newest, **narrowed}
        asked[f"count flow runs {name}"] = "POST /flow_runs/count", narrowed
    for sort in ("ID_DESC", "START_TIME_ASC", "EXPECTED_START_TIME_DESC", "NAME_ASC", "END_TIME_DESC"):
        asked[f"flow runs by {sort}"] = "POST /flow_runs/filter", {"sort": sort, "limit": 200}
    asked["flow runs due next"] = "POST /flow_runs/filter", {
        "sort": "EXPECTED_START_TIME_ASC", "limit": 50, "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}
    asked["flow runs page 1"] = "POST /flow_runs/paginate", {**page, "sort": "START_TIME_DESC"}
    asked["flow runs page 200"] = "POST /flow_runs/paginate", {"limit": 50, "page": 200, "sort": "START_TIME_DESC"}
    for span, steps in (("a day", day), ("a week", week), ("a month", month)):
        asked[f"history of flow runs, {span}"] = "POST /flow_runs/history", steps
    asked["history of flow runs of a flow, a month"] = "POST /flow_runs/history", {**month, "flows": one_flow}
    asked["history of task runs, a day"] = "POST /task_runs/history", day
    asked["lateness, a day"] = "POST /flow_runs/lateness", {"flow_runs": {"expected_start_time": since(DAY)}}
    asked["bars of the dashboard"] = "POST /ui/flow_runs/history", {
        "sort": "EXPECTED_START_TIME_DESC", "limit": 1000, "flow_runs": {"expected_start_time": since(DAY)}}
    asked["task runs of the dashboard, a day"] = "POST /ui/task_runs/dashboard/counts", {
        "task_runs": {"start_time": since(DAY)}}
    asked["task runs of the dashboard, a week"] = "POST /ui/task_runs/dashboard/counts", {
        "task_runs": {"start_time": since(7 * DAY)}}
    asked["task runs by state, a day"] = "POST /ui/task_runs/count", {"task_runs": {"start_time": since(DAY)}}
    asked["task runs by state, ever"] = "POST /ui/task_runs/count", {}
    asked["task runs of runs"] = "POST /ui/flow_runs/count-task-runs", {
        "flow_run_ids": [str(numbered(5, runs - 1 - n)) for n in range(200)]}
    asked["task runs newest"] = "POST /task_runs/filter", {"sort": "EXPECTED_START_TIME_DESC", "limit": 200}
    asked["task runs failed, a week"] = "POST /task_runs/filter", {
        "sort": "EXPECTED_START_TIME_DESC", "limit": 200,
        "task_runs": {**failed, "start_time": since(7 * DAY)}}
    asked["task runs of a flow run"] = "POST /task_runs/filter", {
        "sort": "EXPECTED_START_TIME_ASC", "flow_runs": {"id": {"any_": [run]}}}
    asked["task runs of a flow"] = "POST /task_runs/filter", {
        "sort": "EXPECTED_START_TIME_DESC", "limit": 200, "flows": one_flow}
    asked["task runs with a tag"] = "POST /task_runs/filter", {
        "sort": "EXPECTED_START_TIME_DESC", "limit": 200, "task_runs": {"tags": {"all_": ["etl"]}}}
    asked["task runs named like"] = "POST /task_runs/filter", {
        "sort": "EXPECTED_START_TIME_DESC", "limit": 200, "task_runs": {"name": {"like_": "load-7"}}}
    asked["count task runs"] = "POST /task_runs/count", {}
    asked["count task runs failed, ever"] = "POST /task_runs/count", {"task_runs": failed}
    asked["count task runs of a flow"] = "POST /task_runs/count", {"flows": one_flow}
    asked["task runs page 1"] = "POST /task_runs/paginate", {**page, "sort": "EXPECTED_START_TIME_DESC"}
    asked["flows"] = "POST /flows/filter", {"limit": 200}
    asked["flows page 1"] = "POST /flows/paginate", page
    asked["flows with failed runs of a week"] = "POST /flows/filter", {
        "flow_runs": {**failed, "start_time": since(7 * DAY)}}
    asked["next runs of flows"] = "POST /ui/flows/next-runs", {
        "flow_ids": [str(numbered(1, n)) for n in range(FLOWS)]}
    asked["deployments"] = "POST /deployments/filter", {"limit": 200}
    asked["deployments page 1"] = "POST /deployments/paginate", page
    asked["deployments of a pool"] = "POST /deployments/filter", {"work_pools": {"name": {"any_": ["pool-3"]}}}
    asked["slots of a pool"] = "POST /work_pools/pool-3/concurrency_status", {"limit": 20}
    asked["due runs of a pool"] = "POST /work_pools/pool-3/get_scheduled_flow_runs", {
        "scheduled_before": (NOW + timedelta(hours=1)).isoformat(), "limit": 50}
    asked["due runs of deployments"] = "POST /deployments/get_scheduled_flow_runs", {
        "deployment_ids": [str(numbered(2, 17))], "scheduled_before": (NOW + DAY).isoformat()}
    asked["one flow run"] = f"GET /flow_runs/{run}", None
    asked["graph of a flow run"] = f"GET /flow_runs/{run}/graph-v2", None
    return asked


def ask(api: str, runs: int, samples: int, only: str) -> int:
    slow = 0
    with httpx.Client(timeout=120) as client:
        for name, (operation, body) in questions(runs).items():
            if only not in name:
                continue
            method, path = operation.split()
            took = []
            for _ in range(samples + 1):
                began = time.perf_counter()
                answer = client.request(method, api + path, json=body)
                took.append((time.perf_counter() - began) * 1e3)
                answer.raise_for_status()
                if took[-1] > 10 * LIMIT_MS:
                    break
            counted = sorted(took[1:] or took)
            worst = counted[min(len(counted) - 1, int(len(counted) * 0.99))]
            slow += worst > LIMIT_MS
            mark = " SLOW" if worst > LIMIT_MS else ""
            print(f"| {name} | {statistics.median(counted):.1f} | {worst:.1f} |{mark}", flush=True)
    return slow


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--flow-runs", type=int, default=1_000_000)
    parser.add_argument("--samples", type=int, default=40)
    parser.add_argument("--only", default="", help="questions whose name contains this")
    parser.add_argument("--keep", type=Path)
    chosen = parser.parse_args()
    with contextlib.ExitStack() as stack:
        url = None
        if chosen.engine == "postgres":
            cluster = Postgres(shared_buffers="2GB", work_mem="32MB", max_wal_size="8GB", effective_cache_size="8GB")
            stack.callback(cluster.remove)
            url = cluster.create_database()
        elif chosen.keep:
            chosen.keep.mkdir(parents=True, exist_ok=True)
            url = f"sqlite:///{chosen.keep}/grown.db"
        kept = chosen.keep and (chosen.keep / "grown.db").exists()
        orchd = Daemon(url)
        stack.callback(orchd.remove)
        if not kept:
            orchd.start()  # makes the schema
            orchd.stop()
            print(f"{chosen.engine}: putting {chosen.flow_runs:,} flow runs and {TASKS_EACH} times as many task runs in")
            seed = Seed(chosen.flow_runs)
            if chosen.engine == "sqlite":
                fill_sqlite(Path(orchd.database_url.removeprefix("sqlite:///")), seed)
            else:
                asyncio.run(fill_postgres(str(url), seed))
        orchd.start()
        print(f"\n| {chosen.engine} | median ms | p99 ms |\n|---|--:|--:|")
        return 1 if ask(orchd.api, chosen.flow_runs, chosen.samples, chosen.only) else 0


if __name__ == "__main__":
    sys.exit(main())
