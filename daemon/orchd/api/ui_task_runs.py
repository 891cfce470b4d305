"""Task runs, as the pages of a dashboard ask about them."""

from uuid import UUID

from orchd.api._context import Call
from orchd.api._operation import operation
from orchd.domain import dashboard
from orchd.queries import dashboard as query
from orchd.queries._filters_related import task_runs_meant
from orchd.wire.criteria import RunCriteria
from orchd.wire.ui import DashboardAsked, Ended, NamedTaskRun

PREFIX = "/ui/task_runs"


@operation("GET", "/ui/task_runs/{id}", role="viewer")
async def read_ui_task_run(call: Call, id: UUID) -> NamedTaskRun:
    """The task run with this id, and the name of its flow run."""
    return await call.db.read(dashboard.task_run, id, call.now)


@operation("POST", "/ui/task_runs/count", role="viewer")
async def read_task_run_counts_by_state(call: Call, body: RunCriteria) -> dict[str, int]:
    """How many matching task runs are in each type of state."""
    return await call.db.read(query.task_runs_by_state, task_runs_meant(body))


@operation("POST", "/ui/task_runs/dashboard/counts", role="viewer")
async def read_dashboard_task_run_counts(call: Call, body: DashboardAsked) -> list[Ended]:
    """How many matching task runs ended, and how, in each of twenty steps of the span that `start_time` names."""
    meant = task_runs_meant(body, body.work_pools, body.work_queues)
    return await call.db.read(query.ended_task_runs, meant, dashboard.bars(body.task_runs, call.now))
