"""Work pools with their queues and workers."""

import re
from functools import partial
from typing import Any

from aiohttp import web
from msgspec import structs

from orchd.api._asking import asker
from orchd.api._context import Call, Context
from orchd.api._operation import operation
from orchd.api._sockets import add_socket
from orchd.api._worker_channel import AUTHENTICATION_FAILED, serve
from orchd.domain import work_polls, work_pools, work_queues, workers
from orchd.kit.jsontext import decode, encode
from orchd.queries import work_pools as query
from orchd.queries.work_queues import InPool
from orchd.wire.base import Raw
from orchd.wire.work_polls import PoolPoll, PoolSlots, PoolSlotsAsked, WorkerFlowRun
from orchd.wire.work_pools import WorkPool, WorkPoolCount, WorkPoolCreate, WorkPoolList, WorkPoolUpdate
from orchd.wire.work_queues import WorkQueue, WorkQueueCreate, WorkQueueList, WorkQueueUpdate
from orchd.wire.workers import Heartbeat, Worker, WorkerList

PREFIX = "/work_pools"

KNOWS_RESULT_BLOCK = (3, 3, 8)
"""The first client that can read which block keeps a pool's results."""


# Pools


@operation("POST", "/work_pools/", role="worker", status=201)
async def create_work_pool(call: Call, body: WorkPoolCreate) -> WorkPool:
    """Creates a work pool with its default queue."""
    return _for_caller(call, await call.db.write(work_pools.create, body, call.now))


@operation("GET", "/work_pools/{name}", role="viewer")
async def read_work_pool(call: Call, name: str) -> WorkPool:
    """The work pool with this name."""
    return _for_caller(call, await call.db.read(work_pools.read, name))


@operation("POST", "/work_pools/filter", role="viewer")
async def read_work_pools(call: Call, body: WorkPoolList) -> list[WorkPool]:
    """The work pools that match, by name."""
    found = await call.db.read(query.page, body.work_pools, call.limit(body.limit), body.offset or 0)
    return [_for_caller(call, pool) for pool in found]


@operation("POST", "/work_pools/count", role="viewer")
async def count_work_pools(call: Call, body: WorkPoolCount) -> int:
    """How many work pools match."""
    return await call.db.read(query.count, body.work_pools)


@operation("PATCH", "/work_pools/{name}", role="worker", status=204)
async def update_work_pool(call: Call, name: str, body: WorkPoolUpdate) -> None:
    """Changes a work pool, pauses it or lets it go on."""
    await call.db.write(work_pools.update, name, body, call.now)


@operation("DELETE", "/work_pools/{name}", role="operator", status=204)
async def delete_work_pool(call: Call, name: str) -> None:
    """Deletes a work pool with its queues and workers; deployments and runs in it stay."""
    await call.db.write(work_pools.delete, name, call.now)


@operation("POST", "/work_pools/{name}/get_scheduled_flow_runs", role="worker")
async def get_scheduled_flow_runs(call: Call, name: str, body: PoolPoll) -> list[WorkerFlowRun]:
    """The runs that a worker may take, urgent queues first. None is claimed: for that there is the state Pending."""
    offer = await call.db.read(work_polls.offer, name, body, call.limit(body.limit), call.now)
    if offer.to_note:
        await call.db.write(work_polls.note, offer.to_note, call.now)
    return offer.runs


@operation("POST", "/work_pools/{name}/concurrency_status", role="viewer")
async def read_work_pool_concurrency_status(call: Call, name: str, body: PoolSlotsAsked) -> PoolSlots:
    """Who holds the slots of a pool, by queue."""
    return await call.db.read(work_polls.slots_of_pool, name, body, call.limit(body.limit), call.now)


# Their queues


@operation("POST", "/work_pools/{work_pool_name}/queues", role="worker", status=201)
async def create_pool_queue(call: Call, work_pool_name: str, body: WorkQueueCreate) -> WorkQueue:
    """Creates a queue in a pool."""
    return await call.db.write(work_queues.create, work_pool_name, body, call.now)


@operation("GET", "/work_pools/{work_pool_name}/queues/{name}", role="viewer")
async def read_pool_queue(call: Call, work_pool_name: str, name: str) -> WorkQueue:
    """A pool's queue of this name."""
    return await call.db.read(work_queues.read, InPool(work_pool_name, name))


@operation("POST", "/work_pools/{work_pool_name}/queues/filter", role="viewer")
async def read_pool_queues(call: Call, work_pool_name: str, body: WorkQueueList) -> list[WorkQueue]:
    """The queues of a pool that match, the most urgent first."""
    return await call.db.read(work_queues.page, work_pool_name, body, call.limit(body.limit))


@operation("PATCH", "/work_pools/{work_pool_name}/queues/{name}", role="operator", status=204)
async def update_pool_queue(call: Call, work_pool_name: str, name: str, body: WorkQueueUpdate) -> None:
    """Changes a pool's queue."""
    await call.db.write(work_queues.update, InPool(work_pool_name, name), body, call.now)


@operation("DELETE", "/work_pools/{work_pool_name}/queues/{name}", role="operator", status=204)
async def delete_pool_queue(call: Call, work_pool_name: str, name: str) -> None:
    """Deletes a pool's queue."""
    await call.db.write(work_queues.delete, InPool(work_pool_name, name), call.now)


# Their workers


@operation("POST", "/work_pools/{work_pool_name}/workers/heartbeat", role="worker", status=204)
async def worker_heartbeat(call: Call, work_pool_name: str, body: Heartbeat) -> None:
    """A worker is alive."""
    await call.db.write(workers.heartbeat, work_pool_name, body, call.now)


@operation("POST", "/work_pools/{work_pool_name}/workers/filter", role="viewer")
async def read_workers(call: Call, work_pool_name: str, body: WorkerList) -> list[Worker]:
    """The workers of a pool that match, the latest heartbeat first."""
    return await call.db.read(workers.page, work_pool_name, body, call.limit(body.limit))


@operation("DELETE", "/work_pools/{work_pool_name}/workers/{name}", role="operator", status=204)
async def delete_worker(call: Call, work_pool_name: str, name: str) -> None:
    """Forgets a worker."""
    await call.db.write(workers.delete, work_pool_name, name)


def add_routes(app: web.Application, base: str, context: Context) -> None:
    """The websocket by which workers come in."""
    path = base + PREFIX + "/{name}/workers/connect"
    add_socket(app, path, context, partial(serve, context), refusal_reason=AUTHENTICATION_FAILED)


def _for_caller(call: Call, pool: WorkPool) -> WorkPool:
    """Old clients refuse a pool whose storage names the block for results."""
    version = asker(call).client_version
    if version is None or _numbers(version) >= KNOWS_RESULT_BLOCK:
        return pool
    storage = decode(encode(pool.storage_configuration))
    storage.pop("default_result_storage_block_id", None)
    shown: Any = Raw(encode(storage))
    return structs.replace(pool, storage_configuration=shown)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(each) for each in re.findall(r"\d+", version)[:3])
