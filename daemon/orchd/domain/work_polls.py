"""Polls of workers: which runs they are offered, and what a poll says about those who ask."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import Struct

from orchd.db import Tx
from orchd.domain import deployment_runs, events
from orchd.domain.work_events import queue_turned
from orchd.domain.work_queues import pool_found
from orchd.errors import NotFound, ObjectMissing
from orchd.kit.clock import as_utc
from orchd.queries import deployments, work_queues
from orchd.queries import work_polls as query
from orchd.queries.work_polls import Holder, Polled
from orchd.wire.criteria import page_numbers
from orchd.wire.flow_runs import FlowRun
from orchd.wire.states import StateType
from orchd.wire.work_polls import (
    PoolPoll,
    PoolSlots,
    PoolSlotsAsked,
    QueuePoll,
    QueueSlots,
    QueueSlotsAsked,
    QueueSlotsDetail,
    SlotHolder,
    WorkerFlowRun,
)
from orchd.wire.work_pools import ReadyStatus
from orchd.wire.work_queues import QueueRuns

NOTED_EVERY = timedelta(seconds=5)
"""A poll so soon after the last one that was written down is not written down: many workers would only write."""

DEPLOYMENTS_NOTED_EVERY = timedelta(seconds=30)
MOST_NOTED = 1_000
"""Deployments that one poll writes down; the others are for the next one."""


class Offer(Struct, frozen=True):
    """What a poll is answered, and the queues of which it is to be written down."""

    runs: list[WorkerFlowRun]
    to_note: list[UUID]


def offer(tx: Tx, pool_name: str, asked: PoolPoll, limit: int, now: datetime) -> Offer:
    """The runs that a worker may take now. Raises NotFound for an unknown pool or queue.

    Urgent queues come first, and what they leave free of the pool's limit is for the others. A run is offered until
    somebody makes it pending.
    """
    before = asked.scheduled_before and as_utc(asked.scheduled_before)
    after = asked.scheduled_after and as_utc(asked.scheduled_after)
    queues = query.polled(tx, pool_name, after, before)
    if not queues:
        pool_found(tx, pool_name)
    meant = _named(pool_name, queues, asked.work_queue_names or [])
    runs: list[WorkerFlowRun] = []
    room = min(limit, _free_in_pool(queues))
    for queue in meant:
        most = min(room - len(runs), _free(queue.limit, queue.held))
        if most > 0 and queue.due and not queue.is_paused and not queue.pool_paused:
            found = query.waiting(tx, queue.id, after, before, now, most)
            runs += [WorkerFlowRun(work_pool_id=queue.pool_id, work_queue_id=queue.id, flow_run=run) for run in found]
    return Offer(runs, [queue.id for queue in meant if _is_news(queue.last_polled, now)])


def note(tx: Tx, queues: Sequence[UUID], now: datetime) -> None:
    """Writes down that queues are polled: they and their deployments are ready. Told of those that were not."""
    waking = work_queues.note_poll(tx, queues, now)
    work_queues.turn(tx, [row.id for row in waking], ReadyStatus.READY, now)
    events.emit_all(tx, [queue_turned(row, ReadyStatus.READY, now) for row in waking], now)
    quiet = deployments.unnoted(tx, queues, now - DEPLOYMENTS_NOTED_EVERY, MOST_NOTED)
    deployment_runs.polled(tx, quiet, now)


def runs_of_queue(tx: Tx, id: UUID, asked: QueuePoll, limit: int, now: datetime) -> list[FlowRun]:
    """The runs that an agent may take from a queue. Raises ObjectMissing."""
    queue = work_queues.stored(tx, id)
    if queue is None:
        raise ObjectMissing(f"Work queue with id {id} not found.")
    if queue.is_paused:
        return []
    if queue.concurrency_limit is not None:
        limit = min(limit, _free(queue.concurrency_limit, query.held(tx, [id], query.HOLDS_AGENTS_SLOT).get(id, 0)))
    before = asked.scheduled_before and as_utc(asked.scheduled_before)
    if queue.filter is not None:
        chooses = msgspec.json.decode(queue.filter, type=QueueRuns)
        return query.chosen(tx, chooses, before, now, limit)
    return query.waiting(tx, id, None, before, now, limit)


def slots_of_pool(tx: Tx, name: str, asked: PoolSlotsAsked, limit: int, now: datetime) -> PoolSlots:
    """Who holds the slots of a pool, by queue. Raises NotFound."""
    pool, page = pool_found(tx, name), asked.page or 1
    queues = query.queues_of(tx, pool.id)
    held = query.held(tx, [id for id, _, _ in queues])
    shown = queues[(page - 1) * limit : page * limit]
    most = 10 if asked.flow_run_limit is None else asked.flow_run_limit
    holders = query.holders(tx, [id for id, _, _ in shown], most)
    return PoolSlots(
        active_slots=sum(held.values()),
        concurrency_limit=pool.concurrency_limit,
        queues=[
            QueueSlotsDetail(
                queue_id=id,
                queue_name=name,
                active_slots=held.get(id, 0),
                concurrency_limit=at_most,
                flow_runs=[_shown(each, now) for each in holders if each.queue == id],
                flow_run_count=held.get(id, 0),
            )
            for id, name, at_most in shown
        ],
        **page_numbers(len(queues), limit, page),
    )


def slots_of_queue(tx: Tx, id: UUID, asked: QueueSlotsAsked, limit: int, now: datetime) -> QueueSlots:
    """Who holds the slots of a queue. Raises NotFound."""
    queue, page = work_queues.stored(tx, id), asked.page or 1
    if queue is None:
        raise NotFound("Work queue not found.")
    held = query.held(tx, [id]).get(id, 0)
    return QueueSlots(
        active_slots=held,
        concurrency_limit=queue.concurrency_limit,
        flow_runs=[_shown(each, now) for each in query.holders(tx, [id], limit, (page - 1) * limit)],
        **page_numbers(held, limit, page),
    )


def _named(pool: str, queues: Sequence[Polled], names: Sequence[str]) -> Sequence[Polled]:
    """The queues that are asked for, all without names. Raises NotFound."""
    unknown = [name for name in names if name not in {queue.name for queue in queues}]
    if unknown:
        raise NotFound(f"Work pool queue '{pool}/{unknown[0]}' not found.")
    return [queue for queue in queues if queue.name in names] if names else queues


def _free(limit: int | None, held: int | None) -> int:
    return 2**31 if limit is None else max(0, limit - (held or 0))


def _free_in_pool(queues: Sequence[Polled]) -> int:
    return _free(queues[0].pool_limit, sum(queue.held or 0 for queue in queues)) if queues else 0


def _is_news(last_polled: datetime | None, now: datetime) -> bool:
    return last_polled is None or now - last_polled >= NOTED_EVERY


def _shown(holder: Holder, now: datetime) -> SlotHolder:
    since = holder.state_timestamp
    return SlotHolder(
        id=holder.id,
        name=holder.name,
        state_type=StateType(holder.state_type),
        state_name=holder.state_name,
        start_time=holder.start_time,
        state_timestamp=since,
        time_in_current_state=None if since is None else (now - since).total_seconds(),
    )
