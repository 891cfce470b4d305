"""Deployments: answers, creation, change, and which are meant."""

from enum import StrEnum
from typing import Annotated, Literal

from orchd.wire.base import (
    UNSET,
    UUID,
    Answer,
    Body,
    Filter,
    JsonObject,
    Labels,
    Meta,
    Patch,
    Tags,
    UnsetType,
    datetime,
)
from orchd.wire.filters import IdAnyOrNot, Name, Operated, TagsAllOrAny, TextAny
from orchd.wire.flow_runs import CreatedBy, FlowRunPolicy
from orchd.wire.schedules import DeploymentSchedule, Schedules, ScheduleUpdates
from orchd.wire.states import StateCreate
from orchd.wire.v2_concurrency_limits import LARGEST, LimitInUse

DeploymentName = Annotated[str, Meta(pattern=r"^[^/%&><]*$(?!\n)", max_length=1000)]
Grace = Annotated[int, Meta(ge=60, le=86400)]
AtOnce = Annotated[int, Meta(gt=0, le=LARGEST)]
"""How many runs may be under way at once."""


class DeploymentStatus(StrEnum):
    """Whether somebody has asked for the deployment's runs lately."""

    READY = "READY"
    NOT_READY = "NOT_READY"


class ConcurrencyOptions(Body, frozen=True, kw_only=True):
    """What becomes of a run that finds no slot, and for how many seconds one may be held before its run begins."""

    collision_strategy: Literal["ENQUEUE", "CANCEL_NEW"]
    grace_period_seconds: Grace | None = None


class Deployment(Answer, frozen=True, kw_only=True):
    """A deployment as it is answered. `concurrency_limit` is always null: read `global_concurrency_limit`."""

    id: UUID
    created: datetime
    updated: datetime
    name: str
    version: str | None
    description: str | None
    flow_id: UUID
    paused: bool
    schedules: list[DeploymentSchedule]
    concurrency_limit: int | None
    global_concurrency_limit: LimitInUse | None
    concurrency_options: ConcurrencyOptions | None
    job_variables: JsonObject
    parameters: JsonObject
    tags: Tags
    labels: Labels
    work_queue_name: str | None
    work_queue_id: UUID | None
    last_polled: datetime | None
    parameter_openapi_schema: JsonObject | None
    path: str | None
    pull_steps: list[JsonObject] | None
    entrypoint: str | None
    storage_document_id: UUID | None
    infrastructure_document_id: UUID | None
    created_by: CreatedBy | None
    updated_by: CreatedBy | None
    work_pool_name: str | None
    status: DeploymentStatus
    enforce_parameter_schema: bool


class DeploymentFields(Patch, frozen=True, kw_only=True):
    """What creation and change have in common: what is left out stays as it is."""

    version: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    paused: bool | UnsetType | None = UNSET
    concurrency_limit: AtOnce | UnsetType | None = UNSET
    concurrency_options: ConcurrencyOptions | UnsetType | None = UNSET
    global_concurrency_limit_id: UUID | UnsetType | None = UNSET
    enforce_parameter_schema: bool | UnsetType | None = UNSET
    parameter_openapi_schema: JsonObject | UnsetType | None = UNSET
    parameters: JsonObject | UnsetType | None = UNSET
    tags: Tags | UnsetType | None = UNSET
    pull_steps: list[JsonObject] | UnsetType | None = UNSET
    work_queue_name: str | UnsetType | None = UNSET
    work_pool_name: str | UnsetType | None = UNSET
    storage_document_id: UUID | UnsetType | None = UNSET
    infrastructure_document_id: UUID | UnsetType | None = UNSET
    path: str | UnsetType | None = UNSET
    entrypoint: str | UnsetType | None = UNSET
    job_variables: JsonObject | UnsetType | None = UNSET

    def __post_init__(self) -> None:
        if isinstance(self.concurrency_limit, int) and isinstance(self.global_concurrency_limit_id, UUID):
            raise ValueError("`concurrency_limit` and `global_concurrency_limit_id` cannot be given together")


class DeploymentCreate(DeploymentFields, frozen=True, kw_only=True):
    """A deployment: a new one, or, by its flow and name, the one that it changes."""

    name: DeploymentName
    flow_id: UUID
    labels: Labels | None = None
    schedules: Schedules = []


class DeploymentUpdate(DeploymentFields, frozen=True, kw_only=True):
    """A change of a deployment. What makes it that deployment cannot be changed."""

    schedules: ScheduleUpdates | UnsetType = UNSET
    name: UnsetType | None = UNSET
    flow_id: UnsetType | None = UNSET
    labels: UnsetType | None = UNSET

    def __post_init__(self) -> None:
        super().__post_init__()
        fixed = [key for key in ("name", "flow_id", "labels") if getattr(self, key) is not UNSET]
        if fixed:
            raise ValueError(f"`{fixed[0]}` of a deployment cannot be changed")


class DeploymentFlowRunCreate(Body, frozen=True, kw_only=True):
    """A run of a deployment. Without a state it is scheduled for now."""

    state: StateCreate | None = None
    name: str | None = None
    parameters: JsonObject = {}
    enforce_parameter_schema: bool | None = None
    context: JsonObject = {}
    infrastructure_document_id: UUID | None = None
    empirical_policy: FlowRunPolicy = FlowRunPolicy()
    tags: Tags = []
    idempotency_key: str | None = None
    labels: Labels | None = None
    parent_task_run_id: UUID | None = None
    work_queue_name: str | None = None
    job_variables: JsonObject | None = None


class FlowRunCreateResult(Answer, frozen=True, kw_only=True):
    """What became of one of several runs."""

    flow_run_id: UUID | None
    status: Literal["CREATED", "FAILED"]
    error: str | None


class FlowRunsCreated(Answer, frozen=True, kw_only=True):
    results: list[FlowRunCreateResult]


class DeploymentSort(StrEnum):
    """Orders of a list of deployments."""

    CREATED_DESC = "CREATED_DESC"
    UPDATED_DESC = "UPDATED_DESC"
    NAME_ASC = "NAME_ASC"
    NAME_DESC = "NAME_DESC"


class FlowOrDeploymentName(Filter, frozen=True, kw_only=True):
    """Part of the deployment's or of its flow's name; see `filters.Name`."""

    like_: str | None = None


class Paused(Filter, frozen=True, kw_only=True):
    eq_: bool | None = None


class ConcurrencyLimitBounds(Filter, frozen=True, kw_only=True):
    """Taken for the sake of older clients, and asks nothing."""

    ge_: int | None = None
    le_: int | None = None
    is_null_: bool | None = None


class DeploymentFilter(Operated, frozen=True, kw_only=True):
    """Which deployments are meant."""

    id: IdAnyOrNot | None = None
    name: Name | None = None
    flow_or_deployment_name: FlowOrDeploymentName | None = None
    paused: Paused | None = None
    tags: TagsAllOrAny | None = None
    work_queue_name: TextAny | None = None
    concurrency_limit: ConcurrencyLimitBounds | None = None
