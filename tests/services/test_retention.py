"""What is old goes, with all that belongs to it, in slices, whatever dies in between. The passes are run by hand."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Table, func, select

from orchd.config import load
from orchd.config.settings import Settings
from orchd.db import Database, Tx
from orchd.db.tables import (
    artifact,
    artifact_collection,
    flow_run,
    flow_run_input,
    flow_run_state,
    log,
    removed_run,
    task_run,
    task_run_state,
)
from orchd.domain import run_removal, run_retention
from orchd.kit.clock import utc_now
from orchd.queries import compaction, leftovers
from orchd.services import all_services
from tests.api.conftest import Api

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
OF_RUNS = (flow_run, flow_run_state, flow_run_input, task_run, task_run_state, log, artifact, artifact_collection)


async def count(db: Database, table: Table) -> int:
    def read(tx: Tx) -> Any:
        return tx.execute(select(func.count()).select_from(table)).scalar_one()

    return int(await db.read(read))


async def counts(db: Database, tables: Sequence[Table] = OF_RUNS) -> dict[str, int]:
    return {table.name: await count(db, table) for table in tables}


async def a_run(api: Api, state: str = "COMPLETED", *, tasks: int = 2, lines: int = 3, **more: Any) -> str:
    """A run with task runs, log lines, an input, an artifact of the key `report` and one without a key."""
    flow = (await api.post("/flows/", {"name": "etl"}))["id"]
    run = str((await api.post("/flow_runs/", {"flow_id": flow, "state": {"type": "RUNNING"}, **more}))["id"])
    for number in range(tasks):
        body = {"flow_run_id": run, "task_key": "t", "dynamic_key": str(number), "state": {"type": state}}
        await api.post("/task_runs/", body)
    await api.post("/logs/", [a_line(run) for _ in range(lines)])
    await api.post(f"/flow_runs/{run}/input", {"key": "k", "value": "1"})
    for key in ("report", None):
        await api.post("/artifacts/", {"key": key, "type": "markdown", "data": run, "flow_run_id": run})
    await api.post(f"/flow_runs/{run}/set_state", {"state": {"type": state}, "force": True})
    return run


def a_line(run: str, at: datetime | None = None) -> dict[str, Any]:
    return {"name": "n", "level": 20, "message": "m", "timestamp": (at or utc_now()).isoformat(), "flow_run_id": run}


async def all_passes(db: Database, before: datetime, now: datetime, limit: int = 1000) -> list[int]:
    """Passes until one finds nothing."""
    done = [-1]
    while done[-1]:
        done.append(await db.write(run_retention.remove_old, before, now, limit))
    return done[1:]


async def clear(db: Database, now: datetime, limit: int = 1000, keep: timedelta | None = None) -> int:
    return await db.write(run_retention.clear_up, keep, now, limit)


def test_runs_and_logs_are_kept_unless_the_configuration_says_otherwise(settings: Settings, tmp_path: Path) -> None:
    names = {each.name for each in all_services(settings)}
    assert {"retention", "clearance"} <= names
    assert not {"run_retention", "log_retention"} & names
    file = tmp_path / "on.yaml"
    file.write_text("services: {retention: {flow_runs: 90d, logs: 30d}}")
    assert {"run_retention", "log_retention"} <= {each.name for each in all_services(load(file).settings)}


@pytest.mark.parametrize("limit", [1, 3, 1000])
async def test_a_run_goes_with_all_that_belongs_to_it_in_slices(api: Api, limit: int) -> None:
    await a_run(api)
    now = utc_now() + DAY
    passes = await all_passes(api.db, now, now, limit)
    assert max(passes) <= limit
    while await clear(api.db, now, limit):
        pass
    while await clear(api.db, now + HOUR, limit):
        pass
    assert set((await counts(api.db, (*OF_RUNS, removed_run))).values()) == {0}


async def test_what_has_not_ended_or_is_young_stays(api: Api) -> None:
    living, parent = await a_run(api, "PAUSED"), await a_run(api, "PAUSED")
    task = (await api.post("/task_runs/filter", {"flow_runs": {"id": {"any_": [parent]}}}))[0]["id"]
    inside, young = await a_run(api, parent_task_run_id=task), await a_run(api)
    now = utc_now() + DAY
    ended = datetime.fromisoformat((await api.get(f"/flow_runs/{young}"))["end_time"])
    assert await all_passes(api.db, ended, now) == [0]
    assert {each["id"] for each in await api.post("/flow_runs/filter", {})} == {living, parent, inside, young}


async def test_subflows_go_with_the_run_around_them_and_living_ones_stay(api: Api) -> None:
    outer = await a_run(api)
    tasks = [each["id"] for each in await api.post("/task_runs/filter", {})]
    inner = await a_run(api, parent_task_run_id=tasks[0], tasks=1)
    living = await a_run(api, "RUNNING", parent_task_run_id=tasks[1])
    now = utc_now() + DAY
    await all_passes(api.db, now, now)
    left = await api.post("/flow_runs/filter", {})
    assert [(each["id"], each["parent_task_run_id"]) for each in left] == [(living, None)]
    assert (await api.call("GET", f"/flow_runs/{inner}"))[0] == (await api.call("GET", f"/flow_runs/{outer}"))[0] == 404


async def test_a_key_shows_the_newest_artifact_that_is_kept(api: Api) -> None:
    kept = await a_run(api, "RUNNING")
    await a_run(api)
    now = utc_now() + DAY
    await all_passes(api.db, now, now)
    assert (await api.get("/artifacts/report/latest"))["data"] == kept
    assert await count(api.db, artifact_collection) == 1


async def test_lines_of_a_removed_run_go_even_if_the_server_died_meanwhile_and_if_they_come_late(api: Api) -> None:
    """The run is deleted and nothing more happens: the note of its transaction is all that the next server has."""
    run, other = await a_run(api), await a_run(api)
    now = utc_now()
    await api.db.write(run_removal.flow_runs, [UUID(run)], now)
    assert await count(api.db, log) == 6
    assert [await clear(api.db, now, 2) for _ in range(3)] == [2, 2, 0]
    await api.post("/logs/", [a_line(run)])
    assert [await clear(api.db, now + HOUR) for _ in range(2)] == [2, 0]
    assert await counts(api.db, (log, removed_run)) == {"log": 3, "removed_run": 0}
    assert len(await api.post("/logs/filter", {"logs": {"flow_run_id": {"any_": [other]}}})) == 3


async def test_artifacts_of_a_run_deleted_by_hand_stay_until_it_would_have_gone_by_itself(api: Api) -> None:
    run = await a_run(api)
    await api.delete(f"/flow_runs/{run}")
    now = utc_now()
    for after in (timedelta(0), HOUR, 29 * DAY):
        await clear(api.db, now + after, keep=30 * DAY)
        assert await count(api.db, artifact) == 2
    await clear(api.db, now + 31 * DAY, keep=30 * DAY)
    assert await counts(api.db, (artifact, artifact_collection, removed_run)) == {
        "artifact": 0,
        "artifact_collection": 0,
        "removed_run": 0,
    }


async def test_old_log_lines_go_and_their_runs_stay(api: Api) -> None:
    run = await a_run(api, lines=0)
    now = utc_now()
    await api.post(
        "/logs/", [a_line(run, now - days * DAY) for days in range(5)] + [a_line(str(uuid4()), now - 9 * DAY)]
    )
    done = [await api.db.write(leftovers.delete_lines_before, now - 2.5 * DAY, 2) for _ in range(3)]
    assert done == [2, 1, 0]
    assert await counts(api.db, (log, flow_run)) == {"log": 3, "flow_run": 1}


@pytest.mark.parametrize("schema_url", ["sqlite"], indirect=True)
async def test_the_sqlite_file_shrinks(api: Api, settings: Settings) -> None:
    run = str(uuid4())
    for _ in range(10):
        await api.post("/logs/", [{**a_line(run), "message": "x" * 20_000} for _ in range(100)])
    size = pages(settings)
    now = utc_now()
    await api.db.write(leftovers.delete_lines_before, now + DAY, 10_000)
    while await api.db.write(compaction.give_back, 1000):
        pass
    assert pages(settings) < size / 2
    assert await api.db.write(compaction.give_back, 1000) == 0


def pages(settings: Settings) -> int:
    with sqlite3.connect(str(settings.database.url).removeprefix("sqlite:///")) as connection:
        return int(connection.execute("PRAGMA page_count").fetchone()[0])
