"""How rules together make a decision."""

from orchd.orchestration.decision import Status
from orchd.orchestration.facts import Facts, Need
from orchd.orchestration.policy import CORE_FLOW, CORE_TASK
from orchd.orchestration.rule import Policy, Rule, rule
from orchd.orchestration.transition import COMPLETED, FAILED, PENDING, RUNNING, SCHEDULED, Transition
from orchd.orchestration.verdicts import Abort, Accept, KeepLease, Reject, Verdict, Wait
from orchd.orchestration.walk import decide, needs
from tests.orchestration.asking import CALL, DEPLOYMENT, FLOW_RUN, LEASE, asked, held, of_flow, of_task, wished


def saying(verdict: Verdict) -> Rule:
    @rule()
    def says(asked: Transition, facts: Facts) -> Verdict:
        return verdict

    return says


LEASE_KEPT = saying(Accept(name="Mine", policy={"retry_type": "x"}, effects=(KeepLease(LEASE),)))
FAILS_INSTEAD = saying(Reject(wished(FAILED), "because", {"resuming": True}))
RUNS_OTHERWISE = saying(Reject(wished(RUNNING, "Other"), "because", {"resuming": True}))
NEVER_REACHED = saying(Abort("too far"))


def test_what_a_rule_wanted_is_done_when_no_other_objects() -> None:
    decision = decide(Policy("one", LEASE_KEPT), asked(None, PENDING), of_flow())
    assert decision.state is not None
    assert decision.run is not None
    assert (decision.status, decision.details) == (Status.ACCEPT, {"type": "accept_details"})
    assert (decision.state.name, decision.run.policy) == ("Mine", {"retry_type": "x"})
    assert decision.effects == (KeepLease(LEASE),)


def test_a_substitute_of_another_type_undoes_what_earlier_rules_wanted_and_ends_the_walk() -> None:
    policy = Policy("three", LEASE_KEPT, FAILS_INSTEAD, NEVER_REACHED)
    decision = decide(policy, asked(None, wished(RUNNING, transition_id=CALL)), of_flow())
    assert decision.state is not None
    assert decision.run is not None
    assert (decision.status, decision.details) == (Status.REJECT, {"type": "reject_details", "reason": "because"})
    assert (decision.state.name, decision.state.state_details.transition_id) == ("Failed", CALL)
    assert (decision.run.policy, decision.effects) == ({}, ())


def test_a_substitute_of_the_same_type_is_put_to_the_rules_that_follow() -> None:
    first_refused = decide(Policy("two", RUNS_OTHERWISE, NEVER_REACHED), asked(None, RUNNING), of_flow())
    first_kept = decide(Policy("two", LEASE_KEPT, RUNS_OTHERWISE), asked(None, RUNNING), of_flow(resuming=None))
    assert first_refused.status is Status.ABORT
    assert first_kept.status is Status.REJECT
    assert first_kept.effects == (KeepLease(LEASE),)


def test_a_rule_that_refuses_ends_the_walk() -> None:
    wait = decide(Policy("two", saying(Wait(7, "early")), NEVER_REACHED), asked(None, RUNNING), of_flow())
    reject = decide(Policy("two", saying(Reject(None, "no")), NEVER_REACHED), asked(None, RUNNING), of_flow())
    abort = decide(Policy("two", saying(Abort("stop")), NEVER_REACHED), asked(None, RUNNING), of_flow())
    assert (wait.status, wait.details) == (
        Status.WAIT,
        {"type": "wait_details", "delay_seconds": 7, "reason": "early"},
    )
    assert (reject.status, reject.details) == (Status.REJECT, {"type": "reject_details", "reason": "no"})
    assert (abort.status, abort.details) == (Status.ABORT, {"type": "abort_details", "reason": "stop"})
    assert all(one.state is one.run is None and one.effects == () for one in (wait, reject, abort))


def test_a_plain_run_needs_no_costly_facts() -> None:
    for proposed in (PENDING, RUNNING, COMPLETED):
        assert needs(CORE_FLOW, asked(SCHEDULED, proposed), of_flow().run) is Need.NOTHING
        assert needs(CORE_TASK, asked(SCHEDULED, proposed), of_task().run) is Need.NOTHING


def test_a_run_needs_what_its_rules_read() -> None:
    deployed, task = of_flow(deployment_id=DEPLOYMENT).run, of_task(flow_run_id=FLOW_RUN, tags=("db",)).run
    leased = held(PENDING, deployment_concurrency_lease_id=LEASE)
    assert needs(CORE_FLOW, asked(SCHEDULED, PENDING), deployed) == Need.DEPLOYMENT
    assert needs(CORE_FLOW, asked(PENDING, RUNNING), deployed) == Need.NOTHING
    assert needs(CORE_FLOW, asked(leased, RUNNING), deployed) == Need.DEPLOYMENT | Need.LEASE
    assert needs(CORE_FLOW, asked(COMPLETED, RUNNING), deployed) == Need.RESULT
    assert needs(CORE_TASK, asked(PENDING, RUNNING), task) == Need.FLOW_RUN | Need.TAGS
    assert needs(CORE_TASK, asked(PENDING, wished(RUNNING, cache_key="k")), of_task().run) == Need.CACHE
