"""Removing runs: what they hold is given back first."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from orchd.db import Tx
from orchd.domain import leases
from orchd.errors import NotFound
from orchd.kit.jsontext import Raw, decode
from orchd.queries import run_removal as query

HOLDING = frozenset({"PENDING", "RUNNING", "CANCELLING"})
"""The states in which a run holds a slot of its deployment."""


def flow_runs(tx: Tx, ids: Sequence[UUID], now: datetime) -> list[UUID]:
    """Deletes flow runs; returns the ids of those that there were. Artifacts stay; logs are the caller's to remove."""
    doomed = query.lock_flow_runs(tx, ids) if ids else []
    if not doomed:
        return []
    for run in doomed:
        if run.state is not None and run.state_type in HOLDING and (lease := _lease(run.state)):
            leases.release(tx, lease, now)
    found = [run.id for run in doomed]
    for task_run_id in query.tasks_with_leases(tx, found):
        _return_tag_slots(tx, task_run_id, now)
    query.delete_flow_runs(tx, found)
    return found


def flow_run(tx: Tx, id: UUID, now: datetime) -> None:
    """Deletes a flow run. Raises NotFound."""
    if not flow_runs(tx, [id], now):
        raise NotFound("Flow run not found")


def task_run(tx: Tx, id: UUID, now: datetime) -> None:
    """Deletes a task run. Raises NotFound."""
    _return_tag_slots(tx, id, now)
    if not query.delete_task_run(tx, id):
        raise NotFound("Task not found")


def _return_tag_slots(tx: Tx, task_run_id: UUID, now: datetime) -> None:
    leases.release_tags(tx, task_run_id, now)


def _lease(state: Raw) -> UUID | None:
    found = decode(state)["state_details"].get("deployment_concurrency_lease_id")
    return UUID(found) if found else None
