"""How often and how soon a failed run is tried again, as clients of different ages say it."""

from typing import TypeVar

from msgspec.structs import replace

from orchd.errors import Invalid
from orchd.wire.flow_runs import FlowRunPolicy
from orchd.wire.task_runs import TaskRunPolicy

Policy = TypeVar("Policy", FlowRunPolicy, TaskRunPolicy)


def completed(policy: Policy) -> Policy:
    """The policy of a new run with `retries` and `retry_delay`, which is what rules and clients read.

    Where they are left out, or 0, the older `max_retries` and `retry_delay_seconds` stand for them. Raises Invalid when
    a flow run's delay would not be a whole number of seconds: clients could not read that.
    """
    if policy.max_retries and not policy.retries:
        policy = replace(policy, retries=policy.max_retries)
    seconds = policy.retry_delay_seconds
    if seconds and not policy.retry_delay:
        whole = float(seconds).is_integer()
        if not whole and isinstance(policy, FlowRunPolicy):
            raise Invalid(f"The retry delay of a flow run is a whole number of seconds, not {seconds}.")
        policy = replace(policy, retry_delay=int(seconds) if whole else seconds)
    return policy
