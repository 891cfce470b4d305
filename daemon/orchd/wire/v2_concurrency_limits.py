"""Concurrency limits and the slots that are taken of them."""

from typing import Annotated, Literal

from orchd.wire.base import UNSET, UUID, Answer, Body, Limit, Meta, Offset, Patch, UnsetType, datetime

LARGEST = 2**31 - 1

LimitName = Annotated[str, Meta(pattern=r"^[^/%&><]+$", max_length=600)]
Count = Annotated[int, Meta(ge=0, le=LARGEST)]
Slots = Annotated[int, Meta(gt=0, le=LARGEST)]
LimitNames = Annotated[list[str], Meta(max_length=1000)]
Decay = Annotated[float, Meta(ge=0, le=1e9)]
"""Slots that come back by themselves, a second."""
LeaseSeconds = Annotated[float, Meta(ge=60, le=86400)]
LEASE_SECONDS = 300.0
"""For how long a lease holds unless the client says it."""


class LimitCreated(Answer, frozen=True):
    """A limit as the answer to its creation shows it."""

    id: UUID
    created: datetime
    updated: datetime
    active: bool
    name: str
    limit: int
    active_slots: int
    denied_slots: int
    slot_decay_per_second: float
    avg_slot_occupancy_seconds: float


class LimitInUse(Answer, frozen=True):
    """A limit, and how many of its slots are taken now."""

    id: UUID
    created: datetime
    updated: datetime
    active: bool
    name: str
    limit: int
    active_slots: int
    slot_decay_per_second: float


class LimitNamed(Answer, frozen=True):
    """A limit that slots were asked of."""

    id: UUID
    name: str
    limit: int


class Leased(Answer, frozen=True):
    """A lease and the limits that it is over; with none of them it stands for nothing."""

    lease_id: UUID
    limits: list[LimitNamed]


class LimitCreate(Body, frozen=True):
    """A new limit."""

    name: LimitName
    limit: Count
    active: bool = True
    active_slots: Count = 0
    denied_slots: Count = 0
    slot_decay_per_second: Decay = 0.0


class LimitUpdate(Patch, frozen=True, forbid_unknown_fields=True):
    """A change of a limit. A null breaks a rule of the table: a conflict, as clients know it."""

    active: bool | UnsetType | None = UNSET
    name: LimitName | UnsetType | None = UNSET
    limit: Count | UnsetType | None = UNSET
    active_slots: Count | UnsetType | None = UNSET
    denied_slots: Count | UnsetType | None = UNSET
    slot_decay_per_second: Decay | UnsetType | None = UNSET


class LimitList(Body, frozen=True):
    """Body of `filter`."""

    limit: Limit | None = None
    offset: Offset | None = None


class Increment(Body, frozen=True):
    """Slots of each of these limits. A rate is limited by slots that are never given back, but decay."""

    slots: Slots
    names: LimitNames
    mode: Literal["concurrency", "rate_limit"] | None = None
    create_if_missing: bool | None = None
    """Clients still send it; nothing is ever created."""


class Holder(Body, frozen=True):
    """Who holds a lease."""

    type: Literal["flow_run", "task_run", "deployment"]
    id: UUID


class IncrementWithLease(Increment, frozen=True):
    """The same, given back when nobody renews the lease in time."""

    lease_duration: LeaseSeconds | None = None
    holder: Holder | None = None


class Decrement(Body, frozen=True):
    """Slots given back, and for how long they were held."""

    slots: Slots
    names: LimitNames
    occupancy_seconds: Annotated[float, Meta(gt=0)] | None = None
    create_if_missing: bool | None = None


class DecrementWithLease(Body, frozen=True):
    """The lease whose slots are given back."""

    lease_id: UUID


class LeaseRenewal(Body, frozen=True):
    """For how long the lease shall hold from now."""

    lease_duration: LeaseSeconds | None = None
