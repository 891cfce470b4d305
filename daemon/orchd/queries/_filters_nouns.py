"""The filter of each noun as a condition on its own table."""

from sqlalchemy import Text, func, or_, type_coerce

from orchd.db.tables import deployment, flow, flow_run, task_run, work_pool, work_queue
from orchd.queries._filters import (
    Column,
    Condition,
    among,
    among_or_not,
    among_or_null,
    begins_with,
    between,
    joined,
    like,
    name,
    null,
    only_among,
    related,
    tags,
    those,
    together,
)
from orchd.wire.deployments import DeploymentFilter
from orchd.wire.flow_runs import CreatedByFilter, FlowRunFilter, FlowRunStateFilter, ParentFlowRun
from orchd.wire.flows import FlowFilter, HasDeployment
from orchd.wire.task_runs import OfFlowRun, SubflowRuns, TaskRunFilter, TaskRunStateFilter
from orchd.wire.work_pools import WorkPoolFilter
from orchd.wire.work_queues import QueueName, WorkQueueFilter

BEGINS = func.coalesce(flow_run.c.start_time, flow_run.c.expected_start_time)
"""When a flow run began, or else is expected to; an index holds it."""

# The same tables once more, for questions about a related row from inside one about the table itself.
_parent = task_run.alias("parent")
_child = flow_run.alias("child")
_named = flow.alias("named")
_deployed = deployment.alias("deployed")


def of_flow(asked: FlowFilter) -> Condition:
    return joined(
        asked.operator,
        [
            among_or_not(flow.c.id, asked.id),
            _has_deployment(asked.deployment),
            name(flow.c.name, asked.name),
            tags(flow.c.tags, asked.tags),
        ],
    )


def _has_deployment(asked: HasDeployment | None) -> Condition | None:
    if asked is None:
        return None
    if asked.is_null_ is None:
        return together()
    deployed = related(_deployed, _deployed.c.flow_id == flow.c.id)
    return ~deployed if asked.is_null_ else deployed


def of_flow_run(asked: FlowRunFilter) -> Condition:
    c = flow_run.c
    return joined(
        asked.operator,
        [
            among_or_not(c.id, asked.id),
            name(c.name, asked.name),
            tags(c.tags, asked.tags),
            among_or_null(c.deployment_id, asked.deployment_id),
            among_or_null(c.work_queue_name, asked.work_queue_name),
            _flow_run_state(asked.state),
            only_among(c.flow_version, asked.flow_version),
            between(BEGINS, asked.start_time, nullable=c.start_time),
            between(c.end_time, asked.end_time),
            between(c.expected_start_time, asked.expected_start_time),
            between(c.next_scheduled_start_time, asked.next_scheduled_start_time),
            _child_of(asked.parent_flow_run_id),
            among_or_null(c.parent_task_run_id, asked.parent_task_run_id),
            among_or_not(c.idempotency_key, asked.idempotency_key),
            _created_by(asked.created_by),
        ],
    )


def _flow_run_state(asked: FlowRunStateFilter | None) -> Condition | None:
    if asked is None:
        return None
    return joined(
        asked.operator,
        [among_or_not(flow_run.c.state_type, asked.type), among_or_not(flow_run.c.state_name, asked.name)],
    )


def _child_of(asked: ParentFlowRun | None) -> Condition | None:
    if asked is None:
        return None
    if asked.any_ is None:
        return together()
    return flow_run.c.parent_task_run_id.in_(those(_parent.c.id, _parent.c.flow_run_id.in_(asked.any_)))


def _created_by(asked: CreatedByFilter | None) -> Condition | None:
    if asked is None:
        return None
    creator = flow_run.c.created_by
    ids = None if asked.id_ is None else [str(each) for each in asked.id_]
    return joined(
        asked.operator,
        [
            among(_member(creator, "id"), ids),
            among(_member(creator, "type"), asked.type_),
            null(creator, asked.is_null_),
        ],
    )


def _member(document: Column, key: str) -> Column:
    """A string in a JSON object, as text."""
    return type_coerce(document, Text()).op("->>", return_type=Text())(key)


def of_task_run(asked: TaskRunFilter) -> Condition:
    c = task_run.c
    return joined(
        asked.operator,
        [
            only_among(c.id, asked.id),
            name(c.name, asked.name),
            tags(c.tags, asked.tags),
            _task_run_state(asked.state),
            between(c.start_time, asked.start_time),
            between(c.end_time, asked.end_time),
            between(c.expected_start_time, asked.expected_start_time),
            _stands_for_subflow(asked.subflow_runs),
            _of_its_flow_run(asked.flow_run_id),
        ],
    )


def _task_run_state(asked: TaskRunStateFilter | None) -> Condition | None:
    if asked is None:
        return None
    return joined(
        asked.operator,
        [only_among(task_run.c.state_type, asked.type), only_among(task_run.c.state_name, asked.name)],
    )


def _stands_for_subflow(asked: SubflowRuns | None) -> Condition | None:
    if asked is None:
        return None
    if asked.exists_ is None:
        return together()
    child = related(_child, _child.c.parent_task_run_id == task_run.c.id)
    return child if asked.exists_ else ~child


def _of_its_flow_run(asked: OfFlowRun | None) -> Condition | None:
    """`is_null_` true wins over `any_`, and false, which it is unless given, asks nothing beside it."""
    if asked is None:
        return None
    run = task_run.c.flow_run_id
    if asked.is_null_:
        return run.is_(None)
    return together(null(run, asked.is_null_) if asked.any_ is None else among(run, asked.any_))


def of_deployment(asked: DeploymentFilter) -> Condition:
    c = deployment.c
    return joined(
        asked.operator,
        [
            among_or_not(c.id, asked.id),
            name(c.name, asked.name),
            None if asked.flow_or_deployment_name is None else _named_like(asked.flow_or_deployment_name.like_),
            None if asked.paused is None else together(_equal(c.paused, asked.paused.eq_)),
            tags(c.tags, asked.tags),
            only_among(c.work_queue_name, asked.work_queue_name),
        ],
    )


def _named_like(part: str | None) -> Condition:
    own = like(deployment.c.name, part)
    if own is None:
        return together()
    return or_(own, related(_named, _named.c.id == deployment.c.flow_id, together(like(_named.c.name, part))))


def _equal(column: Condition, wanted: bool | None) -> Condition | None:
    return None if wanted is None else column == wanted


def of_work_pool(asked: WorkPoolFilter) -> Condition:
    c = work_pool.c
    return joined(
        asked.operator,
        [only_among(c.id, asked.id), only_among(c.name, asked.name), only_among(c.type, asked.type)],
    )


def of_work_queue(asked: WorkQueueFilter) -> Condition:
    return joined(asked.operator, [only_among(work_queue.c.id, asked.id), _queue_name(asked.name)])


def _queue_name(asked: QueueName | None) -> Condition | None:
    if asked is None:
        return None
    return together(among(work_queue.c.name, asked.any_), begins_with(work_queue.c.name, asked.startswith_))
