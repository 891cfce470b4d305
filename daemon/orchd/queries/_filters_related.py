"""Which rows of a list are meant, when the filters of several nouns narrow it.

Each filter of another noun asks whether there is a related row that matches. Filters of two nouns that lie on one way
from the listed row (a flow's runs and their task runs) ask for one related row that has both.
"""

from orchd.db.tables import deployment, flow, flow_run, task_run, work_pool, work_queue
from orchd.queries._filters import Condition, refers, related, those, together
from orchd.queries._filters_nouns import (
    of_deployment,
    of_flow,
    of_flow_run,
    of_task_run,
    of_work_pool,
    of_work_queue,
)
from orchd.wire.criteria import PoolCriteria, RunCriteria
from orchd.wire.deployments import DeploymentFilter
from orchd.wire.flow_runs import FlowRunFilter
from orchd.wire.flows import FlowFilter
from orchd.wire.task_runs import TaskRunFilter
from orchd.wire.work_pools import WorkPoolFilter
from orchd.wire.work_queues import WorkQueueFilter


def flow_runs_meant(asked: PoolCriteria, queues: WorkQueueFilter | None = None) -> Condition:
    """For a list of flow runs."""
    return together(
        None if asked.flow_runs is None else of_flow_run(asked.flow_runs),
        _its_flow(asked.flows),
        _has_task_run(asked.task_runs),
        _its_deployment(asked.deployments),
        *_waits_in(flow_run.c.work_queue_id, asked.work_pools, queues),
    )


def flows_meant(asked: PoolCriteria) -> Condition:
    """For a list of flows."""
    return together(
        None if asked.flows is None else of_flow(asked.flows),
        _has_flow_run(flow_run.c.flow_id == flow.c.id, asked.flow_runs, asked.task_runs),
        _has_deployment(asked.deployments, asked.work_pools),
    )


def task_runs_meant(
    asked: RunCriteria, pools: WorkPoolFilter | None = None, queues: WorkQueueFilter | None = None
) -> Condition:
    """For a list of task runs."""
    own = None if asked.task_runs is None else of_task_run(asked.task_runs)
    of_run = (
        None if asked.flow_runs is None else of_flow_run(asked.flow_runs),
        _its_flow(asked.flows),
        _its_deployment(asked.deployments),
        *_waits_in(flow_run.c.work_queue_id, pools, queues),
    )
    if all(each is None for each in of_run):
        return together(own)
    runs = asked.flow_runs or FlowRunFilter()
    return together(own, refers(task_run.c.flow_run_id, flow_run.c.id, runs, together(*of_run)))


def deployments_meant(asked: PoolCriteria, queues: WorkQueueFilter | None = None) -> Condition:
    """For a list of deployments."""
    flows = asked.flows
    return together(
        None if asked.deployments is None else of_deployment(asked.deployments),
        None if flows is None else refers(deployment.c.flow_id, flow.c.id, flows, of_flow(flows)),
        _has_flow_run(flow_run.c.deployment_id == deployment.c.id, asked.flow_runs, asked.task_runs),
        *_waits_in(deployment.c.work_queue_id, asked.work_pools, queues),
    )


def _its_flow(asked: FlowFilter | None) -> Condition | None:
    return None if asked is None else refers(flow_run.c.flow_id, flow.c.id, asked, of_flow(asked))


def _its_deployment(asked: DeploymentFilter | None) -> Condition | None:
    if asked is None:
        return None
    return refers(flow_run.c.deployment_id, deployment.c.id, asked, of_deployment(asked))


def _has_task_run(asked: TaskRunFilter | None) -> Condition | None:
    if asked is None:
        return None
    return related(task_run, task_run.c.flow_run_id == flow_run.c.id, of_task_run(asked))


def _has_flow_run(link: Condition, runs: FlowRunFilter | None, tasks: TaskRunFilter | None) -> Condition | None:
    """`link`: what makes a flow run one of the listed row's."""
    if runs is None and tasks is None:
        return None
    return related(flow_run, link, together(None if runs is None else of_flow_run(runs), _has_task_run(tasks)))


def _has_deployment(asked: DeploymentFilter | None, pools: WorkPoolFilter | None) -> Condition | None:
    """For flows: one of their deployments."""
    if asked is None and pools is None:
        return None
    waits_in = _waits_in(deployment.c.work_queue_id, pools, None)
    return related(
        deployment,
        deployment.c.flow_id == flow.c.id,
        together(None if asked is None else of_deployment(asked), *waits_in),
    )


def _waits_in(
    key: Condition, pools: WorkPoolFilter | None, queues: WorkQueueFilter | None
) -> tuple[Condition | None, Condition | None]:
    """The queue that `key` points at: in such a pool, and itself such a one."""
    in_pool = None
    if pools is not None:
        pool = refers(work_queue.c.work_pool_id, work_pool.c.id, pools, of_work_pool(pools))
        in_pool = key.in_(those(work_queue.c.id, pool))
    return in_pool, None if queues is None else refers(key, work_queue.c.id, queues, of_work_queue(queues))
