"""Flows."""

from uuid import UUID

from orchd.api import _removal
from orchd.api._context import Call, Reply
from orchd.api._operation import operation
from orchd.domain import flows
from orchd.queries import flows as query
from orchd.queries._filters_related import flows_meant
from orchd.wire.criteria import MOST_AT_ONCE, PoolCriteria, page_numbers
from orchd.wire.flow_lists import FlowList, FlowPage, FlowPageAsked, FlowsToDelete
from orchd.wire.flows import Flow, FlowCreate, FlowsDeleted, FlowSort, FlowUpdate

PREFIX = "/flows"


@operation("POST", "/flows/", role="worker", status=201)
async def create_flow(call: Call, body: FlowCreate) -> Reply[Flow]:
    """Creates a flow, or finds the one of that name: then the answer is 200 and nothing is changed."""
    flow, new = await call.db.write(flows.create, body, call.now)
    return Reply(flow, status=201 if new else 200)


@operation("GET", "/flows/{id}", role="viewer")
async def read_flow(call: Call, id: UUID) -> Flow:
    """The flow with this id."""
    return await call.db.read(flows.read, id)


@operation("GET", "/flows/name/{name}", role="viewer")
async def read_flow_by_name(call: Call, name: str) -> Flow:
    """The flow with this name."""
    return await call.db.read(flows.read_by_name, name)


@operation("POST", "/flows/filter", role="viewer")
async def read_flows(call: Call, body: FlowList) -> list[Flow]:
    """The flows that match."""
    limit, sort = call.limit(body.limit), body.sort or FlowSort.NAME_ASC
    return await call.db.read(query.listed, flows_meant(body), sort=sort, limit=limit, offset=body.offset or 0)


@operation("POST", "/flows/paginate", role="viewer")
async def paginate_flows(call: Call, body: FlowPageAsked) -> FlowPage:
    """A numbered page of the flows that match."""
    limit, page, sort = call.limit(body.limit), body.page or 1, body.sort or FlowSort.NAME_ASC
    found, total = await call.db.read(query.page, flows_meant(body), sort=sort, limit=limit, page=page)
    return FlowPage(results=found, **page_numbers(total, limit, page))


@operation("POST", "/flows/count", role="viewer")
async def count_flows(call: Call, body: PoolCriteria) -> int:
    """How many flows match."""
    return await call.db.read(query.count, flows_meant(body))


@operation("PATCH", "/flows/{id}", role="operator", status=204)
async def update_flow(call: Call, id: UUID, body: FlowUpdate) -> None:
    """Changes a flow."""
    await call.db.write(flows.update, id, body, call.now)


@operation("DELETE", "/flows/{id}", role="operator", status=204)
async def delete_flow(call: Call, id: UUID) -> None:
    """Deletes a flow with its deployments and its runs."""
    await _removal.drop_flow(call, id)


@operation("POST", "/flows/bulk_delete", role="operator")
async def bulk_delete_flows(call: Call, body: FlowsToDelete) -> FlowsDeleted:
    """Deletes flows that match, as many as `limit` says."""
    ids = await call.db.read(flows.some, body.flows, body.limit or MOST_AT_ONCE)
    for id in ids:
        await _removal.drop_flow(call, id)
    return FlowsDeleted(deleted=ids)
