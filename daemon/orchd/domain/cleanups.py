"""Cleanups: infrastructure of runs that is to be torn down by a worker of their pool.

A message is handed to one worker at a time, under a token and a lease. It comes back when the worker releases it, or
lets the lease run out; after so many attempts nobody gets it any more.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from msgspec import Struct

from orchd.db import Tx
from orchd.kit.jsontext import decode
from orchd.queries import cleanups as query
from orchd.queries.cleanups import DEAD, DONE, RESERVED, WAITING, Infrastructure, Message
from orchd.wire.worker_channel import CANCELLING_TIMEOUT, Cleanup

_OTHERS_TEAR_DOWN = (":push", ":managed")
"""Ends of the types of pools that have no worker."""


class Consumer(Struct, frozen=True):
    """A worker that is connected: what it may be given."""

    id: UUID
    pool: UUID
    queues: Sequence[UUID]
    kinds: Sequence[str]
    most: int
    """Messages in hand at once."""


class Terms(Struct, frozen=True):
    """How long a worker has for a message, and how often it is handed out."""

    lease: timedelta
    attempts: int


class Outcome(Struct, frozen=True):
    """What comes of a worker's word on a message."""

    status: str
    reason: str | None = None
    lease_expires_at: datetime | None = None


def signal(pool: UUID) -> str:
    """The wake-up for workers of a pool that wait for messages."""
    return f"cleanups-{pool}"


def after_cancelling_timeout(tx: Tx, run: UUID, where: Infrastructure | None, now: datetime) -> bool:
    """Nobody has reported the end of a cancellation: a worker shall see to it that nothing goes on.

    False when the run has no worker, or when it was asked for before. `where`: as it was while the run was cancelling.
    """
    if where is None or where.pool_type.endswith(_OTHERS_TEAR_DOWN):
        return False
    name = f"prefect:{CANCELLING_TIMEOUT}:{run}:{where.state_id}"
    values = {
        "id": uuid5(NAMESPACE_URL, name),
        "created": now,
        "updated": now,
        "work_pool_id": where.pool_id,
        "work_queue_id": where.queue_id,
        "kind": CANCELLING_TIMEOUT,
        "target": {"flow_run_id": run, "infrastructure_pid": where.pid},
        "data": {},
        "idempotency_key": None,
        "status": WAITING,
        "attempts": 0,
        "reservation_token": None,
        "reserved_by": None,
        "lease_expires_at": None,
    }
    made = query.insert_new(tx, values)
    tx.signals.add(signal(where.pool_id))
    return made


def reserve(tx: Tx, consumer: Consumer, terms: Terms, now: datetime) -> Cleanup | None:
    """Hands the next message to a worker; None when nothing waits, or it has its hands full."""
    tx.begin()
    if query.held_by(tx, consumer.id, now) >= consumer.most:
        return None
    found = query.oldest_waiting(tx, consumer.pool, consumer.queues, consumer.kinds)
    if found is None:
        return None
    token, ends, attempt = secrets.token_urlsafe(24), now + terms.lease, found.attempts + 1
    query.change(
        tx,
        found.id,
        {
            "status": RESERVED,
            "attempts": attempt,
            "reservation_token": token,
            "reserved_by": consumer.id,
            "lease_expires_at": ends,
            "updated": now,
        },
    )
    return Cleanup(
        message_id=found.id,
        kind=found.kind,
        reservation_token=token,
        lease_expires_at=ends,
        delivery_count=attempt,
        work_queue_id=found.work_queue_id,
        target=decode(found.target),
        data=decode(found.data),
    )


def acknowledge(tx: Tx, id: UUID, token: str, pool: UUID, now: datetime) -> Outcome:
    """The worker has done it."""
    message = query.locked(tx, id)
    if refusal := _refusal(message, token, pool, now):
        return refusal
    query.change(tx, id, {"status": DONE, **_FREE, "updated": now})
    return Outcome("accepted")


def renew(tx: Tx, id: UUID, token: str, pool: UUID, terms: Terms, now: datetime) -> Outcome:
    """The worker needs more time; it counts as the same attempt."""
    message = query.locked(tx, id)
    if refusal := _refusal(message, token, pool, now):
        return refusal
    query.change(tx, id, {"lease_expires_at": now + terms.lease, "updated": now})
    return Outcome("accepted", lease_expires_at=now + terms.lease)


def release(tx: Tx, id: UUID, token: str, pool: UUID, terms: Terms, now: datetime) -> Outcome:
    """The worker cannot do it: the next one may try."""
    message = query.locked(tx, id)
    if refusal := _refusal(message, token, pool, now):
        return refusal
    assert message is not None
    if _put_back(tx, message, terms.attempts, now):
        return Outcome("accepted")
    return Outcome("dead_lettered", "max_delivery_attempts_reached")


def return_expired(tx: Tx, attempts: int, now: datetime, limit: int) -> int:
    """One pass: messages whose lease has run out are for the next worker, or for nobody. Says how many."""
    found = query.expired(tx, now, limit)
    for message in found:
        _put_back(tx, message, attempts, now)
    return len(found)


_FREE = {"reservation_token": None, "reserved_by": None, "lease_expires_at": None}


def _put_back(tx: Tx, message: Message, attempts: int, now: datetime) -> bool:
    """False when it was tried often enough."""
    again = message.attempts < attempts
    query.change(tx, message.id, {"status": WAITING if again else DEAD, **_FREE, "updated": now})
    if again:
        tx.signals.add(signal(message.work_pool_id))
    return again


def _refusal(message: Message | None, token: str, pool: UUID, now: datetime) -> Outcome | None:
    if message is None:
        return Outcome("not_found", "message_not_found")
    if message.work_pool_id != pool:
        return Outcome("unauthorized", "work_pool_mismatch")
    if message.status != RESERVED:
        return Outcome("not_current", "no_active_reservation")
    if not secrets.compare_digest((message.reservation_token or "").encode(), token.encode()):
        return Outcome("invalid_token", "reservation_token_mismatch")
    if message.lease_expires_at is None or message.lease_expires_at <= now:
        return Outcome("expired", "lease_expired")
    return None
