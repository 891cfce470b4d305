"""Task runs: the steps of flow runs. Prefix: /task_runs."""

from functools import partial
from uuid import UUID

from aiohttp import web

from orchd.api import _removal, _task_delivery
from orchd.api._asking import asker, created, orchestrated
from orchd.api._context import Call, Context, Reply
from orchd.api._operation import operation
from orchd.api._sockets import add_socket
from orchd.domain import run_removal, task_run_edits, task_runs
from orchd.queries import history
from orchd.queries import task_runs as query
from orchd.queries._filters_related import task_runs_meant
from orchd.wire.criteria import RunCriteria, page_numbers
from orchd.wire.history import HistoryStep, TaskRunHistory
from orchd.wire.run_lists import TaskRunList, TaskRunPage, TaskRunPageAsked
from orchd.wire.states import OrchestrationResult, SetState
from orchd.wire.task_runs import TaskRun, TaskRunCreate, TaskRunSort, TaskRunUpdate

PREFIX = "/task_runs"


# Creation and states


@operation("POST", "/task_runs/", status=201, role="worker")
async def create_task_run(call: Call, body: TaskRunCreate) -> Reply[TaskRun]:
    """Create a task run; 200 and the earlier one when its keys are known."""
    return created(await call.db.write(task_runs.create, body, asker(call)))


@operation("POST", "/task_runs/{id}/set_state", status=201, role="worker")
async def set_task_run_state(call: Call, id: UUID, body: SetState) -> Reply[OrchestrationResult]:
    """Propose a state. What became of it stands in the answer; 200 when nothing was stored."""
    return orchestrated(await call.db.write(task_runs.set_state, id, body.state, bool(body.force), asker(call)))


# Reading


@operation("GET", "/task_runs/{id}", role="viewer")
async def read_task_run(call: Call, id: UUID) -> TaskRun:
    """The task run with this id."""
    return await call.db.read(task_run_edits.read, id, call.now)


@operation("POST", "/task_runs/filter", role="viewer")
async def read_task_runs(call: Call, body: TaskRunList) -> list[TaskRun]:
    """The task runs that match."""
    limit, sort = call.limit(body.limit), body.sort or TaskRunSort.ID_DESC
    meant = task_runs_meant(body)
    return await call.db.read(query.listed, meant, call.now, sort=sort, limit=limit, offset=body.offset or 0)


@operation("POST", "/task_runs/paginate", role="viewer")
async def paginate_task_runs(call: Call, body: TaskRunPageAsked) -> TaskRunPage:
    """A numbered page of the task runs that match."""
    limit, page, sort = call.limit(body.limit), body.page or 1, body.sort or TaskRunSort.ID_DESC
    found, total = await call.db.read(query.page, task_runs_meant(body), call.now, sort=sort, limit=limit, page=page)
    return TaskRunPage(results=found, **page_numbers(total, limit, page))


@operation("POST", "/task_runs/count", role="viewer")
async def count_task_runs(call: Call, body: RunCriteria) -> int:
    """How many task runs match."""
    return await call.db.read(query.count, task_runs_meant(body))


@operation("POST", "/task_runs/history", role="viewer")
async def task_run_history(call: Call, body: TaskRunHistory) -> list[HistoryStep]:
    """How many task runs were expected to start in each step of a span of time, by their present state."""
    return await call.db.read(history.of_task_runs, task_runs_meant(body), history.steps_of(body), call.now)


# Changes that are no transitions


@operation("PATCH", "/task_runs/{id}", role="worker", status=204)
async def update_task_run(call: Call, id: UUID, body: TaskRunUpdate) -> None:
    """Renames a task run."""
    await call.db.write(task_run_edits.update, id, body, call.now)


@operation("DELETE", "/task_runs/{id}", role="operator", status=204)
async def delete_task_run(call: Call, id: UUID) -> None:
    """Deletes a task run with its states and logs."""
    await call.db.write(run_removal.task_run, id, call.now)
    await _removal.drop_task_run_logs(call, id)


def add_routes(app: web.Application, base: str, context: Context) -> None:
    """The websocket of task workers."""
    desk = _task_delivery.Desk(context)
    add_socket(app, base + "/task_runs/subscriptions/scheduled", context, partial(_task_delivery.serve, desk))
