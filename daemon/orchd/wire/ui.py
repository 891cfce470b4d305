"""What the pages of a dashboard ask for in one request."""

from typing import Annotated, Any

from orchd.wire.base import UUID, Answer, Body, JsonObject, Meta, Offset, datetime
from orchd.wire.criteria import PoolCriteria
from orchd.wire.filters import Ids
from orchd.wire.flow_runs import FlowRunSort
from orchd.wire.task_runs import TaskRun, TaskRunFilter
from orchd.wire.work_queues import WorkQueueFilter

MOST_POINTS = 1000


class FlowIds(Body, frozen=True, kw_only=True):
    flow_ids: Ids


class FlowRunIds(Body, frozen=True, kw_only=True):
    flow_run_ids: Ids


class NextFlowRun(Answer, frozen=True, kw_only=False):
    """The run of a flow that is the next to go."""

    id: UUID
    flow_id: UUID
    name: str
    state_name: str
    state_type: str
    next_scheduled_start_time: datetime


class PointsAsked(PoolCriteria, frozen=True, kw_only=True):
    sort: FlowRunSort | None = None
    limit: Annotated[int, Meta(ge=0, le=MOST_POINTS)] | None = None
    offset: Offset | None = None


class Point(Answer, frozen=True, kw_only=False):
    """A flow run as a point in a chart; duration and lateness in seconds."""

    id: UUID
    state_type: str | None
    timestamp: datetime | None
    duration: float
    lateness: float


class DashboardAsked(PoolCriteria, frozen=True, kw_only=True):
    task_runs: TaskRunFilter
    work_queues: WorkQueueFilter | None = None


class Ended(Answer, frozen=True, kw_only=True):
    """How many task runs ended in one step."""

    completed: int = 0
    failed: int = 0


class NamedTaskRun(TaskRun, frozen=True, kw_only=False):
    """A task run with the name of its flow run."""

    flow_run_name: str | None


class SchemaValues(Body, frozen=True, kw_only=True):
    """Values, and the schema that they should fit."""

    schema: JsonObject
    values: JsonObject


class SchemaValuesAnswer(Answer, frozen=True, kw_only=True):
    """What does not fit: texts, and `{property or index, errors}` along the path."""

    errors: list[Any]
    valid: bool
