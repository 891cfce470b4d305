"""Events: as clients and orchd itself write them, and as they are answered."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import UNSET, Meta, Raw, UnsetType, field

from orchd.wire.base import Answer, Body, JsonObject, Patch, Tags
from orchd.wire.states import StateDetails, StateType
from orchd.wire.task_runs import TaskRunPolicy

Resource = dict[str, str]
"""Labels of something; `prefect.resource.id` names it, `prefect.resource.role` says what it is to the event."""

RESOURCE_ID = "prefect.resource.id"
RESOURCE_ROLE = "prefect.resource.role"
RESOURCE_NAME = "prefect.resource.name"

LABELS = 500  # per resource
RELATED = 100  # resources beside the event's own
NAME_LENGTH = 1024  # characters
EVENT_SIZE = 1_500_000  # bytes of JSON; a larger event is dropped, as clients expect

Labels = Annotated[Resource, Meta(max_length=LABELS)]
Count = Annotated[int, Meta(ge=0, lt=2**31)]


class Event(Body, frozen=True, kw_only=True):
    """Something that happened. The id is chosen by whoever tells of it, and makes a second telling harmless."""

    occurred: datetime
    event: str
    resource: Resource
    related: list[Resource] = field(default_factory=list)
    payload: Any = field(default_factory=dict)
    id: UUID
    follows: UUID | None = None


class IncomingEvent(Event, frozen=True, kw_only=True):
    """An event from a client: bounded, its payload kept as it was written."""

    event: Annotated[str, Meta(max_length=NAME_LENGTH)]
    resource: Labels
    related: Annotated[list[Labels], Meta(max_length=RELATED)] = field(default_factory=list)
    payload: Raw = Raw(b"{}")


class ReceivedEvent(Answer, frozen=True, kw_only=False):
    """An event as orchd holds it. Built from rows by position: the fields' order is that of the query's columns."""

    occurred: datetime
    event: str
    resource: Resource
    related: list[Resource]
    payload: JsonObject
    id: UUID
    follows: UUID | None
    received: datetime


class RecordedState(Body, frozen=True, kw_only=True):
    """`payload.validated_state` of a task run's event: the state, but for its id, its time and its run."""

    type: StateType
    name: str | None = None
    message: str | None = None
    state_details: StateDetails | None = None
    data: Raw = Raw(b"null")


class RecordedRun(Patch, frozen=True, kw_only=True):
    """`payload.task_run`: the columns that the event sets. One that is absent keeps its value."""

    task_key: str
    dynamic_key: str
    name: str | UnsetType = UNSET
    cache_key: str | UnsetType | None = UNSET
    cache_expiration: datetime | UnsetType | None = UNSET
    task_version: str | UnsetType | None = UNSET
    empirical_policy: TaskRunPolicy | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    labels: JsonObject | UnsetType | None = UNSET
    task_inputs: dict[str, list[Raw]] | UnsetType = UNSET
    run_count: Count | UnsetType = UNSET
    flow_run_run_count: Count | UnsetType = UNSET
    expected_start_time: datetime | UnsetType | None = UNSET
    next_scheduled_start_time: datetime | UnsetType | None = UNSET
    start_time: datetime | UnsetType | None = UNSET
    end_time: datetime | UnsetType | None = UNSET
    total_run_time: float | UnsetType = UNSET


class TaskRunPayload(Body, frozen=True, kw_only=True):
    """What the recorder reads of a task run's event."""

    validated_state: RecordedState
    task_run: RecordedRun
