"""Rows put straight into the tables, for tests of what is read: `await put(db, FlowRunRow(...))`."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table

from orchd.db import Database, Statement, Tx
from orchd.db.tables import (
    artifact,
    automation,
    deployment,
    flow,
    flow_run,
    flow_run_state,
    log,
    task_run,
    work_pool,
    work_queue,
)
from orchd.kit.ids import uuid7

NOON = datetime(2099, 1, 1, 12, tzinfo=UTC)

_RUN = {
    "tags": [],
    "labels": {},
    "empirical_policy": {},
    "run_count": 0,
    "total_run_time": 0.0,
}
_DEFAULTS: dict[str, dict[str, Any]] = {
    "flow": {"name": "flow", "tags": [], "labels": {}},
    "flow_run": {**_RUN, "name": "run", "parameters": {}, "context": {}, "auto_scheduled": False},
    "task_run": {**_RUN, "name": "task", "task_key": "key", "task_inputs": {}, "flow_run_run_count": 0},
    "flow_run_state": {"name": "Running", "type": "RUNNING", "state_details": {}},
    "task_run_state": {"name": "Running", "type": "RUNNING", "state_details": {}},
    "deployment": {
        "name": "deployment",
        "paused": False,
        "job_variables": {},
        "parameters": {},
        "tags": [],
        "labels": {},
        "status": "READY",
        "enforce_parameter_schema": False,
    },
    "work_pool": {
        "name": "pool",
        "type": "process",
        "base_job_template": {},
        "is_paused": False,
        "status": "READY",
        "storage_configuration": {},
    },
    "work_queue": {"name": "queue", "is_paused": False, "priority": 1, "status": "READY"},
    "log": {"name": "logger", "level": 20, "message": "text"},
    "artifact": {},
    "automation": {
        "name": "automation",
        "description": "",
        "enabled": True,
        "tags": [],
        "trigger": {},
        "actions": [],
        "actions_on_trigger": [],
        "actions_on_resolve": [],
    },
}


def row(table: Table, values: dict[str, Any]) -> dict[str, Any]:
    """A whole row: what is not given is the least that the table takes."""
    id = values.get("id") or uuid7()
    known = {"id": id, "created": NOON, "updated": NOON, "timestamp": NOON, **_DEFAULTS[table.name], **values}
    if table is task_run:
        known.setdefault("dynamic_key", str(id))
    if known.get("state_type"):
        kind = known["state_type"]
        known.setdefault("state_name", kind.capitalize())
        known.setdefault("state_timestamp", NOON)
        known.setdefault("state_id", uuid7())
        known["state"] = {
            "id": known["state_id"],
            "type": kind,
            "name": known["state_name"],
            "timestamp": known["state_timestamp"],
            "message": None,
            "data": None,
            "state_details": known.pop("state_details", {}),
        }
    return {column.key: known.get(column.key) for column in table.c if column.key != "seq"}


class Rows:
    """Puts rows into a database; each method gives the id of the row that it made."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def flow(self, **values: Any) -> UUID:
        return await self._put(flow, values)

    async def flow_run(self, flow_id: UUID, **values: Any) -> UUID:
        return await self._put(flow_run, {"flow_id": flow_id, **values})

    async def flow_run_state(self, flow_run_id: UUID, **values: Any) -> UUID:
        return await self._put(flow_run_state, {"flow_run_id": flow_run_id, **values})

    async def task_run(self, flow_run_id: UUID | None, **values: Any) -> UUID:
        return await self._put(task_run, {"flow_run_id": flow_run_id, **values})

    async def deployment(self, flow_id: UUID, **values: Any) -> UUID:
        return await self._put(deployment, {"flow_id": flow_id, **values})

    async def pool(self, **values: Any) -> UUID:
        return await self._put(work_pool, values)

    async def queue(self, work_pool_id: UUID, **values: Any) -> UUID:
        return await self._put(work_queue, {"work_pool_id": work_pool_id, **values})

    async def log(self, flow_run_id: UUID, **values: Any) -> UUID:
        return await self._put(log, {"flow_run_id": flow_run_id, **values})

    async def automation(self, **values: Any) -> UUID:
        return await self._put(automation, values)

    async def artifact(self, flow_run_id: UUID, **values: Any) -> UUID:
        return await self._put(artifact, {"flow_run_id": flow_run_id, **values})

    async def _put(self, table: Table, values: dict[str, Any]) -> UUID:
        made = row(table, values)
        await self.db.write(_insert, table, made)
        id: UUID = made["id"]
        return id


def _insert(tx: Tx, table: Table, values: dict[str, Any]) -> None:
    tx.run(Statement(table.insert().values(values)), {})
