"""The tables, as the newest migration leaves them. A test holds both to each other."""

from orchd.db.tables.base import metadata
from orchd.db.tables.blocks import (
    block_document,
    block_document_reference,
    block_schema,
    block_schema_reference,
    block_type,
)
from orchd.db.tables.events import automation, automation_bucket, event, event_resource
from orchd.db.tables.limits import concurrency_lease, concurrency_lease_slot, concurrency_limit
from orchd.db.tables.records import (
    artifact,
    artifact_collection,
    configuration,
    csrf_token,
    log,
    saved_search,
    variable,
)
from orchd.db.tables.runs import (
    flow,
    flow_run,
    flow_run_heartbeat,
    flow_run_input,
    flow_run_state,
    removed_run,
    task_delivery,
    task_run,
    task_run_cache,
    task_run_state,
    task_worker,
)
from orchd.db.tables.work import cleanup_message, deployment, deployment_schedule, work_pool, work_queue, worker

__all__ = [
    "artifact",
    "artifact_collection",
    "automation",
    "automation_bucket",
    "block_document",
    "block_document_reference",
    "block_schema",
    "block_schema_reference",
    "block_type",
    "cleanup_message",
    "concurrency_lease",
    "concurrency_lease_slot",
    "concurrency_limit",
    "configuration",
    "csrf_token",
    "deployment",
    "deployment_schedule",
    "event",
    "event_resource",
    "flow",
    "flow_run",
    "flow_run_heartbeat",
    "flow_run_input",
    "flow_run_state",
    "log",
    "metadata",
    "removed_run",
    "saved_search",
    "task_delivery",
    "task_run",
    "task_run_cache",
    "task_run_state",
    "task_worker",
    "variable",
    "work_pool",
    "work_queue",
    "worker",
]
