"""Which modules make up the API. A new one is added here, and nowhere else."""

from types import ModuleType

from orchd.api import (
    _pages,
    admin,
    artifacts,
    automations,
    block_capabilities,
    block_documents,
    block_schemas,
    block_types,
    collections,
    concurrency_limits,
    deployments,
    events,
    flow_run_states,
    flow_runs,
    flows,
    logs,
    root,
    saved_searches,
    task_run_states,
    task_runs,
    task_workers,
    templates,
    ui_flow_runs,
    ui_flows,
    ui_schemas,
    ui_task_runs,
    v2_concurrency_limits,
    variables,
    work_pools,
    work_queues,
)

OPERATIONS: tuple[ModuleType, ...] = (
    admin,
    artifacts,
    automations,
    block_capabilities,
    block_documents,
    block_schemas,
    block_types,
    collections,
    concurrency_limits,
    deployments,
    events,
    flow_run_states,
    flow_runs,
    flows,
    logs,
    root,
    saved_searches,
    task_run_states,
    task_runs,
    task_workers,
    templates,
    ui_flow_runs,
    ui_flows,
    ui_schemas,
    ui_task_runs,
    v2_concurrency_limits,
    variables,
    work_pools,
    work_queues,
)

SOCKETS: tuple[ModuleType, ...] = (events, logs, task_runs, work_pools)
"""Modules with websockets: each has `add_routes(app, base, context)`."""

PAGES: tuple[ModuleType, ...] = (_pages,)
"""Modules with pages outside /api: each has `add_routes(app, base, context, operations)`."""
