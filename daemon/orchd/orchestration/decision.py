"""What comes out of a walk over the rules."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct

from orchd.orchestration.verdicts import Effect
from orchd.wire.states import State, StateType


class Status(StrEnum):
    """What became of a proposal, in the client's words."""

    ACCEPT = "ACCEPT"
    REJECT = "REJECT"
    WAIT = "WAIT"
    ABORT = "ABORT"


class RunChanges(Struct, frozen=True, kw_only=True):
    """The run's columns after the transition; all of them, changed or not, except where `policy` says so."""

    state_type: StateType
    state_name: str
    state_timestamp: datetime
    run_count: int
    start_time: datetime | None
    end_time: datetime | None
    expected_start_time: datetime | None
    next_scheduled_start_time: datetime | None
    total_run_time: float
    flow_run_run_count: int
    """Task runs only."""
    policy: Mapping[str, Any]
    """Fields of `empirical_policy` to overwrite; empty when it stays as it is."""


class Decision(Struct, frozen=True, kw_only=True):
    """The answer to a proposal and all that has to be written for it."""

    status: Status
    details: Mapping[str, Any]
    """As they travel: `type`, and `reason` and `delay_seconds` where there are any."""
    state: State | None = None
    """The state to store. None: nothing is stored, and the answer carries the current state."""
    run: RunChanges | None = None
    """There exactly when `state` is."""
    effects: tuple[Effect, ...] = ()
    mirror_onto: UUID | None = None
    """The parent task run that must show a copy of `state`."""
