"""Task workers: who carries out background tasks now."""

from orchd.api._context import Call
from orchd.api._operation import operation
from orchd.domain import task_workers
from orchd.wire.task_workers import TaskWorker, TaskWorkerList

PREFIX = "/task_workers"


@operation("POST", "/task_workers/filter", role="viewer")
async def read_task_workers(call: Call, body: TaskWorkerList) -> list[TaskWorker]:
    """The task workers that are connected, to whichever server."""
    return await call.db.read(task_workers.read, body.task_worker_filter, call.now)
