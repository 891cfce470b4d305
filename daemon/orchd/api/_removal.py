"""Removal in steps: no transaction grows with what a run, or a flow, has gathered over time."""

from collections.abc import Sequence
from uuid import UUID

from orchd.api._context import Call
from orchd.domain import flows
from orchd.queries import run_removal

LOGS = 5_000  # log rows in one transaction
RUNS = 100  # flow runs in one transaction


async def drop_flow_run_logs(call: Call, ids: Sequence[UUID]) -> None:
    """Removes the logs of flow runs that are gone."""
    if not ids:
        return
    while await call.db.write(run_removal.delete_flow_run_logs, ids, LOGS):
        pass


async def drop_task_run_logs(call: Call, id: UUID) -> None:
    """Removes the logs of a task run that is gone."""
    while await call.db.write(run_removal.delete_task_run_logs, id, LOGS):
        pass


async def drop_flow(call: Call, id: UUID) -> None:
    """Deletes a flow, its runs before it. Raises NotFound."""
    while gone := await call.db.write(flows.remove_runs, id, RUNS, call.now):
        await drop_flow_run_logs(call, gone)
    await call.db.write(flows.delete, id, call.now)
