"""The policies: which rules apply, in which order. The order is part of the contract."""

from orchd.orchestration import (
    background,
    caching,
    cancelling,
    concurrency,
    duplicates,
    flow_of_task,
    pausing,
    retries,
    scheduling,
    tags,
    terminal,
)
from orchd.orchestration.facts import Kind
from orchd.orchestration.rule import Policy
from orchd.orchestration.transition import Proposed

CORE_FLOW = Policy(
    "core flow-run policy",
    concurrency.keep_lease_id,
    duplicates.know_repeated_call,
    terminal.restart_ended_flow_run,
    terminal.keep_result,
    cancelling.stay_cancelling,
    cancelling.cancel_at_once,
    duplicates.submit_once,
    concurrency.renew_lease_at_start,
    concurrency.take_slot,
    concurrency.keep_lease_of_old_client,
    scheduling.late_once,
    pausing.pause,
    pausing.leave_pause,
    scheduling.copy_scheduled_time,
    scheduling.wait_for_scheduled_time,
    retries.retry_flow_run,
    concurrency.release_slot,
)
MINIMAL_FLOW = Policy(
    "minimal flow-run policy",
    concurrency.keep_id_of_living_lease,
    terminal.keep_result,
    cancelling.cancel_at_once,
    concurrency.release_slot,
)
MARK_LATE = Policy(
    "policy of the late service",
    concurrency.keep_id_of_living_lease,
    scheduling.late_once,
    concurrency.cancel_late_without_slot,
)
CORE_TASK = Policy(
    "core task-run policy",
    caching.use_cached_result,
    terminal.restart_ended_task_run,
    flow_of_task.run_within_running_flow,
    tags.take_tag_slots,
    scheduling.copy_scheduled_time,
    scheduling.wait_for_scheduled_time,
    retries.retry_task_run,
    retries.name_later_attempts,
    flow_of_task.note_attempt_of_flow,
    caching.cache_result,
    tags.release_tag_slots,
)
BACKGROUND_TASK = Policy(
    "policy of background task runs",
    duplicates.submit_once,
    caching.use_cached_result,
    terminal.restart_ended_task_run,
    scheduling.copy_scheduled_time,
    background.copy_parameters_id,
    scheduling.wait_for_scheduled_time,
    retries.retry_task_run,
    retries.name_later_attempts,
    flow_of_task.note_attempt_of_flow,
    caching.cache_result,
    background.enqueue,
)
MINIMAL_TASK = Policy("minimal task-run policy", tags.release_tag_slots)


def chosen(kind: Kind, proposed: Proposed, *, force: bool) -> Policy:
    """The policy for a proposal. Force also stands for initial states and for what the server does by itself."""
    if kind is Kind.FLOW:
        return MINIMAL_FLOW if force else CORE_FLOW
    if proposed.state_details.deferred:
        return BACKGROUND_TASK
    return MINIMAL_TASK if force else CORE_TASK
