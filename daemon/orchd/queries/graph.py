"""What the graphs of a flow run are drawn from."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import bindparam, func, or_, select

from orchd.db import Statement, Tx
from orchd.db.tables import artifact, artifact_collection, flow, flow_run, flow_run_state, task_run
from orchd.kit.jsontext import Raw
from orchd.wire.graph import GraphArtifact, GraphState


class RunTimes(Struct, frozen=True):
    """When the flow run of the graph began, or is expected to, and ended."""

    start: datetime | None
    end: datetime | None


class Step(Struct, frozen=True):
    """A task run with the flow run that it started, if it did."""

    id: UUID
    name: str
    inputs: Raw
    state_type: str | None
    start: datetime | None
    expected: datetime | None
    end: datetime | None
    child_id: UUID | None
    child_name: str | None
    child_flow: str | None
    child_state_type: str | None
    child_start: datetime | None
    child_expected: datetime | None
    child_end: datetime | None


class PlainStep(Struct, frozen=True):
    """A task run, for the older graph."""

    id: UUID
    name: str
    inputs: Raw
    state: Raw | None
    state_type: str | None
    state_timestamp: datetime | None
    expected: datetime | None
    start: datetime | None
    end: datetime | None
    total_run_time: float


_TIMES = Statement(
    select(func.coalesce(flow_run.c.start_time, flow_run.c.expected_start_time, type_=flow_run.c.start_time.type))
    .add_columns(flow_run.c.end_time)
    .where(flow_run.c.id == bindparam("run"))
)
_child = flow_run.alias("child")
_STEPS = Statement(
    select(
        task_run.c.id,
        task_run.c.name,
        task_run.c.task_inputs,
        task_run.c.state_type,
        task_run.c.start_time,
        task_run.c.expected_start_time,
        task_run.c.end_time,
        _child.c.id.label("child_id"),
        _child.c.name.label("child_name"),
        flow.c.name.label("child_flow"),
        _child.c.state_type.label("child_state_type"),
        _child.c.start_time.label("child_start"),
        _child.c.expected_start_time.label("child_expected"),
        _child.c.end_time.label("child_end"),
    )
    .select_from(
        task_run.outerjoin(_child, _child.c.parent_task_run_id == task_run.c.id).outerjoin(
            flow, flow.c.id == _child.c.flow_id
        )
    )
    .where(task_run.c.flow_run_id == bindparam("run"))
    .limit(bindparam("most"))
)
_PLAIN_STEPS = Statement(
    select(
        task_run.c.id,
        task_run.c.name,
        task_run.c.task_inputs,
        task_run.c.state,
        task_run.c.state_type,
        task_run.c.state_timestamp,
        task_run.c.expected_start_time,
        task_run.c.start_time,
        task_run.c.end_time,
        task_run.c.total_run_time,
    )
    .where(task_run.c.flow_run_id == bindparam("run"))
    .order_by(task_run.c.id)
)
_ARTIFACTS = Statement(
    select(
        artifact.c.task_run_id,
        artifact.c.id,
        artifact.c.created,
        artifact.c.key,
        artifact.c.type,
        or_(artifact.c.key.is_(None), artifact_collection.c.id.is_not(None)).label("is_latest"),
        artifact.c.data,
    )
    .select_from(artifact.outerjoin(artifact_collection, artifact_collection.c.latest_id == artifact.c.id))
    .where(
        artifact.c.flow_run_id == bindparam("run"),
        or_(artifact.c.type.is_(None), artifact.c.type != "result"),
    )
    .order_by(artifact.c.created)
    .limit(bindparam("most"))
)
_STATES = Statement(
    select(flow_run_state.c.id, flow_run_state.c.timestamp, flow_run_state.c.type, flow_run_state.c.name)
    .where(flow_run_state.c.flow_run_id == bindparam("run"))
    .order_by(flow_run_state.c.timestamp)
)


def times(tx: Tx, run: UUID) -> RunTimes | None:
    """None when there is no such flow run."""
    row = tx.first(_TIMES, {"run": run})
    return None if row is None else RunTimes(*row)


def steps(tx: Tx, run: UUID, most: int) -> list[Step]:
    """The flow run's task runs, in no order."""
    return [Step(*row) for row in tx.fetch(_STEPS, {"run": run, "most": most})]


def plain_steps(tx: Tx, run: UUID) -> list[PlainStep]:
    """The flow run's task runs."""
    return [PlainStep(*row) for row in tx.fetch(_PLAIN_STEPS, {"run": run})]


def artifacts(tx: Tx, run: UUID, most: int) -> dict[UUID | None, list[GraphArtifact]]:
    """The flow run's artifacts by task run, the oldest first; those without a task run under None."""
    found: dict[UUID | None, list[GraphArtifact]] = {}
    for task, *row in tx.fetch(_ARTIFACTS, {"run": run, "most": most}):
        found.setdefault(task, []).append(_artifact(row))
    return found


def _artifact(row: list[Any]) -> GraphArtifact:
    id, created, key, kind, is_latest, data = row
    return GraphArtifact(id, created, key, kind, bool(is_latest), data if kind == "progress" else None)


def states(tx: Tx, run: UUID) -> list[GraphState]:
    """The flow run's states, the oldest first."""
    return [GraphState(*row) for row in tx.fetch(_STATES, {"run": run})]
