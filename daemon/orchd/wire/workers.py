"""Workers: their heartbeats, answers, and which are meant."""

from enum import StrEnum
from typing import Annotated

from orchd.wire.base import UUID, Answer, Body, Filter, Limit, Meta, Offset, datetime
from orchd.wire.filters import Between, Operated


class WorkerStatus(StrEnum):
    """Whether a worker's heartbeats come."""

    ONLINE = "ONLINE"
    OFFLINE = "OFFLINE"


class Heartbeat(Body, frozen=True, kw_only=True):
    """A worker is alive, and says when it will say so again."""

    name: str
    heartbeat_interval_seconds: Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)] | None = None


class Worker(Answer, frozen=True, kw_only=False):
    """A worker. Built from rows by position: the fields' order is that of the query's columns."""

    id: UUID
    created: datetime
    updated: datetime
    name: str
    work_pool_id: UUID
    last_heartbeat_time: datetime | None
    heartbeat_interval_seconds: int | None
    status: WorkerStatus


class StatusAnyOrNot(Filter, frozen=True, kw_only=True):
    any_: list[WorkerStatus] | None = None
    not_any_: list[WorkerStatus] | None = None


class WorkerFilter(Operated, frozen=True, kw_only=True):
    """Which workers are meant."""

    last_heartbeat_time: Between | None = None
    status: StatusAnyOrNot | None = None


class WorkerList(Body, frozen=True, kw_only=True):
    """Body of `filter`."""

    workers: WorkerFilter | None = None
    limit: Limit | None = None
    offset: Offset | None = None
