"""What workers poll: the runs that wait in a pool, in the order in which they are handed out.

A poll is one statement for the pool's queues, which also says where runs are due and how many slots are held, and one
for each such queue until there are as many runs as were asked for. Each walks an index that holds exactly the
scheduled runs of a queue in their order: neither the length of a queue nor the number of idle ones matters.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import (
    Select,
    Text,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
)

from orchd.db import Statement, Tx
from orchd.db.tables import flow_run, work_pool, work_queue
from orchd.db.types import Timestamp
from orchd.kit.clock import FIRST, LAST
from orchd.queries import _filters as filters
from orchd.queries._functions import HasAll
from orchd.queries.flow_runs import ANSWERS, READY_MADE, from_row
from orchd.queries.work_pools import HOLDS_SLOT
from orchd.queries.work_queues import HELD
from orchd.wire.flow_runs import FlowRun
from orchd.wire.work_queues import QueueRuns


class Polled(Struct, frozen=True):
    """A queue as a poll finds it. The order is that of the query's columns."""

    pool_id: UUID
    pool_paused: bool
    pool_limit: int | None
    id: UUID
    name: str
    is_paused: bool
    limit: int | None
    status: str
    last_polled: datetime | None
    held: int | None
    """Slots that are taken; None where neither queue nor pool has a limit."""
    due: bool


_WAITING = (
    flow_run.c.state_type == literal_column("'SCHEDULED'"),  # in the text: else the partial index is not known to fit
    flow_run.c.next_scheduled_start_time >= bindparam("after", type_=Timestamp()),
    flow_run.c.next_scheduled_start_time <= bindparam("before", type_=Timestamp()),
)
_RETRIES = type_coerce(flow_run.c.empirical_policy, Text()).op("->>", return_type=Text())("retry_type")
_NOT_RETRIED_IN_PROCESS = _RETRIES.is_distinct_from("in_process")

_DUE = select(1).where(flow_run.c.work_queue_id == work_queue.c.id, *_WAITING).correlate(work_queue).exists()
_POLLED = Statement(
    select(
        work_pool.c.id,
        work_pool.c.is_paused,
        work_pool.c.concurrency_limit,
        work_queue.c.id,
        work_queue.c.name,
        work_queue.c.is_paused,
        work_queue.c.concurrency_limit,
        work_queue.c.status,
        work_queue.c.last_polled,
        case((or_(work_queue.c.concurrency_limit.is_not(None), work_pool.c.concurrency_limit.is_not(None)), HELD)),
        _DUE,
    )
    .select_from(work_pool.join(work_queue, work_queue.c.work_pool_id == work_pool.c.id))
    .where(work_pool.c.name == bindparam("name"))
    .order_by(work_queue.c.priority, work_queue.c.id)
)
_RUNS = Statement(
    ANSWERS.with_only_columns(*READY_MADE)
    .where(flow_run.c.work_queue_id == bindparam("queue"), *_WAITING, _NOT_RETRIED_IN_PROCESS)
    .order_by(flow_run.c.next_scheduled_start_time)
    .limit(bindparam("limit")),
    answers=True,
)


def polled(tx: Tx, pool: str, after: datetime | None, before: datetime | None) -> list[Polled]:
    """The queues of a pool by priority; none when there is no such pool."""
    asked = {"name": pool, "after": after or FIRST, "before": before or LAST}
    return [Polled(*row) for row in tx.fetch(_POLLED, asked)]


def waiting(
    tx: Tx, queue: UUID, after: datetime | None, before: datetime | None, now: datetime, limit: int
) -> list[FlowRun]:
    """The runs of a queue whose time comes within these bounds, the earliest first."""
    asked = {"queue": queue, "after": after or FIRST, "before": before or LAST, "now": now, "limit": limit}
    return [FlowRun(*row) for row in tx.fetch(_RUNS, asked)]


def chosen(tx: Tx, asked: QueueRuns, before: datetime | None, now: datetime, limit: int) -> list[FlowRun]:
    """The runs that a queue of the oldest kind chooses by tags and deployments, wherever they wait."""
    meant = filters.together(
        flow_run.c.state_type == "SCHEDULED",
        filters.at_most(flow_run.c.next_scheduled_start_time, before),
        filters.among(flow_run.c.deployment_id, asked.deployment_ids),
        HasAll(flow_run.c.tags, asked.tags) if asked.tags else None,
    )
    rows = tx.execute(ANSWERS.where(meant).order_by(flow_run.c.next_scheduled_start_time).limit(limit))
    return [from_row(list(row), now) for row in rows]


# Slots and who holds them

HOLDS_AGENTS_SLOT = HOLDS_SLOT | (flow_run.c.state_type == "CANCELLING")
"""Whether a run counts against the limit of a queue as agents see it."""


def held(tx: Tx, queues: Sequence[UUID], holds: filters.Condition = HOLDS_SLOT) -> dict[UUID, int]:
    """How many runs hold a slot of each of these queues; those without any are left out."""
    queue = flow_run.c.work_queue_id
    found = select(queue, func.count()).where(queue.in_(queues), holds).group_by(queue)
    return dict(map(tuple, tx.execute(found)))


def queues_of(tx: Tx, pool: UUID) -> list[tuple[UUID, str, int | None]]:
    """Id, name and limit of each queue of a pool, by priority."""
    c = work_queue.c
    found: Select[Any] = select(c.id, c.name, c.concurrency_limit).where(c.work_pool_id == pool)
    return [(id, name, limit) for id, name, limit in map(list, tx.execute(found.order_by(c.priority, c.id)))]


class Holder(Struct, frozen=True):
    """A run that holds a slot. The order is that of the query's columns."""

    queue: UUID
    id: UUID
    name: str
    state_type: str
    state_name: str
    start_time: datetime | None
    state_timestamp: datetime | None


def holders(tx: Tx, queues: Sequence[UUID], limit: int, offset: int = 0) -> list[Holder]:
    """Who holds slots of these queues, the longest first: of each queue so many."""
    c = flow_run.c
    place = func.row_number().over(partition_by=c.work_queue_id, order_by=(c.state_timestamp, c.id)).label("place")
    columns = (c.work_queue_id, c.id, c.name, c.state_type, c.state_name, c.start_time, c.state_timestamp)
    ranked = select(*columns, place).where(c.work_queue_id.in_(queues), HOLDS_SLOT).subquery()
    found = select(*(ranked.c[column.key] for column in columns)).where(
        ranked.c.place > offset, ranked.c.place <= offset + limit
    )
    rows: Any = tx.execute(found.order_by(ranked.c.work_queue_id, ranked.c.place))
    return [Holder(*row) for row in rows]
