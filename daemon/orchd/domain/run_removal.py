"""Removing runs: what they hold is given back first, and what they leave behind is noted in the same transaction."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from orchd.db import Tx
from orchd.domain import leases
from orchd.errors import NotFound
from orchd.kit.jsontext import Raw, decode
from orchd.queries import leftovers
from orchd.queries import run_removal as query

HOLDING = frozenset({"PENDING", "RUNNING", "CANCELLING", "SCHEDULED"})
"""The states in which a run may hold a slot of its deployment: a scheduled one if its process waits for a retry."""


def flow_runs(tx: Tx, ids: Sequence[UUID], now: datetime) -> list[UUID]:
    """Deletes flow runs; returns the ids of those that there were. Artifacts stay; logs are noted for removal."""
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
    leftovers.note(tx, leftovers.FLOW_RUN, found, now)
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
    leftovers.note(tx, leftovers.TASK_RUN, [id], now)


def some_task_runs(tx: Tx, flow_run_id: UUID, now: datetime, most: int) -> int:
    """Deletes some task runs of a flow run that is about to go; says how many. Their lines are the flow run's too."""
    found = query.task_runs_of(tx, flow_run_id, most)
    for task_run_id in query.tasks_with_leases(tx, [flow_run_id]) if found else ():
        _return_tag_slots(tx, task_run_id, now)
    query.delete_task_runs(tx, found)
    return len(found)


def _return_tag_slots(tx: Tx, task_run_id: UUID, now: datetime) -> None:
    leases.release_tags(tx, task_run_id, now)


def _lease(state: Raw) -> UUID | None:
    found = decode(state)["state_details"].get("deployment_concurrency_lease_id")
    return UUID(found) if found else None
