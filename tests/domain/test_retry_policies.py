"""Retries as older clients say them."""

from typing import Any

import pytest

from orchd.domain.retry_policies import completed
from orchd.errors import Invalid
from orchd.wire.flow_runs import FlowRunPolicy
from orchd.wire.task_runs import TaskRunPolicy

OLDER = {"max_retries": 3, "retry_delay_seconds": 5.0}


@pytest.mark.parametrize(
    ("said", "retries", "delay"),
    [
        pytest.param({}, None, None, id="nothing"),
        pytest.param({"retries": 2, "retry_delay": 9}, 2, 9, id="in the newer words"),
        pytest.param(OLDER, 3, 5, id="in the older words"),
        pytest.param({**OLDER, "retries": 1, "retry_delay": 2}, 1, 2, id="in both"),
        pytest.param({**OLDER, "retries": 0, "retry_delay": 0}, 3, 5, id="0 is none"),
        pytest.param({"retries": 0}, 0, None, id="none at all"),
    ],
)
def test_older_words_stand_in_where_newer_ones_are_missing(said: dict[str, Any], retries: Any, delay: Any) -> None:
    for policy in (completed(FlowRunPolicy(**said)), completed(TaskRunPolicy(**said))):
        assert (policy.retries, policy.retry_delay) == (retries, delay)
        assert policy.max_retries == said.get("max_retries", 0)


def test_a_part_of_a_second_is_a_delay_for_tasks_only() -> None:
    assert completed(TaskRunPolicy(retry_delay_seconds=1.5)).retry_delay == 1.5
    with pytest.raises(Invalid, match="whole number of seconds"):
        completed(FlowRunPolicy(retry_delay_seconds=1.5))
