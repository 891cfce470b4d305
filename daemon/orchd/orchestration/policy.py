"""The policies: which rules apply, in which order. The order is part of the contract."""

from orchd.orchestration.facts import Kind
from orchd.orchestration.rule import Policy
from orchd.orchestration.transition import Proposed

CORE_FLOW = Policy("core flow-run policy")
MINIMAL_FLOW = Policy("minimal flow-run policy")
MARK_LATE = Policy("policy of the late service")
CORE_TASK = Policy("core task-run policy")
BACKGROUND_TASK = Policy("policy of background task runs")
MINIMAL_TASK = Policy("minimal task-run policy")


def chosen(kind: Kind, proposed: Proposed, *, force: bool) -> Policy:
    """The policy for a proposal. Force also stands for initial states and for what the server does by itself."""
    if kind is Kind.FLOW:
        return MINIMAL_FLOW if force else CORE_FLOW
    if proposed.state_details.deferred:
        return BACKGROUND_TASK
    return MINIMAL_TASK if force else CORE_TASK
