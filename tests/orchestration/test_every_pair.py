"""Every pair of states under every policy, against tables written by hand.

Rows are the current states, columns the proposed ones. `A` accepted, `R` rejected with nothing stored, `X` aborted,
`C` cancelled in its place.
"""

import pytest

from orchd.orchestration.decision import Decision, Status
from orchd.orchestration.facts import Facts
from orchd.orchestration.policy import (
    BACKGROUND_TASK,
    CORE_FLOW,
    CORE_TASK,
    MARK_LATE,
    MINIMAL_FLOW,
    MINIMAL_TASK,
)
from orchd.orchestration.rule import Policy
from orchd.orchestration.transition import State, Transition
from orchd.orchestration.walk import decide
from orchd.wire.states import StateType
from tests.orchestration.asking import ALL_TYPES, DEPLOYMENT, NO_STATE_OR_ANY, held, of_flow, of_task, wished

ALL_ACCEPTED = """
None        A A A A A A A A A
SCHEDULED   A A A A A A A A A
PENDING     A A A A A A A A A
RUNNING     A A A A A A A A A
PAUSED      A A A A A A A A A
CANCELLING  A A A A A A A A A
COMPLETED   A A A A A A A A A
FAILED      A A A A A A A A A
CANCELLED   A A A A A A A A A
CRASHED     A A A A A A A A A
"""

#           SCHEDULED PENDING RUNNING PAUSED CANCELLING COMPLETED FAILED CANCELLED CRASHED
AD_HOC_FLOW_RUN = """
None        A A A X A A A A A
SCHEDULED   A A A R C A A A A
PENDING     A X A R A A A A A
RUNNING     A X A A A A A A A
PAUSED      A R A R A A A A A
CANCELLING  R R R R R R R A R
COMPLETED   X A A X X A A A X
FAILED      X A A X X A A A X
CANCELLED   X X A X X A A A X
CRASHED     X A A X X A A A X
"""
DEPLOYED_FLOW_RUN = """
None        A A A X A A A A A
SCHEDULED   A A A R C A A A A
PENDING     A X A R A A A A A
RUNNING     A X A A A A A A A
PAUSED      A R A R A A A A A
CANCELLING  R R R R R R R A R
COMPLETED   A A A X X A A A X
FAILED      A A A X X A A A X
CANCELLED   A X A X X A A A X
CRASHED     A A A X X A A A X
"""
FLOW_RUN_WITH_KEPT_RESULT = """
COMPLETED   R R R X X R A A X
"""
FORCED_FLOW_RUN = ALL_ACCEPTED.replace("SCHEDULED   A A A A A", "SCHEDULED   A A A A C")
FORCED_FLOW_RUN_WITH_KEPT_RESULT = """
COMPLETED   A A A A A R A A A
"""
LATE_FLOW_RUN = """
None        R
SCHEDULED   A
PENDING     R
RUNNING     R
PAUSED      R
CANCELLING  R
COMPLETED   R
FAILED      R
CANCELLED   R
CRASHED     R
"""
TASK_RUN = """
None        A A A A A A A A A
SCHEDULED   A A A A A A A A A
PENDING     A A A A A A A A A
RUNNING     A A A A A A A A A
PAUSED      A A A A A A A A A
CANCELLING  A A A A A A A A A
COMPLETED   A A A X X A A A X
FAILED      A A A X X A A A X
CANCELLED   A A A X X A A A X
CRASHED     A A A X X A A A X
"""
TASK_RUN_WITH_KEPT_RESULT = """
COMPLETED   R R R X X R R R X
"""
BACKGROUND_TASK_RUN = """
None        A A A A A A A A A
SCHEDULED   A A A A A A A A A
PENDING     A X A A A A A A A
RUNNING     A X A A A A A A A
PAUSED      A A A A A A A A A
CANCELLING  A X A A A A A A A
COMPLETED   A A A X X A A A X
FAILED      A A A X X A A A X
CANCELLED   A X A X X A A A X
CRASHED     A A A X X A A A X
"""

FLOW, TASK = of_flow(), of_task()
DEPLOYED = of_flow(deployment_id=DEPLOYMENT, client_version="3.0.0")  # a client from before there were slots
RESULT = {"type": "reference"}


def pairs(table: str) -> list[tuple[StateType | None, StateType, str]]:
    rows = [line.split() for line in table.split("\n") if line]
    return [
        (None if row[0] == "None" else StateType(row[0]), proposed, letter)
        for row in rows
        for proposed, letter in zip(ALL_TYPES, row[1:], strict=False)
    ]


def every_pair_of(policy: Policy, facts: Facts, table: str, name: str, result: object = None) -> list[object]:
    return [
        pytest.param(policy, facts, current, proposed, result, letter, id=f"{name}: {current} to {proposed}")
        for current, proposed, letter in pairs(table)
    ]


def in_state(current: StateType | None, result: object) -> State | None:
    return None if current is None else held(current, data=result)


def letter_of(decision: Decision, proposed: StateType) -> str:
    if decision.status is Status.ACCEPT:
        assert decision.state is not None
        assert decision.state.type is proposed
        return "A"
    if decision.status is Status.REJECT:
        return "R" if decision.state is None else decision.state.type[0]
    return {Status.ABORT: "X", Status.WAIT: "W"}[decision.status]


@pytest.mark.parametrize(
    ("policy", "facts", "current", "proposed", "result", "expected"),
    [
        *every_pair_of(CORE_FLOW, FLOW, AD_HOC_FLOW_RUN, "ad-hoc flow run"),
        *every_pair_of(CORE_FLOW, DEPLOYED, DEPLOYED_FLOW_RUN, "deployed flow run"),
        *every_pair_of(CORE_FLOW, DEPLOYED, FLOW_RUN_WITH_KEPT_RESULT, "flow run with result", RESULT),
        *every_pair_of(MINIMAL_FLOW, FLOW, FORCED_FLOW_RUN, "forced flow run"),
        *every_pair_of(MINIMAL_FLOW, FLOW, FORCED_FLOW_RUN_WITH_KEPT_RESULT, "forced flow run with result", RESULT),
        *every_pair_of(CORE_TASK, TASK, TASK_RUN, "task run"),
        *every_pair_of(CORE_TASK, TASK, TASK_RUN_WITH_KEPT_RESULT, "task run with result", RESULT),
        *every_pair_of(BACKGROUND_TASK, TASK, BACKGROUND_TASK_RUN, "background task run"),
        *every_pair_of(MINIMAL_TASK, TASK, ALL_ACCEPTED, "forced task run"),
    ],
)
def test_a_proposal_meets_its_fate(
    policy: Policy, facts: Facts, current: StateType | None, proposed: StateType, result: object, expected: str
) -> None:
    decision = decide(policy, Transition(in_state(current, result), wished(proposed)), facts)
    assert letter_of(decision, proposed) == expected


@pytest.mark.parametrize(("current", "proposed", "expected"), pairs(LATE_FLOW_RUN))
def test_only_a_scheduled_run_is_marked_late(current: StateType | None, proposed: StateType, expected: str) -> None:
    decision = decide(MARK_LATE, Transition(in_state(current, None), wished(proposed, "Late")), FLOW)
    assert letter_of(decision, proposed) == expected


@pytest.mark.parametrize("table", [AD_HOC_FLOW_RUN, DEPLOYED_FLOW_RUN, FORCED_FLOW_RUN, TASK_RUN, BACKGROUND_TASK_RUN])
def test_the_tables_leave_no_pair_out(table: str) -> None:
    assert {(current, proposed) for current, proposed, _ in pairs(table)} == {
        (current, proposed) for current in NO_STATE_OR_ANY for proposed in ALL_TYPES
    }
