"""Slots of a deployment's concurrency limit, each held by a lease whose id travels in the states of its run.

A lease that is not renewed ends, so that a slot outlives a lost process only for so long.
"""

import re
from datetime import timedelta
from functools import lru_cache
from uuid import UUID

from orchd.orchestration.facts import Deployment, Facts, Need, Run, SlotLimit
from orchd.orchestration.rule import conclusion, rule
from orchd.orchestration.transition import (
    AWAITING_SLOT,
    CANCELLED,
    CANCELLING,
    FAILED,
    HOLDS_SLOT,
    PAUSED,
    PENDING,
    RUNNING,
    SCHEDULED,
    TERMINAL,
    Proposed,
    State,
    StateDetails,
    Transition,
)
from orchd.orchestration.verdicts import (
    ACCEPT,
    Abort,
    Accept,
    Effect,
    KeepLease,
    Reject,
    ReleaseLease,
    RenewLease,
    TakeSlot,
    Verdict,
)

_LEASE = "deployment_concurrency_lease_id"
_KNOW_NO_SLOTS = frozenset({"3.0.0rc20", "3.0.0", "3.0.1", "3.0.2", "3.0.3"})
_FULL = "The deployment's concurrency limit is reached."
_MAY_HOLD_SLOT = HOLDS_SLOT | {SCHEDULED}  # scheduled: waiting for a retry in its process
_FIRST_TO_RENEW = (3, 4, 11, True)


def lease_of(state: State | None) -> UUID | None:
    """The lease that a state names."""
    return None if state is None else state.state_details.deployment_concurrency_lease_id


def _reads_lease(asked: Transition, run: Run) -> Need:
    return Need.NOTHING if lease_of(asked.current) is None else Need.LEASE


def _reads_slots_and_lease(asked: Transition, run: Run) -> Need:
    return Need.NOTHING if run.deployment_id is None else Need.DEPLOYMENT | _reads_lease(asked, run)


def _reads_terms_of_lease(asked: Transition, run: Run) -> Need:
    return Need.NOTHING if lease_of(asked.current) is None else _reads_slots_and_lease(asked, run)


@rule()
def keep_lease_id(asked: Transition, facts: Facts) -> Verdict:
    """Clients do not send the lease back, or send null: the run keeps it."""
    lease = lease_of(asked.current)
    if lease is None or asked.proposed.state_details.deployment_concurrency_lease_id is not None:
        return ACCEPT
    return Accept(details={_LEASE: lease})


@rule(reads=_reads_lease)
def keep_id_of_living_lease(asked: Transition, facts: Facts) -> Verdict:
    """Force takes no slot, but does not lose one either."""
    return keep_lease_id.decide(asked, facts) if facts.lease_alive else ACCEPT


@rule(leaving=TERMINAL | {SCHEDULED, PAUSED, None}, entering=frozenset({PENDING}), reads=_reads_slots_and_lease)
def take_slot(asked: Transition, facts: Facts) -> Verdict:
    """A run of a limited deployment is submitted when it gets a slot; otherwise it waits, or is cancelled."""
    deployment, run = facts.deployment, facts.run
    if run.deployment_id is None or facts.client_version in _KNOW_NO_SLOTS:
        return ACCEPT
    if deployment is None:
        return Abort("The deployment of this run is gone.")
    limit, lease = deployment.limit, lease_of(asked.current)
    if limit is None or not limit.active:
        return ACCEPT
    if limit.limit == 0:
        return Abort("The concurrency limit of the deployment is 0.")
    if lease is not None and facts.lease_alive:
        return Accept(details={_LEASE: lease}, effects=(RenewLease(lease, _duration(deployment, facts)),))
    if not limit.full:
        return _taken(limit, deployment, facts)
    if deployment.cancel_new:
        return Reject(Proposed(CANCELLED, "Cancelled"), _FULL)
    return Reject(_awaiting_slot(facts), _FULL)


@rule(leaving=frozenset({PENDING}), entering=frozenset({RUNNING}), reads=_reads_terms_of_lease)
def renew_lease_at_start(asked: Transition, facts: Facts) -> Verdict:
    """From here the client renews the lease. One that ended meanwhile gets a new slot, if one is free."""
    deployment, lease = facts.deployment, lease_of(asked.current)
    if lease is None or deployment is None or deployment.limit is None or not _renews(facts.client_version):
        return ACCEPT
    if facts.lease_alive:
        return Accept(effects=(RenewLease(lease, _duration(deployment, facts)),))
    if not deployment.limit.active:
        return ACCEPT
    if deployment.limit.full:
        return Reject(Proposed(CANCELLED, "Cancelled"), "The run's concurrency slot was lost and none is free.")
    return _taken(deployment.limit, deployment, facts)


@rule(leaving=frozenset({PENDING}), entering=frozenset({RUNNING, CANCELLING}))
def keep_lease_of_old_client(asked: Transition, facts: Facts) -> Verdict:
    """A client that does not renew its lease holds its slot until the run ends."""
    lease = lease_of(asked.current)
    return ACCEPT if lease is None or _renews(facts.client_version) else Accept(effects=(KeepLease(lease),))


@rule(leaving=frozenset({SCHEDULED}), entering=frozenset({SCHEDULED}), reads=_reads_slots_and_lease)
def cancel_late_without_slot(asked: Transition, facts: Facts) -> Verdict:
    """A deployment that cancels what it has no slot for does so when the run is late, too."""
    deployment = facts.deployment
    if deployment is None or not deployment.cancel_new or facts.lease_alive:
        return ACCEPT
    if deployment.limit is None or not deployment.limit.full:
        return ACCEPT
    return Reject(Proposed(CANCELLED, "Cancelled"), _FULL)


@conclusion
def release_slot(asked: Transition, stored: Proposed, facts: Facts) -> tuple[Effect, ...]:
    """A run that neither runs nor is about to gives its slot back, unless its process waits for a retry."""
    current, lease = asked.current, lease_of(asked.current)
    if current is None or lease is None or stored.type in HOLDS_SLOT or current.type not in _MAY_HOLD_SLOT:
        return ()
    waits_for_retry = stored.type is SCHEDULED and (asked.proposed.type is FAILED or current.type is SCHEDULED)
    return () if waits_for_retry else (ReleaseLease(lease),)


def _taken(limit: SlotLimit, deployment: Deployment, facts: Facts) -> Accept:
    slot = TakeSlot(limit.id, facts.new_id, _duration(deployment, facts))
    return Accept(details={_LEASE: facts.new_id}, effects=(slot,))


def _duration(deployment: Deployment, facts: Facts) -> float:
    grace = deployment.grace_period_seconds
    return facts.settings.lease_duration if grace is None else grace


def _awaiting_slot(facts: Facts) -> Proposed:
    when = facts.now + timedelta(seconds=facts.settings.deployment_slot_wait)
    return Proposed(SCHEDULED, AWAITING_SLOT, state_details=StateDetails(scheduled_time=when))


@lru_cache(maxsize=64)
def _renews(client_version: str | None) -> bool:
    """Whether a client of this version renews its lease while it runs. A preview comes before its release."""
    found = re.match(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?!\d)\.?(a|b|rc|dev)?", client_version or "")
    if found is None:
        return False
    major, minor, patch = (int(part) for part in found.groups()[:3])
    return (major, minor, patch, found[4] is None) >= _FIRST_TO_RENEW
