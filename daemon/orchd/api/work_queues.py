"""Work queues by their ids, and as clients know them that name no pool."""

from uuid import UUID

from orchd.api._context import Call
from orchd.api._operation import operation
from orchd.domain import work_places, work_polls, work_queues
from orchd.queries import work_queues as query
from orchd.wire.flow_runs import FlowRun
from orchd.wire.work_polls import QueuePoll, QueueSlots, QueueSlotsAsked
from orchd.wire.work_queues import WorkQueue, WorkQueueCreate, WorkQueueList, WorkQueueStatusDetail, WorkQueueUpdate

PREFIX = "/work_queues"


@operation("POST", "/work_queues/", role="worker", status=201)
async def create_work_queue(call: Call, body: WorkQueueCreate) -> WorkQueue:
    """Creates a queue in the pool of those that are named without a pool."""
    return await call.db.write(work_places.create_without_pool, body, call.now)


@operation("GET", "/work_queues/{id}", role="viewer")
async def read_work_queue(call: Call, id: UUID) -> WorkQueue:
    """The queue with this id."""
    return await call.db.read(work_queues.read, id)


@operation("GET", "/work_queues/name/{name}", role="viewer")
async def read_work_queue_by_name(call: Call, name: str) -> WorkQueue:
    """The queue of this name of those that are named without a pool."""
    return await call.db.read(work_queues.read_named, name)


@operation("POST", "/work_queues/filter", role="viewer")
async def read_work_queues(call: Call, body: WorkQueueList) -> list[WorkQueue]:
    """The queues of all pools that match, by name."""
    return await call.db.read(query.page, body.work_queues, call.limit(body.limit), body.offset or 0)


@operation("PATCH", "/work_queues/{id}", role="operator", status=204)
async def update_work_queue(call: Call, id: UUID, body: WorkQueueUpdate) -> None:
    """Changes a queue."""
    await call.db.write(work_queues.update, id, body, call.now)


@operation("DELETE", "/work_queues/{id}", role="operator", status=204)
async def delete_work_queue(call: Call, id: UUID) -> None:
    """Deletes a queue."""
    await call.db.write(work_queues.delete, id, call.now)


@operation("POST", "/work_queues/{id}/get_runs", role="worker")
async def read_work_queue_runs(call: Call, id: UUID, body: QueuePoll) -> list[FlowRun]:
    """The runs that an agent may take from a queue. A page that shows them does not count as an agent."""
    runs = await call.db.read(work_polls.runs_of_queue, id, body, call.limit(body.limit), call.now)
    if call.request.headers.get("x-prefect-ui", "").lower() != "true":
        await call.db.write(work_polls.note, [id], call.now)
    return runs


@operation("GET", "/work_queues/{id}/status", role="viewer")
async def read_work_queue_status(call: Call, id: UUID) -> WorkQueueStatusDetail:
    """Whether a queue is polled and its runs are picked up in time."""
    return await call.db.read(work_queues.health, id, call.now)


@operation("POST", "/work_queues/{id}/concurrency_status", role="viewer")
async def read_work_queue_concurrency_status(call: Call, id: UUID, body: QueueSlotsAsked) -> QueueSlots:
    """Who holds the slots of a queue."""
    return await call.db.read(work_polls.slots_of_queue, id, body, call.limit(body.limit), call.now)
