"""What a rule may say, and what follows from it. Both are data: the caller carries out the effects."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from orchd.orchestration.transition import Proposed


class TakeSlot(Struct, frozen=True):
    """Count the deployment's limit up by one and write a lease over it, held by the flow run."""

    limit_id: UUID
    lease_id: UUID
    seconds: float


class RenewLease(Struct, frozen=True):
    """Let the lease end `seconds` from now."""

    lease_id: UUID
    seconds: float


class KeepLease(Struct, frozen=True):
    """Let the lease never end by itself: the client does not renew it. It ends with its run."""

    lease_id: UUID


class ReleaseLease(Struct, frozen=True):
    """Drop the lease and count its limits down. A lease that is gone holds nothing: then there is nothing to do."""

    lease_id: UUID


class TakeTagSlots(Struct, frozen=True):
    """Count these limits up by one and write a lease without an end over them, held by the task run."""

    limit_ids: tuple[UUID, ...]


class ReleaseTagSlots(Struct, frozen=True):
    """Drop every lease over `tag:` limits that the task run holds, and count the limits down."""


class WriteCache(Struct, frozen=True):
    """Remember the stored state under this key."""

    key: str
    expiration: datetime | None


class EnqueueTask(Struct, frozen=True):
    """Put the task run on the delivery queue of its task key; a retry is served before new ones."""

    retry: bool


Effect = TakeSlot | RenewLease | KeepLease | ReleaseLease | TakeTagSlots | ReleaseTagSlots | WriteCache | EnqueueTask

_NOTHING: Mapping[str, Any] = {}


class Accept(Struct, frozen=True, kw_only=True):
    """The rule lets the proposal pass. Its changes and effects count only if no later rule turns it away."""

    name: str | None = None
    """A new name for the proposed state."""
    details: Mapping[str, Any] = _NOTHING
    """Fields of the proposed `state_details` to set."""
    policy: Mapping[str, Any] = _NOTHING
    """Fields of the run's `empirical_policy` to set before attempts are counted."""
    policy_after: Mapping[str, Any] = _NOTHING
    """The same, after attempts are counted."""
    run_count: int | None = None
    """Count attempts on from this number."""
    flow_run_run_count: int | None = None
    """The attempt of the flow run in which a task run started."""
    effects: tuple[Effect, ...] = ()


class Reject(Struct, frozen=True):
    """The proposal is not stored: another state is stored in its place, or (None) the current one stays."""

    state: Proposed | None
    reason: str
    policy: Mapping[str, Any] = _NOTHING


class Wait(Struct, frozen=True):
    """Propose it again in so many seconds."""

    delay_seconds: int
    reason: str


class Abort(Struct, frozen=True):
    """The proposer must stop what it does."""

    reason: str


Verdict = Accept | Reject | Wait | Abort

ACCEPT = Accept()


class Gathered:
    """All that the rules of one walk want done with the state that is stored and with its run."""

    __slots__ = ("details", "effects", "flow_run_run_count", "name", "policy", "policy_after", "run_count")

    def __init__(self, policy: Mapping[str, Any] = _NOTHING) -> None:
        self.details: dict[str, Any] = {}
        self.policy = dict(policy)
        self.policy_after: dict[str, Any] = {}
        self.effects: list[Effect] = []
        self.name: str | None = None
        self.run_count: int | None = None
        self.flow_run_run_count: int | None = None

    def add(self, verdict: Accept) -> None:
        self.details.update(verdict.details)
        self.policy.update(verdict.policy)
        self.policy_after.update(verdict.policy_after)
        self.effects.extend(verdict.effects)
        if verdict.name is not None:
            self.name = verdict.name
        if verdict.run_count is not None:
            self.run_count = verdict.run_count
        if verdict.flow_run_run_count is not None:
            self.flow_run_run_count = verdict.flow_run_run_count

    def onto(self, state: Proposed) -> Proposed:
        """The state as it is stored."""
        if self.details:
            state = replace(state, state_details=replace(state.state_details, **self.details))
        return state if self.name is None else replace(state, name=self.name)
