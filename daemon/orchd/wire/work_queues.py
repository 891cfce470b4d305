"""Work queues: answers, creation, change, and which are meant."""

from typing import Annotated

from orchd.wire.base import (
    UNSET,
    UUID,
    Answer,
    Body,
    Filter,
    Limit,
    Meta,
    Offset,
    Patch,
    Tags,
    UnsetType,
    datetime,
)
from orchd.wire.filters import IdAny, Ids, Operated, Texts
from orchd.wire.work_pools import LARGEST, AtMost, PoolName, ReadyStatus

Priority = Annotated[int, Meta(gt=0, le=LARGEST)]
"""1 comes first; no two queues of a pool share one."""


class QueueRuns(Body, frozen=True, kw_only=True):
    """Which runs a queue of the oldest kind hands out, wherever they wait."""

    tags: Tags | None = None
    deployment_ids: Ids | None = None


class WorkQueue(Answer, frozen=True, kw_only=False):
    """A work queue. Built from rows by position: the fields' order is that of the query's columns."""

    id: UUID
    created: datetime
    updated: datetime
    name: str
    description: str | None
    is_paused: bool
    concurrency_limit: int | None
    priority: int
    work_pool_id: UUID | None
    filter: QueueRuns | None
    last_polled: datetime | None
    work_pool_name: str | None
    status: ReadyStatus | None
    active_slots: int | None
    """Runs that are pending or running; null where nothing limits them."""


class WorkQueueCreate(Body, frozen=True, kw_only=True):
    """A new work queue. Without a priority it gets the first that is free."""

    name: PoolName
    description: str | None = ""
    is_paused: bool = False
    concurrency_limit: AtMost | None = None
    priority: Priority | None = None
    filter: QueueRuns | None = None


class WorkQueueUpdate(Patch, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change of a work queue. Null where the table needs a value is a conflict, as clients know it."""

    name: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    is_paused: bool | UnsetType = UNSET
    concurrency_limit: AtMost | UnsetType | None = UNSET
    priority: Priority | UnsetType | None = UNSET
    last_polled: datetime | UnsetType | None = UNSET
    filter: QueueRuns | UnsetType | None = UNSET


class QueueName(Filter, frozen=True, kw_only=True):
    """`startswith_` lists beginnings in any case; empty, it asks nothing."""

    any_: Texts | None = None
    startswith_: Texts | None = None


class WorkQueueFilter(Operated, frozen=True, kw_only=True):
    """Which work queues are meant."""

    id: IdAny | None = None
    name: QueueName | None = None


class WorkQueueList(Body, frozen=True, kw_only=True):
    """Body of `filter`."""

    work_queues: WorkQueueFilter | None = None
    limit: Limit | None = None
    offset: Offset | None = None


class HealthPolicy(Answer, frozen=True, kw_only=True):
    """What a queue must hold to be called healthy."""

    maximum_late_runs: int | None
    maximum_seconds_since_last_polled: int | None


class WorkQueueStatusDetail(Answer, frozen=True, kw_only=True):
    """How a queue fares."""

    healthy: bool
    late_runs_count: int
    last_polled: datetime | None
    health_check_policy: HealthPolicy
