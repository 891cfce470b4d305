"""Lists of flow runs and task runs: what is asked, and pages."""

from orchd.wire.base import UUID, Answer, Body, JsonObject, Limit, Offset, PageNumber
from orchd.wire.criteria import Few, Page, QueueCriteria, RunCriteria
from orchd.wire.flow_runs import FlowRun, FlowRunFilter, FlowRunSort
from orchd.wire.states import State, StateCreate
from orchd.wire.task_runs import TaskRun, TaskRunSort


class FlowRunList(QueueCriteria, frozen=True, kw_only=True):
    sort: FlowRunSort | None = None
    limit: Limit | None = None
    offset: Offset | None = None


class FlowRunPageAsked(QueueCriteria, frozen=True, kw_only=True):
    sort: FlowRunSort | None = None
    limit: Limit | None = None
    page: PageNumber | None = None


class FlowRunPage(Page, frozen=True, kw_only=True):
    results: list[FlowRun]


class FlowRunsToDelete(Body, frozen=True, kw_only=True):
    """Without a filter: any."""

    flow_runs: FlowRunFilter | None = None
    limit: Few | None = None


class FlowRunsDeleted(Answer, frozen=True, kw_only=True):
    """The ids of the runs that were deleted."""

    deleted: list[UUID] = []


class FlowRunsToSetState(Body, frozen=True, kw_only=True):
    """Which runs are to enter a state; without a filter: any."""

    state: StateCreate
    flow_runs: FlowRunFilter | None = None
    force: bool | None = None
    limit: Few | None = None


class FlowRunStateSet(Answer, frozen=True, kw_only=True):
    """What became of one run's proposal."""

    flow_run_id: UUID
    status: str
    state: State | None
    details: JsonObject


class FlowRunStatesSet(Answer, frozen=True, kw_only=True):
    """What became of each proposal."""

    results: list[FlowRunStateSet]


class TaskRunList(RunCriteria, frozen=True, kw_only=True):
    sort: TaskRunSort | None = None
    limit: Limit | None = None
    offset: Offset | None = None


class TaskRunPageAsked(RunCriteria, frozen=True, kw_only=True):
    sort: TaskRunSort | None = None
    limit: Limit | None = None
    page: PageNumber | None = None


class TaskRunPage(Page, frozen=True, kw_only=True):
    results: list[TaskRun]
