"""Flow runs, as the pages of a dashboard ask about them."""

from uuid import UUID

from orchd.api._context import Call
from orchd.api._operation import operation
from orchd.queries import dashboard as query
from orchd.queries._filters_related import flow_runs_meant
from orchd.wire.flow_runs import FlowRunSort
from orchd.wire.ui import MOST_POINTS, FlowRunIds, Point, PointsAsked

PREFIX = "/ui/flow_runs"


@operation("POST", "/ui/flow_runs/history", role="viewer")
async def read_flow_run_history(call: Call, body: PointsAsked) -> list[Point]:
    """The matching flow runs as points of a chart."""
    sort = body.sort or FlowRunSort.EXPECTED_START_TIME_DESC
    limit, offset = MOST_POINTS if body.limit is None else body.limit, body.offset or 0
    return await call.db.read(query.points, flow_runs_meant(body), call.now, sort=sort, limit=limit, offset=offset)


@operation("POST", "/ui/flow_runs/count-task-runs", role="viewer")
async def count_task_runs_by_flow_run(call: Call, body: FlowRunIds) -> dict[UUID, int]:
    """How many task runs each of the flow runs has."""
    return await call.db.read(query.task_runs_of, body.flow_run_ids)
