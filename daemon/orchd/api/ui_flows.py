"""Flows, as the pages of a dashboard ask about them."""

from uuid import UUID

from orchd.api._context import Call
from orchd.api._operation import operation
from orchd.queries import dashboard as query
from orchd.wire.ui import FlowIds, NextFlowRun

PREFIX = "/ui/flows"


@operation("POST", "/ui/flows/count-deployments", role="viewer")
async def count_deployments_by_flow(call: Call, body: FlowIds) -> dict[UUID, int]:
    """How many deployments each of the flows has."""
    return await call.db.read(query.deployments_of, body.flow_ids)


@operation("POST", "/ui/flows/next-runs", role="viewer")
async def next_runs_by_flow(call: Call, body: FlowIds) -> dict[UUID, NextFlowRun | None]:
    """The run of each of the flows that is the next to go."""
    return await call.db.read(query.next_runs, body.flow_ids)
