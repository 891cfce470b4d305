"""Flow runs: answers, creation, change, and which are meant."""

from enum import StrEnum
from typing import Literal

from orchd.wire.base import UNSET, UUID, Answer, Body, Filter, JsonObject, Labels, Patch, Tags, UnsetType, datetime
from orchd.wire.filters import (
    Between,
    BetweenOrNull,
    IdAnyOrNot,
    IdOrNull,
    Ids,
    Name,
    Operated,
    TagsAllOrAny,
    TextAny,
    TextAnyOrNot,
    TextOrNull,
    Texts,
)
from orchd.wire.states import State, StateCreate, StateType


class FlowRunPolicy(Body, frozen=True, kw_only=True):
    """How often and how soon a failed run is tried again, and what a pause left behind."""

    max_retries: int = 0
    retry_delay_seconds: float = 0
    retries: int | None = None
    retry_delay: int | None = None
    pause_keys: list[str] | None = []
    resuming: bool | None = False
    retry_type: Literal["in_process", "reschedule"] | None = None


class CreatedBy(Body, frozen=True, kw_only=True):
    """Who or what made a run: a schedule, an automation, a deployment's caller."""

    id: UUID | None = None
    type: str | None = None
    display_value: str | None = None


class FlowRun(Answer, frozen=True, kw_only=False):
    """A flow run as it is answered. Built from rows by position: the fields' order is that of the query's columns."""

    id: UUID
    created: datetime
    updated: datetime
    name: str
    flow_id: UUID
    state_id: UUID | None
    deployment_id: UUID | None
    deployment_version: str | None
    work_queue_id: UUID | None
    work_queue_name: str | None
    flow_version: str | None
    parameters: JsonObject
    idempotency_key: str | None
    context: JsonObject
    empirical_policy: FlowRunPolicy
    tags: Tags
    labels: Labels
    parent_task_run_id: UUID | None
    state_type: str | None
    state_name: str | None
    run_count: int
    expected_start_time: datetime | None
    next_scheduled_start_time: datetime | None
    start_time: datetime | None
    end_time: datetime | None
    total_run_time: float
    estimated_run_time: float
    estimated_start_time_delta: float
    auto_scheduled: bool
    infrastructure_document_id: UUID | None
    infrastructure_pid: str | None
    created_by: CreatedBy | None
    work_pool_id: UUID | None
    work_pool_name: str | None
    state: State | None
    job_variables: JsonObject | None


class FlowRunCreate(Body, frozen=True, kw_only=True):
    """A new flow run. Without a name it gets a random one; without a state it has none."""

    flow_id: UUID
    state: StateCreate | None = None
    name: str | None = None
    flow_version: str | None = None
    parameters: JsonObject = {}
    context: JsonObject = {}
    parent_task_run_id: UUID | None = None
    infrastructure_document_id: UUID | None = None
    empirical_policy: FlowRunPolicy = FlowRunPolicy()
    tags: Tags = []
    labels: Labels | None = None
    idempotency_key: str | None = None
    work_pool_name: str | None = None
    work_queue_name: str | None = None
    job_variables: JsonObject | None = {}
    deployment_id: UUID | None = None


class ResumeFlowRun(Body, frozen=True, kw_only=True):
    """What the author of a pause asked for."""

    run_input: JsonObject | None = None


class FlowRunUpdate(Patch, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change of a flow run. A state is not changed this way: the key is refused like any unknown one."""

    name: str | UnsetType | None = UNSET
    flow_version: str | UnsetType | None = UNSET
    parameters: JsonObject | UnsetType = UNSET
    empirical_policy: FlowRunPolicy | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    infrastructure_pid: str | UnsetType | None = UNSET
    job_variables: JsonObject | UnsetType | None = UNSET


class FlowRunSort(StrEnum):
    """Orders of a list of flow runs. Where nulls come follows the database."""

    ID_DESC = "ID_DESC"
    START_TIME_ASC = "START_TIME_ASC"
    START_TIME_DESC = "START_TIME_DESC"
    EXPECTED_START_TIME_ASC = "EXPECTED_START_TIME_ASC"
    EXPECTED_START_TIME_DESC = "EXPECTED_START_TIME_DESC"
    NAME_ASC = "NAME_ASC"
    NAME_DESC = "NAME_DESC"
    NEXT_SCHEDULED_START_TIME_ASC = "NEXT_SCHEDULED_START_TIME_ASC"
    END_TIME_DESC = "END_TIME_DESC"


class StateTypeAnyOrNot(Filter, frozen=True, kw_only=True):
    any_: list[StateType] | None = None
    not_any_: list[StateType] | None = None


class FlowRunStateFilter(Operated, frozen=True, kw_only=True):
    type: StateTypeAnyOrNot | None = None
    name: TextAnyOrNot | None = None


class ParentFlowRun(Operated, frozen=True, kw_only=True):
    any_: Ids | None = None


class CreatedByFilter(Operated, frozen=True, kw_only=True):
    id_: Ids | None = None
    type_: Texts | None = None
    is_null_: bool | None = None


class FlowRunFilter(Operated, frozen=True, kw_only=True):
    """Which flow runs are meant."""

    id: IdAnyOrNot | None = None
    name: Name | None = None
    tags: TagsAllOrAny | None = None
    deployment_id: IdOrNull | None = None
    work_queue_name: TextOrNull | None = None
    state: FlowRunStateFilter | None = None
    flow_version: TextAny | None = None
    start_time: BetweenOrNull | None = None
    """The bounds hold for the expected start of a run that has not started."""
    end_time: BetweenOrNull | None = None
    expected_start_time: Between | None = None
    next_scheduled_start_time: Between | None = None
    parent_flow_run_id: ParentFlowRun | None = None
    parent_task_run_id: IdOrNull | None = None
    idempotency_key: TextAnyOrNot | None = None
    created_by: CreatedByFilter | None = None
