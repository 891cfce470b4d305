"""What workers ask for, and who holds the slots of pools and queues."""

from typing import Annotated

from orchd.wire.base import UUID, Answer, Body, Limit, Meta, PageNumber, datetime
from orchd.wire.criteria import Page
from orchd.wire.filters import Texts
from orchd.wire.flow_runs import FlowRun
from orchd.wire.states import StateType


class QueuePoll(Body, frozen=True, kw_only=True):
    """A poll of one queue."""

    scheduled_before: datetime | None = None
    limit: Limit | None = None


class PoolPoll(QueuePoll, frozen=True, kw_only=True):
    """A worker's poll of a pool; without names it is for all queues."""

    work_queue_names: Texts | None = None
    scheduled_after: datetime | None = None


class WorkerFlowRun(Answer, frozen=True, kw_only=True):
    """A run that a worker may take."""

    work_pool_id: UUID
    work_queue_id: UUID
    flow_run: FlowRun


class QueueSlotsAsked(Body, frozen=True, kw_only=True):
    """Which page of a queue's slot holders is asked for."""

    page: PageNumber | None = None
    limit: Limit | None = None


class PoolSlotsAsked(QueueSlotsAsked, frozen=True, kw_only=True):
    """Which page of a pool's queues is asked for, and how many slot holders of each."""

    flow_run_limit: Annotated[int, Meta(ge=0, le=200)] | None = None


class SlotHolder(Answer, frozen=True, kw_only=True):
    """A run that holds a slot. `time_in_current_state` is in seconds."""

    id: UUID
    name: str
    state_type: StateType | None
    state_name: str | None
    start_time: datetime | None
    state_timestamp: datetime | None
    time_in_current_state: float | None


class QueueSlotsDetail(Answer, frozen=True, kw_only=True):
    """The slots of one queue of a pool."""

    queue_id: UUID
    queue_name: str
    active_slots: int
    concurrency_limit: int | None
    flow_runs: list[SlotHolder]
    flow_run_count: int | None


class QueueSlots(Page, frozen=True, kw_only=True):
    """The slots of a queue, with a page of their holders."""

    active_slots: int
    concurrency_limit: int | None
    flow_runs: list[SlotHolder]


class PoolSlots(Page, frozen=True, kw_only=True):
    """The slots of a pool, with a page of its queues."""

    active_slots: int
    concurrency_limit: int | None
    queues: list[QueueSlotsDetail]
