"""Slots of a deployment."""

from datetime import timedelta
from typing import Any

import pytest

from orchd.orchestration.concurrency import (
    cancel_late_without_slot,
    keep_id_of_living_lease,
    keep_lease_id,
    keep_lease_of_old_client,
    release_slot,
    renew_lease_at_start,
    take_slot,
)
from orchd.orchestration.decision import Status
from orchd.orchestration.facts import Deployment, Facts
from orchd.orchestration.policy import CORE_FLOW, MARK_LATE, MINIMAL_FLOW
from orchd.orchestration.transition import (
    CANCELLED,
    CANCELLING,
    COMPLETED,
    CRASHED,
    FAILED,
    PAUSED,
    PENDING,
    RUNNING,
    SCHEDULED,
)
from orchd.orchestration.verdicts import (
    ACCEPT,
    Abort,
    Accept,
    KeepLease,
    Reject,
    ReleaseLease,
    RenewLease,
    TakeSlot,
    Verdict,
)
from orchd.orchestration.walk import decide
from orchd.wire.states import State, StateType
from tests.orchestration.asking import (
    ALL_TYPES,
    DEPLOYMENT,
    LEASE,
    LIMIT,
    NEW,
    NOON,
    asked,
    held,
    of_flow,
    slots,
    wished,
)

TAKEN = Accept(details={"deployment_concurrency_lease_id": NEW}, effects=(TakeSlot(LIMIT, NEW, 300),))
NEW_CLIENT, OLD_CLIENT = "3.8.8", "3.4.10"


def leased(state: StateType, name: str | None = None, **details: Any) -> State:
    return held(state, name, deployment_concurrency_lease_id=LEASE, **details)


def deployed(deployment: Deployment | None, **known: Any) -> Facts:
    return of_flow(deployment_id=DEPLOYMENT, deployment=deployment, **{"client_version": NEW_CLIENT, **known})


def substitute(verdict: Verdict) -> tuple[StateType, str]:
    assert isinstance(verdict, Reject)
    assert verdict.state is not None
    return verdict.state.type, verdict.state.name


@pytest.mark.parametrize("current", [None, SCHEDULED, PAUSED, COMPLETED, FAILED, CANCELLED, CRASHED])
def test_a_run_takes_a_slot_when_it_is_submitted(current: StateType | None) -> None:
    assert take_slot(asked(current, PENDING), deployed(slots(1))) == TAKEN


@pytest.mark.parametrize("current", [PENDING, RUNNING, CANCELLING])
def test_a_run_on_its_way_takes_no_second_slot(current: StateType) -> None:
    assert take_slot(asked(current, PENDING), deployed(slots(1))) is ACCEPT


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(deployed(slots(2, taken=1)), TAKEN, id="the last free slot"),
        pytest.param(of_flow(), ACCEPT, id="no deployment"),
        pytest.param(deployed(Deployment()), ACCEPT, id="no limit"),
        pytest.param(deployed(slots(1, taken=1, active=False)), ACCEPT, id="limit switched off"),
        pytest.param(deployed(slots(1, taken=1), client_version="3.0.3"), ACCEPT, id="a client that knows no slots"),
        pytest.param(deployed(slots(1, taken=0), client_version="3.0.4"), TAKEN, id="a client that does"),
    ],
)
def test_a_run_is_submitted(facts: Facts, expected: Accept) -> None:
    assert take_slot(asked(SCHEDULED, PENDING), facts) == expected


@pytest.mark.parametrize("deployment", [None, slots(0)])
def test_a_run_that_can_never_get_a_slot_is_not_submitted(deployment: Deployment | None) -> None:
    assert isinstance(take_slot(asked(SCHEDULED, PENDING), deployed(deployment)), Abort)


@pytest.mark.parametrize("taken", [1, 2])
def test_a_run_without_a_slot_waits_or_is_cancelled(taken: int) -> None:
    waits = take_slot(asked(SCHEDULED, PENDING), deployed(slots(1, taken)))
    cancelled = take_slot(asked(SCHEDULED, PENDING), deployed(slots(1, taken, cancel_new=True)))
    assert substitute(waits) == (SCHEDULED, "AwaitingConcurrencySlot")
    assert isinstance(waits, Reject)
    assert waits.state is not None
    assert waits.state.state_details.scheduled_time == NOON + timedelta(seconds=30)
    assert substitute(cancelled) == (CANCELLED, "Cancelled")


def test_a_run_that_still_has_a_slot_keeps_it() -> None:
    facts = deployed(slots(1, taken=1), lease_alive=True)
    verdict = take_slot(asked(leased(SCHEDULED, "AwaitingRetry"), PENDING), facts)
    assert verdict == Accept(details={"deployment_concurrency_lease_id": LEASE}, effects=(RenewLease(LEASE, 300),))


def test_a_lease_lasts_as_long_as_its_deployment_says() -> None:
    verdict = take_slot(asked(SCHEDULED, PENDING), deployed(slots(1, grace_period_seconds=60)))
    assert isinstance(verdict, Accept)
    assert verdict.effects == (TakeSlot(LIMIT, NEW, 60),)


def test_a_slot_is_not_taken_for_a_submission_that_a_later_rule_refuses() -> None:
    decision = decide(CORE_FLOW, asked(PAUSED, PENDING), deployed(slots(1)))
    assert (decision.status, decision.state, decision.effects) == (Status.REJECT, None, ())


def test_the_lease_is_named_by_the_state_that_took_the_slot() -> None:
    decision = decide(CORE_FLOW, asked(leased(FAILED), PENDING), deployed(slots(1)))
    assert decision.state is not None
    assert decision.state.state_details.deployment_concurrency_lease_id == NEW
    assert decision.effects == (TakeSlot(LIMIT, NEW, 300),)


@pytest.mark.parametrize("proposed", ALL_TYPES)
def test_a_lease_goes_with_its_run(proposed: StateType) -> None:
    kept = Accept(details={"deployment_concurrency_lease_id": LEASE})
    assert keep_lease_id(asked(leased(RUNNING), proposed), of_flow()) == kept
    assert keep_lease_id(asked(RUNNING, proposed), of_flow()) is ACCEPT
    assert (
        keep_lease_id(asked(leased(RUNNING), wished(proposed, deployment_concurrency_lease_id=NEW)), of_flow())
        is ACCEPT
    )


@pytest.mark.parametrize(("alive", "kept"), [(True, LEASE), (False, None)])
def test_force_keeps_a_lease_that_lives(alive: bool, kept: Any) -> None:
    assert (keep_id_of_living_lease(asked(leased(PENDING), RUNNING), of_flow(lease_alive=alive)) is ACCEPT) != alive
    decision = decide(MINIMAL_FLOW, asked(leased(PENDING), RUNNING), deployed(slots(1, 1), lease_alive=alive))
    assert decision.state is not None
    assert decision.state.state_details.deployment_concurrency_lease_id == kept
    assert decision.effects == ()


@pytest.mark.parametrize("proposed", [PENDING, RUNNING])
def test_force_takes_no_slot(proposed: StateType) -> None:
    assert decide(MINIMAL_FLOW, asked(SCHEDULED, proposed), deployed(slots(1))).effects == ()


def test_a_run_that_starts_renews_its_lease() -> None:
    facts = deployed(slots(1, taken=1, grace_period_seconds=60), lease_alive=True)
    assert renew_lease_at_start(asked(leased(PENDING), RUNNING), facts) == Accept(effects=(RenewLease(LEASE, 60),))


@pytest.mark.parametrize(
    ("deployment", "expected"),
    [
        pytest.param(slots(2, taken=1), TAKEN, id="a slot is free"),
        pytest.param(slots(1, taken=5, active=False), ACCEPT, id="limit switched off"),
        pytest.param(Deployment(), ACCEPT, id="limit removed"),
        pytest.param(None, ACCEPT, id="deployment gone"),
    ],
)
def test_a_run_that_lost_its_slot_gets_another(deployment: Deployment | None, expected: Accept) -> None:
    assert renew_lease_at_start(asked(leased(PENDING), RUNNING), deployed(deployment)) == expected


def test_a_run_that_lost_its_slot_and_finds_none_is_cancelled() -> None:
    verdict = renew_lease_at_start(asked(leased(PENDING), RUNNING), deployed(slots(1, taken=1)))
    assert substitute(verdict) == (CANCELLED, "Cancelled")


@pytest.mark.parametrize(("current", "proposed"), [(PENDING, RUNNING), (leased(SCHEDULED), RUNNING)])
def test_only_a_submitted_run_with_a_lease_renews_it(current: Any, proposed: StateType) -> None:
    assert renew_lease_at_start(asked(current, proposed), deployed(slots(1, taken=1))) is ACCEPT


@pytest.mark.parametrize(
    ("version", "renews"),
    [
        (NEW_CLIENT, True),
        ("3.4.11", True),
        ("3.10.0rc1", True),
        ("3.4.11+local", True),
        ("4.0.0", True),
        ("3.4.11rc2", False),
        ("3.4.11.dev1", False),
        (OLD_CLIENT, False),
        ("2.99.99", False),
        ("junk", False),
        (None, False),
    ],
)
@pytest.mark.parametrize("proposed", [RUNNING, CANCELLING])
def test_the_lease_of_a_client_that_cannot_renew_it_never_ends(
    version: str | None, renews: bool, proposed: StateType
) -> None:
    facts = deployed(slots(1, taken=1), client_version=version, lease_alive=True)
    starting = asked(leased(PENDING), proposed)
    assert keep_lease_of_old_client(starting, facts) == (ACCEPT if renews else Accept(effects=(KeepLease(LEASE),)))
    if proposed is RUNNING:
        assert isinstance(renew_lease_at_start(starting, facts), Accept)
        assert (renew_lease_at_start(starting, facts) is ACCEPT) != renews


def test_without_a_lease_there_is_none_to_keep() -> None:
    assert keep_lease_of_old_client(asked(PENDING, RUNNING), deployed(slots(1), client_version=None)) is ACCEPT


@pytest.mark.parametrize("current", [PENDING, RUNNING, CANCELLING])
@pytest.mark.parametrize("stored", ALL_TYPES)
def test_a_run_that_neither_runs_nor_is_about_to_gives_its_slot_back(current: StateType, stored: StateType) -> None:
    released = release_slot(asked(leased(current), stored), wished(stored), of_flow())
    assert released == (() if stored in (PENDING, RUNNING, CANCELLING) else (ReleaseLease(LEASE),))


@pytest.mark.parametrize(
    ("current", "proposed", "stored", "released"),
    [
        pytest.param(leased(RUNNING), FAILED, SCHEDULED, False, id="its process waits for a retry"),
        pytest.param(leased(RUNNING), SCHEDULED, SCHEDULED, True, id="its process exits and comes back"),
        pytest.param(leased(SCHEDULED), SCHEDULED, SCHEDULED, False, id="late with its retry"),
        pytest.param(leased(SCHEDULED), CRASHED, CRASHED, True, id="its process died before the retry"),
        pytest.param(leased(SCHEDULED), CANCELLING, CANCELLED, True, id="cancelled before the retry"),
        pytest.param(leased(PAUSED), RUNNING, RUNNING, False, id="a pause gave it back"),
        pytest.param(leased(COMPLETED), FAILED, FAILED, False, id="an end gave it back"),
        pytest.param(held(RUNNING), FAILED, FAILED, False, id="it never had one"),
        pytest.param(None, COMPLETED, COMPLETED, False, id="a first state"),
    ],
)
def test_only_a_slot_that_is_held_is_given_back(
    current: State | None, proposed: StateType, stored: StateType, released: bool
) -> None:
    assert bool(release_slot(asked(current, proposed), wished(stored), of_flow())) == released


@pytest.mark.parametrize("policy", [CORE_FLOW, MINIMAL_FLOW])
def test_the_end_of_a_run_releases_under_every_policy(policy: Any) -> None:
    decision = decide(policy, asked(leased(RUNNING), COMPLETED), deployed(slots(1, 1), lease_alive=True))
    assert decision.effects == (ReleaseLease(LEASE),)


@pytest.mark.parametrize(
    ("facts", "cancelled"),
    [
        pytest.param(deployed(slots(1, taken=1, cancel_new=True)), True, id="full"),
        pytest.param(deployed(slots(1, taken=1)), False, id="full, but runs wait"),
        pytest.param(deployed(slots(2, taken=1, cancel_new=True)), False, id="a slot is free"),
        pytest.param(deployed(slots(1, taken=1, cancel_new=True), lease_alive=True), False, id="it has a slot"),
        pytest.param(deployed(Deployment(cancel_new=True)), False, id="no limit"),
        pytest.param(of_flow(), False, id="no deployment"),
    ],
)
def test_a_late_run_without_a_slot_is_cancelled_where_runs_do_not_wait(facts: Facts, cancelled: bool) -> None:
    late = asked(SCHEDULED, wished(SCHEDULED, "Late"))
    assert isinstance(cancel_late_without_slot(late, facts), Reject) == cancelled
    decision = decide(MARK_LATE, late, facts)
    assert decision.state is not None
    assert decision.state.name == ("Cancelled" if cancelled else "Late")
