"""Results found by a key."""

from typing import Any

import pytest

from orchd.orchestration.caching import cache_result, use_cached_result
from orchd.orchestration.decision import Status
from orchd.orchestration.policy import CORE_TASK
from orchd.orchestration.transition import COMPLETED, FAILED, PENDING, RUNNING, Proposed
from orchd.orchestration.verdicts import ACCEPT, Accept, Reject, WriteCache
from orchd.orchestration.walk import decide
from tests.orchestration.asking import CALL, HOUR, NEW, NOON, RUN, asked, held, of_task, wished

KNOWN = held(COMPLETED, data={"type": "reference"}, cache_key="k")


@pytest.mark.parametrize(
    ("proposed", "cached", "used"),
    [
        pytest.param(wished(RUNNING, cache_key="k"), KNOWN, True, id="found"),
        pytest.param(wished(RUNNING, cache_key="k"), None, False, id="not found"),
        pytest.param(wished(RUNNING, cache_key="k", refresh_cache=True), KNOWN, False, id="to be made anew"),
        pytest.param(wished(RUNNING, cache_key="k", refresh_cache=False), KNOWN, True, id="not to be made anew"),
        pytest.param(wished(RUNNING), KNOWN, False, id="no key"),
        pytest.param(wished(RUNNING, cache_key=""), KNOWN, False, id="an empty key"),
        pytest.param(wished(PENDING, cache_key="k"), KNOWN, False, id="not about to run"),
    ],
)
def test_a_known_result_is_used(proposed: Proposed, cached: Any, used: bool) -> None:
    assert isinstance(use_cached_result(asked(PENDING, proposed), of_task(cached=cached)), Reject) == used


def test_a_known_result_is_copied_into_a_state_of_the_run_s_own() -> None:
    proposal = asked(PENDING, wished(RUNNING, cache_key="k", transition_id=CALL))
    decision = decide(CORE_TASK, proposal, of_task(cached=KNOWN))
    assert decision.state is not None
    assert (decision.status, decision.state.type, decision.state.name) == (Status.REJECT, COMPLETED, "Cached")
    assert (decision.state.id, decision.state.timestamp, decision.state.data) == (NEW, NOON, KNOWN.data)
    assert decision.state.state_details.task_run_id == RUN
    assert decision.state.state_details.transition_id == CALL
    assert decision.effects == ()


@pytest.mark.parametrize(
    ("proposed", "expected"),
    [
        pytest.param(
            wished(COMPLETED, cache_key="k", cache_expiration=NOON + HOUR),
            Accept(effects=(WriteCache("k", NOON + HOUR),)),
            id="until it expires",
        ),
        pytest.param(
            wished(COMPLETED, cache_key="k" * 2000), Accept(effects=(WriteCache("k" * 2000, None),)), id="long"
        ),
        pytest.param(wished(COMPLETED), ACCEPT, id="no key"),
        pytest.param(wished(FAILED, cache_key="k"), ACCEPT, id="no result"),
    ],
)
def test_a_result_with_a_key_is_remembered(proposed: Proposed, expected: Accept) -> None:
    assert cache_result(asked(RUNNING, proposed), of_task()) == expected


def test_a_result_with_too_long_a_key_is_stored_and_not_remembered() -> None:
    proposal = asked(RUNNING, wished(COMPLETED, "Mine", {"a": 1}, cache_key="k" * 2001))
    decision = decide(CORE_TASK, proposal, of_task())
    assert decision.state is not None
    assert (decision.status, decision.state.name, decision.state.data) == (Status.REJECT, "Mine", {"a": 1})
    assert decision.effects == ()
