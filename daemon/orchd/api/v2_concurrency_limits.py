"""Concurrency limits: how much may happen at once, or how often."""

import random
from typing import TypeVar
from uuid import UUID

from orchd.api._context import Call
from orchd.api._operation import operation
from orchd.domain import concurrency_limits, leases
from orchd.domain.concurrency_limits import Asked, Refused, key_of
from orchd.errors import Locked
from orchd.kit.ids import uuid7
from orchd.queries import concurrency_limits as query
from orchd.wire.v2_concurrency_limits import (
    LEASE_SECONDS,
    Decrement,
    DecrementWithLease,
    Increment,
    IncrementWithLease,
    Leased,
    LeaseRenewal,
    LimitCreate,
    LimitCreated,
    LimitInUse,
    LimitList,
    LimitNamed,
    LimitUpdate,
)

PREFIX = "/v2/concurrency_limits"

T = TypeVar("T")


@operation("POST", "/v2/concurrency_limits/", role="operator", status=201)
async def create_concurrency_limit_v2(call: Call, body: LimitCreate) -> LimitCreated:
    """Creates a limit."""
    return await call.db.write(concurrency_limits.create, body, call.now)


@operation("GET", "/v2/concurrency_limits/{id_or_name}", role="viewer")
async def read_concurrency_limit_v2(call: Call, id_or_name: str) -> LimitInUse:
    """The limit with this id or name, and how many of its slots are taken."""
    return await call.db.read(concurrency_limits.read, key_of(id_or_name), call.now)


@operation("POST", "/v2/concurrency_limits/filter", role="viewer")
async def read_all_concurrency_limits_v2(call: Call, body: LimitList) -> list[LimitInUse]:
    """All limits."""
    return await call.db.read(concurrency_limits.page, call.limit(body.limit), body.offset or 0, call.now)


@operation("PATCH", "/v2/concurrency_limits/{id_or_name}", role="operator", status=204)
async def update_concurrency_limit_v2(call: Call, id_or_name: str, body: LimitUpdate) -> None:
    """Changes the limit with this id or name."""
    await call.db.write(concurrency_limits.update, key_of(id_or_name), body, call.now)


@operation("DELETE", "/v2/concurrency_limits/{id_or_name}", role="operator", status=204)
async def delete_concurrency_limit_v2(call: Call, id_or_name: str) -> None:
    """Deletes the limit with this id or name."""
    await call.db.write(concurrency_limits.delete, key_of(id_or_name), call.now)


@operation("POST", "/v2/concurrency_limits/increment", role="worker")
async def bulk_increment_active_slots(call: Call, body: Increment) -> list[LimitNamed]:
    """Takes slots of all the named limits, or of none. Names without a limit are passed over."""
    if not await call.db.read(query.named, body.names):
        return []
    return _granted(await call.db.write(concurrency_limits.increment, body, _asked(call)))


@operation("POST", "/v2/concurrency_limits/increment-with-lease", role="worker")
async def bulk_increment_active_slots_with_lease(call: Call, body: IncrementWithLease) -> Leased:
    """The same, until the lease is ended or not renewed in time."""
    if not await call.db.read(query.named, body.names):  # every task with tags asks; few tags have a limit
        return Leased(lease_id=uuid7(), limits=[])
    return _granted(await call.db.write(concurrency_limits.increment_with_lease, body, _asked(call)))


@operation("POST", "/v2/concurrency_limits/decrement", role="worker")
async def bulk_decrement_active_slots(call: Call, body: Decrement) -> list[LimitNamed]:
    """Gives slots back that were taken without a lease."""
    return await call.db.write(concurrency_limits.decrement, body, call.now)


@operation("POST", "/v2/concurrency_limits/decrement-with-lease", role="worker", status=204)
async def bulk_decrement_active_slots_with_lease(call: Call, body: DecrementWithLease) -> None:
    """Ends a lease and gives its slots back; nothing happens when it has ended already."""
    await call.db.write(leases.release, body.lease_id, call.now)


@operation("POST", "/v2/concurrency_limits/leases/{lease_id}/renew", role="worker", status=204)
async def renew_concurrency_lease(call: Call, lease_id: UUID, body: LeaseRenewal) -> None:
    """Lets a lease hold on."""
    await call.db.write(concurrency_limits.renew, lease_id, body.lease_duration or LEASE_SECONDS, call.now)


def _asked(call: Call) -> Asked:
    chosen = call.settings.orchestration
    return Asked(
        now=call.now,
        longest_wait=chosen.slot_wait_max.total_seconds(),
        longest_tag_wait=chosen.tag_slot_wait.total_seconds(),
        chance=random.random(),  # noqa: S311
    )


def _granted(outcome: T | Refused) -> T:
    """A refusal becomes an error only here: it has been counted, and its transaction is to be kept."""
    if isinstance(outcome, Refused):
        raise Locked("Locked", outcome.retry_after)
    return outcome
