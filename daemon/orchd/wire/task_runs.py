"""Task runs: answers, creation, change, and which are meant."""

from enum import StrEnum
from typing import Literal

from orchd.wire.base import UNSET, UUID, Answer, Body, Filter, Json, Labels, Patch, Tags, UnsetType, datetime
from orchd.wire.filters import Between, BetweenOrNull, IdAny, Ids, Name, Operated, TagsAll, TextAny
from orchd.wire.states import State, StateCreate, StateType


class TaskRunPolicy(Body, frozen=True, kw_only=True):
    """How often and how soon a failed task run is tried again."""

    max_retries: int = 0
    retry_delay_seconds: float = 0
    retries: int | None = None
    retry_delay: int | float | list[int | float] | None = None
    retry_jitter_factor: float | None = None


class TaskInput(Body, frozen=True, kw_only=True, omit_defaults=True):
    """Where an argument came from: another run, a parameter of the flow, or a constant."""

    input_type: Literal["task_run", "flow_run", "parameter", "constant"]
    id: UUID | None = None
    name: str | None = None
    type: str | None = None


class TaskRun(Answer, frozen=True, kw_only=False):
    """A task run as it is answered. Built from rows by position: the fields' order is that of the query's columns."""

    id: UUID
    created: datetime
    updated: datetime
    name: str
    flow_run_id: UUID | None
    task_key: str
    dynamic_key: str
    cache_key: str | None
    cache_expiration: datetime | None
    task_version: str | None
    empirical_policy: TaskRunPolicy
    tags: Tags
    labels: Labels | None
    state_id: UUID | None
    task_inputs: dict[str, list[TaskInput]]
    state_type: str | None
    state_name: str | None
    run_count: int
    flow_run_run_count: int
    expected_start_time: datetime | None
    next_scheduled_start_time: datetime | None
    start_time: datetime | None
    end_time: datetime | None
    total_run_time: float
    estimated_run_time: float
    estimated_start_time_delta: float
    state: State | None


class TaskRunCreate(Body, frozen=True, kw_only=True):
    """A new task run. Without a name it gets a random one; without a state it is PENDING."""

    task_key: str
    dynamic_key: str
    id: UUID | None = None
    state: StateCreate | None = None
    name: str | None = None
    flow_run_id: UUID | None = None
    cache_key: str | None = None
    cache_expiration: datetime | None = None
    task_version: str | None = None
    empirical_policy: TaskRunPolicy = TaskRunPolicy()
    tags: Tags = []
    labels: Labels | None = None
    task_inputs: dict[str, list[Json]] = {}


class TaskRunUpdate(Patch, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change of a task run: its name is all that can be changed. null gives it a new random name."""

    name: str | UnsetType | None = UNSET


class TaskRunSort(StrEnum):
    """Orders of a list of task runs. Where nulls come follows the database."""

    ID_DESC = "ID_DESC"
    EXPECTED_START_TIME_ASC = "EXPECTED_START_TIME_ASC"
    EXPECTED_START_TIME_DESC = "EXPECTED_START_TIME_DESC"
    NAME_ASC = "NAME_ASC"
    NAME_DESC = "NAME_DESC"
    NEXT_SCHEDULED_START_TIME_ASC = "NEXT_SCHEDULED_START_TIME_ASC"
    END_TIME_DESC = "END_TIME_DESC"


class StateTypeAny(Filter, frozen=True, kw_only=True):
    any_: list[StateType] | None = None


class TaskRunStateFilter(Operated, frozen=True, kw_only=True):
    type: StateTypeAny | None = None
    name: TextAny | None = None


class SubflowRuns(Filter, frozen=True, kw_only=True):
    """Whether the task run stands for a subflow's run."""

    exists_: bool | None = None


class OfFlowRun(Operated, frozen=True, kw_only=True):
    """Unless told otherwise it asks that there is a flow run."""

    any_: Ids | None = None
    is_null_: bool | None = False


class TaskRunFilter(Operated, frozen=True, kw_only=True):
    """Which task runs are meant."""

    id: IdAny | None = None
    name: Name | None = None
    tags: TagsAll | None = None
    state: TaskRunStateFilter | None = None
    start_time: BetweenOrNull | None = None
    end_time: BetweenOrNull | None = None
    expected_start_time: Between | None = None
    subflow_runs: SubflowRuns | None = None
    flow_run_id: OfFlowRun | None = None
