"""Task workers: answers, and which are meant."""

from orchd.wire.base import Answer, Body, Filter, datetime
from orchd.wire.filters import Texts


class TaskWorker(Answer, frozen=True, kw_only=True):
    """A task worker that is connected. `timestamp`: when it was last known to be."""

    identifier: str
    task_keys: list[str]
    timestamp: datetime


class TaskWorkerFilter(Filter, frozen=True, kw_only=True):
    """Which task workers are meant: those that serve one of these tasks; without any, all."""

    task_keys: Texts


class TaskWorkerList(Body, frozen=True, kw_only=True):
    """Body of `filter`."""

    task_worker_filter: TaskWorkerFilter | None = None
