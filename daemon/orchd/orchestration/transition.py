"""What is asked: a run's current state, and the state that somebody proposes for it."""

from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from orchd.kit.clock import as_utc
from orchd.wire.states import TERMINAL, State, StateCreate, StateDetails, StateType

SCHEDULED, PENDING, RUNNING, PAUSED, CANCELLING = (
    StateType.SCHEDULED,
    StateType.PENDING,
    StateType.RUNNING,
    StateType.PAUSED,
    StateType.CANCELLING,
)
COMPLETED, FAILED, CANCELLED, CRASHED = (
    StateType.COMPLETED,
    StateType.FAILED,
    StateType.CANCELLED,
    StateType.CRASHED,
)
ANY: frozenset[StateType] = frozenset(StateType)
ANY_OR_NONE: frozenset[StateType | None] = ANY | {None}
HOLDS_SLOT = frozenset({PENDING, RUNNING, CANCELLING})

AWAITING_RETRY = "AwaitingRetry"
AWAITING_SLOT = "AwaitingConcurrencySlot"
CACHED = "Cached"
LATE = "Late"
NOT_READY = "NotReady"
RERUNNING = "Rerunning"
RESUMING = "Resuming"
RETRYING = "Retrying"

_NO_DETAILS = StateDetails()


class Proposed(Struct, frozen=True):
    """A state that is not stored yet: it has no id and no timestamp."""

    type: StateType
    name: str
    message: str | None = None
    data: Any = None
    state_details: StateDetails = _NO_DETAILS


class Transition(Struct, frozen=True):
    """A run's current state (None: it has none) and the proposed one."""

    current: State | None
    proposed: Proposed


def proposed(new: StateCreate, now: datetime) -> Proposed:
    """The state as proposed, with what the proposer may leave out: its name, a time to start, zones of times."""
    details = new.state_details or _NO_DETAILS
    starts, expires = details.scheduled_time, details.pause_timeout
    if starts is None and new.type is SCHEDULED:
        details = replace(details, scheduled_time=now)
    elif starts is not None and starts.tzinfo is None:
        details = replace(details, scheduled_time=as_utc(starts))
    if expires is not None and expires.tzinfo is None:
        details = replace(details, pause_timeout=as_utc(expires))
    return Proposed(new.type, new.name or new.type.capitalize(), new.message, new.data, details)


def persisted(data: Any) -> bool:
    """Whether a result lies somewhere from where it can be read again."""
    return isinstance(data, dict) and data.get("type") != "unpersisted"


__all__ = ["TERMINAL", "Proposed", "State", "StateDetails", "StateType", "Transition", "persisted", "proposed"]
