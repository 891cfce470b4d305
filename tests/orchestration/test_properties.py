"""What holds for any run in any state, whatever is proposed."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as any_
from msgspec.structs import replace

from orchd.orchestration.decision import Status
from orchd.orchestration.facts import Deployment, Facts, FlowRun, Kind, Need, Run, RunPolicy, SlotLimit, TagLimit
from orchd.orchestration.policy import (
    BACKGROUND_TASK,
    CORE_FLOW,
    CORE_TASK,
    MARK_LATE,
    MINIMAL_FLOW,
    MINIMAL_TASK,
)
from orchd.orchestration.rule import Policy
from orchd.orchestration.transition import CANCELLING, CRASHED, PAUSED, TERMINAL, Proposed, Transition
from orchd.orchestration.verdicts import TakeSlot
from orchd.orchestration.walk import decide, needs
from orchd.wire.states import State, StateDetails, StateType
from tests.orchestration.asking import LIMIT, NEW, NOON

ids = any_.none() | any_.integers(1, 4).map(lambda number: UUID(int=number))
moments = any_.none() | any_.timedeltas(timedelta(days=-2), timedelta(days=2)).map(lambda apart: NOON + apart)
flags = any_.none() | any_.booleans()
results = any_.sampled_from([None, {}, {"type": "unpersisted"}, {"type": "reference"}, "text"])
names = any_.sampled_from(["Mine", "Late", "Resuming", "AwaitingRetry", "Pending"])
types = any_.sampled_from(StateType)

details = any_.builds(
    StateDetails,
    scheduled_time=moments,
    cache_key=any_.sampled_from([None, "", "k", "k" * 2001]),
    pause_timeout=moments,
    pause_reschedule=any_.booleans(),
    pause_key=any_.sampled_from([None, "one", "two"]),
    refresh_cache=flags,
    retriable=flags,
    transition_id=ids,
    task_parameters_id=ids,
    deployment_concurrency_lease_id=ids,
)
states = any_.builds(
    State, id=ids, type=types, name=names, timestamp=moments.filter(bool), data=results, state_details=details
)
transitions = any_.builds(
    Transition,
    current=any_.none() | states,
    proposed=any_.builds(Proposed, type=types, name=names, data=results, state_details=details),
)
limits = any_.builds(
    SlotLimit, id=any_.just(LIMIT), limit=any_.integers(0, 2), active_slots=any_.integers(0, 3), active=any_.booleans()
)
policies_of_runs = any_.builds(
    RunPolicy,
    retries=any_.none() | any_.integers(0, 3),
    retry_delay=any_.none() | any_.integers(-1, 10**12) | any_.lists(any_.floats(0, 1e18), max_size=3),
    retry_jitter_factor=any_.none() | any_.floats(0, 1e6),
    pause_keys=any_.sampled_from([None, (), ("one",)]),
    resuming=flags,
)


unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def runs(kind: Kind) -> Any:
    return any_.builds(
        Run,
        kind=any_.just(kind),
        id=any_.just(UUID(int=1)),
        policy=policies_of_runs,
        run_count=any_.integers(0, 4),
        start_time=moments,
        end_time=moments,
        deployment_id=ids,
        parent_task_run_id=ids,
        flow_run_id=ids,
        tags=any_.sampled_from([(), ("db",)]),
    )


def facts(kind: Kind) -> Any:
    return any_.builds(
        Facts,
        now=any_.just(NOON),
        new_id=any_.just(NEW),
        run=runs(kind),
        client_version=any_.sampled_from([None, "3.8.8", "3.4.10", "3.0.0rc20", "x"]),
        jitter=any_.floats(0, 1, exclude_max=True),
        deployment=any_.none() | any_.builds(Deployment, limit=any_.none() | limits, cancel_new=any_.booleans()),
        lease_alive=any_.booleans(),
        flow_run=any_.none()
        | any_.builds(FlowRun, id=any_.just(UUID(int=7)), state_type=any_.none() | types, pause_timeout=moments),
        tag_limits=any_.lists(
            any_.builds(TagLimit, tag=any_.just("db"), limit=limits, held=any_.booleans()), max_size=2
        ).map(tuple),
        cached=any_.none() | states,
    )


Case = tuple[Policy, Transition, Facts]


def possible(case: Case) -> Case:
    """A run without tags has no limits of tags, and so on: facts as a database can hold them."""
    policy, asked, known = case
    there = Need.CACHE
    there |= Need.DEPLOYMENT if known.run.deployment_id else Need.NOTHING
    there |= Need.FLOW_RUN if known.run.flow_run_id else Need.NOTHING
    there |= Need.TAGS if known.run.tags else Need.NOTHING
    if asked.current and asked.current.state_details.deployment_concurrency_lease_id:
        there |= Need.LEASE
    return policy, asked, without(known, there)


cases = any_.one_of(
    any_.tuples(any_.sampled_from([CORE_FLOW, MINIMAL_FLOW, MARK_LATE]), transitions, facts(Kind.FLOW)),
    any_.tuples(any_.sampled_from([CORE_TASK, BACKGROUND_TASK, MINIMAL_TASK]), transitions, facts(Kind.TASK)),
).map(possible)


def without(known: Facts, need: Need) -> Facts:
    """The facts as somebody reads them who reads only what is needed."""
    return replace(
        known,
        deployment=known.deployment if Need.DEPLOYMENT in need else None,
        lease_alive=known.lease_alive and Need.LEASE in need,
        flow_run=known.flow_run if Need.FLOW_RUN in need else None,
        tag_limits=known.tag_limits if Need.TAGS in need else (),
        cached=known.cached if Need.CACHE in need else None,
    )


def without_result(asked: Transition, need: Need) -> Transition:
    if asked.current is None or Need.RESULT in need:
        return asked
    return replace(asked, current=replace(asked.current, data=None))


@unhurried
@given(cases)
def test_a_decision_follows_from_what_it_needs_alone(case: Case) -> None:
    policy, asked, known = case
    need = needs(policy, asked, known.run)
    assert decide(policy, asked, known) == decide(policy, without_result(asked, need), without(known, need))


@unhurried
@given(cases)
def test_what_is_not_stored_has_no_effect(case: Case) -> None:
    decision = decide(*case)
    if decision.state is None:
        assert decision.status is not Status.ACCEPT
        assert (decision.run, decision.effects, decision.mirror_onto) == (None, (), None)
    else:
        assert decision.status in (Status.ACCEPT, Status.REJECT)
        assert decision.run is not None
        assert decision.run.state_type is decision.state.type


@unhurried
@given(cases)
def test_states_follow_each_other_in_time(case: Case) -> None:
    _, asked, _ = case
    state = decide(*case).state
    if state is not None and asked.current is not None:
        assert state.timestamp > asked.current.timestamp


@unhurried
@given(transitions, facts(Kind.FLOW))
def test_an_ended_flow_run_is_never_stopped(asked: Transition, known: Facts) -> None:
    state = decide(CORE_FLOW, asked, known).state
    if asked.current is not None and asked.current.type in TERMINAL and state is not None:
        assert state.type not in (PAUSED, CANCELLING, CRASHED)


@unhurried
@given(transitions, facts(Kind.FLOW))
def test_a_slot_is_taken_only_where_one_is_free_and_its_lease_is_kept(asked: Transition, known: Facts) -> None:
    decision = decide(CORE_FLOW, asked, known)
    for effect in decision.effects:
        if isinstance(effect, TakeSlot):
            assert known.deployment is not None
            assert known.deployment.limit is not None
            assert not known.deployment.limit.full
            assert decision.state is not None
            assert decision.state.state_details.deployment_concurrency_lease_id == effect.lease_id
