"""Flow runs: what happens once, and how it went. Prefix: /flow_runs."""

from datetime import datetime
from uuid import UUID

from aiohttp import web

from orchd.api import _log_download, _removal
from orchd.api._asking import asker, created, orchestrated
from orchd.api._context import Call, Reply
from orchd.api._creator import creator
from orchd.api._operation import operation
from orchd.domain import flow_run_edits, flow_run_inputs, flow_runs, graph, resuming, run_removal
from orchd.kit.clock import FIRST, as_utc
from orchd.queries import flow_run_inputs as inputs_query
from orchd.queries import flow_runs as query
from orchd.queries import history
from orchd.queries._filters_related import flow_runs_meant
from orchd.wire.base import Labels
from orchd.wire.criteria import MOST_AT_ONCE, QueueCriteria, page_numbers
from orchd.wire.flow_run_inputs import FlowRunInput, FlowRunInputCreate, FlowRunInputList
from orchd.wire.flow_runs import FlowRun, FlowRunCreate, FlowRunSort, FlowRunUpdate, ResumeFlowRun
from orchd.wire.graph import Dependency, Graph
from orchd.wire.history import FlowRunHistory, HistoryStep
from orchd.wire.run_lists import (
    FlowRunList,
    FlowRunPage,
    FlowRunPageAsked,
    FlowRunsDeleted,
    FlowRunStatesSet,
    FlowRunsToDelete,
    FlowRunsToSetState,
)
from orchd.wire.states import OrchestrationResult, SetState

PREFIX = "/flow_runs"


# Creation and states


@operation("POST", "/flow_runs/", status=201, role="worker")
async def create_flow_run(call: Call, body: FlowRunCreate) -> Reply[FlowRun]:
    """Create a flow run; 200 and the earlier one when the idempotency key is known."""
    call.bound_parameters(body.parameters)
    return created(await call.db.write(flow_runs.create, body, asker(call), creator(call)))


@operation("POST", "/flow_runs/{id}/set_state", status=201, role="worker")
async def set_flow_run_state(call: Call, id: UUID, body: SetState) -> Reply[OrchestrationResult]:
    """Propose a state. What became of it stands in the answer; 200 when nothing was stored."""
    return orchestrated(await call.db.write(flow_runs.set_state, id, body.state, bool(body.force), asker(call)))


@operation("POST", "/flow_runs/{id}/resume", status=201, role="operator")
async def resume_flow_run(call: Call, id: UUID, body: ResumeFlowRun) -> Reply[OrchestrationResult]:
    """Let a paused or suspended run go on."""
    return orchestrated(await call.db.write(resuming.resume, id, body.run_input, asker(call)))


@operation("POST", "/flow_runs/bulk_set_state", role="operator")
async def bulk_set_flow_run_state(call: Call, body: FlowRunsToSetState) -> FlowRunStatesSet:
    """Propose a state for the runs that match, each by itself: what one is refused does not hold up the others."""
    meant = flow_runs_meant(QueueCriteria(flow_runs=body.flow_runs))
    ids = await call.db.read(query.ids, meant, body.limit or MOST_AT_ONCE)
    asked = flow_runs.set_state_or_say_why
    return FlowRunStatesSet(
        results=[await call.db.write(asked, id, body.state, bool(body.force), asker(call)) for id in ids]
    )


# Reading


@operation("GET", "/flow_runs/{id}", role="viewer")
async def read_flow_run(call: Call, id: UUID) -> FlowRun:
    """The flow run with this id."""
    return await call.db.read(flow_run_edits.read, id, call.now)


@operation("GET", "/flow_runs/{id}/logs/download", role="viewer", media="text/csv")
async def download_flow_run_logs(call: Call, id: UUID) -> web.StreamResponse:
    """The whole log of a flow run as a CSV file."""
    run = await call.db.read(flow_run_edits.read, id, call.now)
    return await _log_download.stream(call, id, run.name)


@operation("POST", "/flow_runs/filter", role="viewer")
async def read_flow_runs(call: Call, body: FlowRunList) -> list[FlowRun]:
    """The flow runs that match."""
    limit, sort = call.limit(body.limit), body.sort or FlowRunSort.ID_DESC
    meant = flow_runs_meant(body, body.work_pool_queues)
    return await call.db.read(query.listed, meant, call.now, sort=sort, limit=limit, offset=body.offset or 0)


@operation("POST", "/flow_runs/paginate", role="viewer")
async def paginate_flow_runs(call: Call, body: FlowRunPageAsked) -> FlowRunPage:
    """A numbered page of the flow runs that match."""
    limit, page, sort = call.limit(body.limit), body.page or 1, body.sort or FlowRunSort.ID_DESC
    meant = flow_runs_meant(body, body.work_pool_queues)
    found, total = await call.db.read(query.page, meant, call.now, sort=sort, limit=limit, page=page)
    return FlowRunPage(results=found, **page_numbers(total, limit, page))


@operation("POST", "/flow_runs/count", role="viewer")
async def count_flow_runs(call: Call, body: QueueCriteria) -> int:
    """How many flow runs match."""
    return await call.db.read(query.count, flow_runs_meant(body, body.work_pool_queues))


@operation("POST", "/flow_runs/history", role="viewer")
async def flow_run_history(call: Call, body: FlowRunHistory) -> list[HistoryStep]:
    """How many flow runs were expected to start in each step of a span of time, by their present state."""
    meant = flow_runs_meant(body, body.work_queues)
    return await call.db.read(history.of_flow_runs, meant, history.steps_of(body), call.now)


@operation("POST", "/flow_runs/lateness", role="viewer")
async def average_flow_run_lateness(call: Call, body: QueueCriteria) -> float | None:
    """By how many seconds the matching runs are late on average; null without runs."""
    return await call.db.read(query.average_lateness, flow_runs_meant(body, body.work_pool_queues), call.now)


@operation("GET", "/flow_runs/{id}/graph", role="viewer")
async def read_flow_run_graph_v1(call: Call, id: UUID) -> list[Dependency]:
    """The task runs of a flow run, each with those whose results went into it."""
    return await call.db.read(graph.read_plain, id, call.now)


@operation("GET", "/flow_runs/{id}/graph-v2", role="viewer")
async def read_flow_run_graph_v2(call: Call, id: UUID, *, since: datetime = FIRST) -> Graph:
    """The graph of a flow run: its task runs and subflows with what they waited for."""
    most = call.settings.orchestration.graph
    return await call.db.read(graph.read, id, as_utc(since), most.max_nodes, most.max_artifacts)


# Changes that are no transitions


@operation("PATCH", "/flow_runs/{id}", role="worker", status=204)
async def update_flow_run(call: Call, id: UUID, body: FlowRunUpdate) -> None:
    """Changes a flow run, but not its state."""
    call.bound_parameters(body.parameters)
    await call.db.write(flow_run_edits.update, id, body, call.now)


@operation("PATCH", "/flow_runs/{id}/labels", role="worker", status=204)
async def update_flow_run_labels(call: Call, id: UUID, body: Labels) -> None:
    """Lays labels over those that the run has."""
    await call.db.write(flow_run_edits.add_labels, id, body, call.now)


@operation("DELETE", "/flow_runs/{id}", role="operator", status=204)
async def delete_flow_run(call: Call, id: UUID) -> None:
    """Deletes a flow run with its states, task runs, inputs and logs. Its artifacts stay."""
    await call.db.write(run_removal.flow_run, id, call.now)
    await _removal.drop_flow_run_logs(call, [id])


@operation("POST", "/flow_runs/bulk_delete", role="operator")
async def bulk_delete_flow_runs(call: Call, body: FlowRunsToDelete) -> FlowRunsDeleted:
    """Deletes flow runs that match, as many as `limit` says."""
    most = body.limit or MOST_AT_ONCE
    deleted = await call.db.write(flow_run_edits.delete_some, body.flow_runs, most, call.now)
    await _removal.drop_flow_run_logs(call, deleted)
    return FlowRunsDeleted(deleted=deleted)


# Inputs


@operation("POST", "/flow_runs/{id}/input", role="worker", status=201)
async def create_flow_run_input(call: Call, id: UUID, body: FlowRunInputCreate) -> None:
    """Sends a value to a flow run."""
    await call.db.write(flow_run_inputs.create, id, body, call.now)


@operation("POST", "/flow_runs/{id}/input/filter", role="worker")
async def filter_flow_run_input(call: Call, id: UUID, body: FlowRunInputList) -> list[FlowRunInput]:
    """The oldest values whose keys begin with a prefix; one, unless `limit` says more."""
    limit = 1 if body.limit is None else body.limit
    return await call.db.read(inputs_query.beginning_with, id, body.prefix, body.exclude_keys or [], limit)


@operation("GET", "/flow_runs/{id}/input/{key}", role="worker", media="text/plain")
async def read_flow_run_input(call: Call, id: UUID, key: str) -> Reply[str]:
    """A value, as it was sent."""
    return Reply(await call.db.read(flow_run_inputs.value, id, key), content_type="text/plain; charset=utf-8")


@operation("DELETE", "/flow_runs/{id}/input/{key}", role="worker", status=204)
async def delete_flow_run_input(call: Call, id: UUID, key: str) -> None:
    """Forgets a value."""
    await call.db.write(flow_run_inputs.delete, id, key)
