"""States of flow runs and task runs, as proposed, stored and answered."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import UNSET, Raw, UnsetType

from orchd.wire.base import Answer, Body, Json, JsonObject


class StateType(StrEnum):
    """The nine types; a name is free text, the type carries the meaning."""

    SCHEDULED = "SCHEDULED"
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    CRASHED = "CRASHED"
    PAUSED = "PAUSED"
    CANCELLING = "CANCELLING"


TERMINAL = frozenset({StateType.COMPLETED, StateType.FAILED, StateType.CANCELLED, StateType.CRASHED})


class StateDetails(Body, frozen=True, kw_only=True):
    """What belongs to a state beside its type. Times keep the offset that they were given."""

    flow_run_id: UUID | None = None
    task_run_id: UUID | None = None
    child_flow_run_id: UUID | None = None
    scheduled_time: datetime | None = None
    cache_key: str | None = None
    cache_expiration: datetime | None = None
    deferred: bool | None = False
    untrackable_result: bool = False
    pause_timeout: datetime | None = None
    pause_reschedule: bool = False
    pause_key: str | None = None
    run_input_keyset: dict[str, str] | None = None
    refresh_cache: bool | None = None
    retriable: bool | None = None
    transition_id: UUID | None = None
    task_parameters_id: UUID | None = None
    traceparent: str | None = None
    deployment_concurrency_lease_id: UUID | None = None


class StateCreate(Body, frozen=True, kw_only=True):
    """A proposed state."""

    type: StateType
    name: str | None = None
    message: str | None = None
    data: Json = None
    state_details: StateDetails | None = None


class State(Answer, frozen=True, kw_only=True):
    """A state as orchd holds it."""

    id: UUID
    type: StateType
    name: str
    timestamp: datetime
    message: str | None = None
    data: Json = None
    state_details: StateDetails = StateDetails()


class OrchestrationResult(Answer, frozen=True, kw_only=True):
    """The answer to a proposal: the state that holds now, what became of the proposal, and why."""

    state: State | Raw | None
    status: str
    details: JsonObject


class SetState(Body, frozen=True, kw_only=True):
    """Body of `set_state`."""

    state: StateCreate
    force: bool | None = False


__all__ = [
    "TERMINAL",
    "UNSET",
    "OrchestrationResult",
    "SetState",
    "State",
    "StateCreate",
    "StateDetails",
    "StateType",
    "UnsetType",
]
