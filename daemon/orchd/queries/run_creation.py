"""What the creation of runs reads and writes."""

from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import bindparam, insert, select
from sqlalchemy.dialects.postgresql import insert as insert_or_not

from orchd.db import Statement, Tx, Write
from orchd.db.tables import artifact, deployment, flow, flow_run, task_run, work_pool, work_queue
from orchd.kit.jsontext import Raw


class FlowRow(Struct, frozen=True):
    """The flow of a new run."""

    id: UUID
    name: str
    tags: Raw
    labels: Raw


class DeploymentRow(Struct, frozen=True):
    """The deployment that a new run names."""

    id: UUID
    name: str
    tags: Raw
    labels: Raw
    work_queue_id: UUID | None
    version: str | None


class QueueRow(Struct, frozen=True):
    """The queue that a new run waits in, and its pool."""

    id: UUID
    name: str
    work_pool_id: UUID
    work_pool_name: str
    work_pool_type: str


class ParentRow(Struct, frozen=True):
    """The task run that stands for a new subflow run in its parent."""

    id: UUID
    name: str
    tags: Raw


_FLOW = Statement(select(flow.c.id, flow.c.name, flow.c.tags, flow.c.labels).where(flow.c.id == bindparam("id")))
_DEPLOYMENT = Statement(
    select(
        deployment.c.id,
        deployment.c.name,
        deployment.c.tags,
        deployment.c.labels,
        deployment.c.work_queue_id,
        deployment.c.version,
    ).where(deployment.c.id == bindparam("id"))
)
_QUEUES = select(
    work_queue.c.id,
    work_queue.c.name,
    work_pool.c.id.label("work_pool_id"),
    work_pool.c.name.label("work_pool_name"),
    work_pool.c.type.label("work_pool_type"),
).select_from(work_queue.join(work_pool, work_pool.c.id == work_queue.c.work_pool_id))
_QUEUE = Statement(_QUEUES.where(work_queue.c.id == bindparam("id")))
_QUEUE_BY_NAME = Statement(
    _QUEUES.where(work_pool.c.name == bindparam("pool"), work_queue.c.name == bindparam("queue"))
)
_DEFAULT_QUEUE = Statement(
    _QUEUES.where(work_pool.c.name == bindparam("pool"), work_queue.c.id == work_pool.c.default_queue_id)
)
_PARENT = Statement(select(task_run.c.id, task_run.c.name, task_run.c.tags).where(task_run.c.id == bindparam("id")))
_BY_KEY = Statement(
    select(flow_run.c.id).where(
        flow_run.c.flow_id == bindparam("flow_id"), flow_run.c.idempotency_key == bindparam("key")
    )
)
_INSERT_FLOW_RUN = Statement(insert(flow_run))
_CLAIM_FLOW_RUN = Statement(
    insert_or_not(flow_run)
    .values({c: bindparam(c.key, type_=c.type) for c in flow_run.c})
    .on_conflict_do_nothing(index_elements=["flow_id", "idempotency_key"])
)
_INSERT_ARTIFACT = Statement(insert(artifact))
_TASK_RUN_BY_KEYS = Statement(
    select(task_run.c.id).where(
        task_run.c.flow_run_id == bindparam("flow_run_id"),
        task_run.c.task_key == bindparam("task_key"),
        task_run.c.dynamic_key == bindparam("dynamic_key"),
    )
)
_FLOWLESS_TASK_RUN = Statement(
    select(task_run.c.id).where(
        task_run.c.flow_run_id.is_(None),
        task_run.c.task_key == bindparam("task_key"),
        task_run.c.dynamic_key == bindparam("dynamic_key"),
    )
)
_CLAIM_TASK_RUN = Statement(
    insert_or_not(task_run).values({c: bindparam(c.key, type_=c.type) for c in task_run.c}).on_conflict_do_nothing()
)
_FLOW_RUN_EXISTS = Statement(select(flow_run.c.id).where(flow_run.c.id == bindparam("id")))
_LABELS_OF_FLOW_RUN = Statement(select(flow_run.c.labels).where(flow_run.c.id == bindparam("id")))


def flow_of(tx: Tx, id: UUID) -> FlowRow | None:
    """The flow; None when there is none."""
    row = tx.first(_FLOW, {"id": id})
    return None if row is None else FlowRow(*row)


def deployment_of(tx: Tx, id: UUID) -> DeploymentRow | None:
    """The deployment; None when there is none."""
    row = tx.first(_DEPLOYMENT, {"id": id})
    return None if row is None else DeploymentRow(*row)


def queue_of(tx: Tx, id: UUID) -> QueueRow | None:
    """The queue with its pool; None when there is none."""
    row = tx.first(_QUEUE, {"id": id})
    return None if row is None else QueueRow(*row)


def queue_named(tx: Tx, pool: str, queue: str | None) -> QueueRow | None:
    """A queue of a pool, its default one without a name; None when there is none."""
    if queue is None:
        row = tx.first(_DEFAULT_QUEUE, {"pool": pool})
    else:
        row = tx.first(_QUEUE_BY_NAME, {"pool": pool, "queue": queue})
    return None if row is None else QueueRow(*row)


def parent_of(tx: Tx, id: UUID) -> ParentRow | None:
    """The parent task run; None when there is none."""
    row = tx.first(_PARENT, {"id": id})
    return None if row is None else ParentRow(*row)


def flow_run_by_key(tx: Tx, flow_id: UUID, key: str) -> UUID | None:
    """The run of a flow that was created under an idempotency key."""
    row = tx.first(_BY_KEY, {"flow_id": flow_id, "key": key})
    return None if row is None else row[0]


def insert_flow_run(values: dict[str, Any]) -> Write:
    """A new run without an idempotency key: nothing can stand in its way."""
    return Write(_INSERT_FLOW_RUN, values)


def claim_flow_run(tx: Tx, values: dict[str, Any]) -> bool:
    """A new run with an idempotency key. False when the key is taken: the unique index decides, not an earlier read."""
    return tx.run(_CLAIM_FLOW_RUN, values) == 1


def task_run_by_keys(tx: Tx, flow_run_id: UUID | None, task_key: str, dynamic_key: str) -> UUID | None:
    """The task run with this natural key."""
    keys = {"task_key": task_key, "dynamic_key": dynamic_key}
    row = (
        tx.first(_FLOWLESS_TASK_RUN, keys)
        if flow_run_id is None
        else tx.first(_TASK_RUN_BY_KEYS, {"flow_run_id": flow_run_id, **keys})
    )
    return None if row is None else row[0]


def claim_task_run(tx: Tx, values: dict[str, Any]) -> bool:
    """A new task run. False when its id or its natural key is taken."""
    return tx.run(_CLAIM_TASK_RUN, values) == 1


def flow_run_exists(tx: Tx, id: UUID) -> bool:
    """Whether there is such a flow run."""
    return tx.first(_FLOW_RUN_EXISTS, {"id": id}) is not None


def labels_of_flow_run(tx: Tx, id: UUID) -> Raw | None:
    """A flow run's labels; None when there is no such run or it has none."""
    row = tx.first(_LABELS_OF_FLOW_RUN, {"id": id})
    return None if row is None else row[0]


def insert_result(values: dict[str, Any]) -> Write:
    """The artifact of type `result` that a persisted result leaves."""
    return Write(_INSERT_ARTIFACT, values)
