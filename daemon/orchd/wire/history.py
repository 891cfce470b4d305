"""How many runs there were, in steps of time."""

from orchd.wire.base import Answer, datetime
from orchd.wire.criteria import PoolCriteria, RunCriteria
from orchd.wire.work_queues import WorkQueueFilter


class FlowRunHistory(PoolCriteria, frozen=True, kw_only=True):
    """From when to when, in which steps, and of which flow runs."""

    history_start: datetime
    history_end: datetime
    history_interval_seconds: float
    work_queues: WorkQueueFilter | None = None


class TaskRunHistory(RunCriteria, frozen=True, kw_only=True):
    """From when to when, in which steps, and of which task runs."""

    history_start: datetime
    history_end: datetime
    history_interval_seconds: float


class HistoryState(Answer, frozen=True, kw_only=False):
    """The runs of one step that are in one state; sums are in seconds."""

    state_type: str | None
    state_name: str | None
    count_runs: int
    sum_estimated_run_time: float
    sum_estimated_lateness: float


class HistoryStep(Answer, frozen=True, kw_only=True):
    """One step, its end not included."""

    interval_start: datetime
    interval_end: datetime
    states: list[HistoryState]
