"""Numbers and summaries for the pages of a dashboard."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec.structs import astuple
from sqlalchemy import bindparam, case, func, select, type_coerce

from orchd.db import Statement, Tx
from orchd.db.tables import deployment, flow_run, task_run
from orchd.queries import flow_runs, task_runs
from orchd.queries._filters import Condition, related
from orchd.queries._functions import Slot, Unindexed
from orchd.queries._run_times import FINAL
from orchd.queries.history import Steps
from orchd.wire.flow_runs import FlowRunSort
from orchd.wire.states import StateType
from orchd.wire.ui import Ended, NamedTaskRun, NextFlowRun, Point

ENDED = sorted(FINAL)
FAILED = ("FAILED", "CRASHED")

_child = flow_run.alias("child")
_NAME = Statement(select(flow_run.c.name).where(flow_run.c.id == bindparam("id")))


def points(tx: Tx, meant: Condition, now: datetime, *, sort: FlowRunSort, limit: int, offset: int) -> list[Point]:
    """The flow runs that are meant, reduced to what a chart shows."""
    found = flow_runs.listed(tx, meant, now, sort=sort, limit=limit, offset=offset)
    return [
        Point(
            run.id,
            run.state_type,
            run.start_time or run.expected_start_time,
            run.estimated_run_time,
            run.estimated_start_time_delta,
        )
        for run in found
    ]


def task_runs_of(tx: Tx, flow_run_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many task runs each flow run has; those that only stand for a subflow do not count."""
    subflow = related(_child, _child.c.parent_task_run_id == task_run.c.id)
    counted = (
        select(task_run.c.flow_run_id, func.count())
        .where(task_run.c.flow_run_id.in_(flow_run_ids), ~subflow)
        .group_by(task_run.c.flow_run_id)
    )
    return _by_id(tx, counted, flow_run_ids)


def deployments_of(tx: Tx, flow_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many deployments each flow has."""
    counted = (
        select(deployment.c.flow_id, func.count())
        .where(deployment.c.flow_id.in_(flow_ids))
        .group_by(deployment.c.flow_id)
    )
    return _by_id(tx, counted, flow_ids)


def _by_id(tx: Tx, counted: Any, ids: Sequence[UUID]) -> dict[UUID, int]:
    rows: Any = tx.execute(counted) if ids else ()
    found = dict(map(tuple, rows))
    return {id: found.get(id, 0) for id in ids}


def next_runs(tx: Tx, flow_ids: Sequence[UUID]) -> dict[UUID, NextFlowRun | None]:
    """The scheduled run of each flow that is due first, overdue ones included."""
    c = flow_run.c
    place = func.row_number().over(partition_by=c.flow_id, order_by=c.next_scheduled_start_time).label("place")
    waiting = (
        select(*(c[name] for name in NextFlowRun.__struct_fields__), place)
        .where(
            type_coerce(Unindexed(c.flow_id), c.flow_id.type).in_(
                flow_ids
            ),  # a flow's runs are many, those to come few
            type_coerce(Unindexed(c.state_type), c.state_type.type) == "SCHEDULED",
            c.next_scheduled_start_time.is_not(None),
        )
        .subquery()
    )
    rows: Any = tx.execute(select(waiting).where(waiting.c.place == 1)) if flow_ids else []
    found = {row.flow_id: NextFlowRun(*row[:-1]) for row in rows}
    return {id: found.get(id) for id in flow_ids}


def task_runs_by_state(tx: Tx, meant: Condition) -> dict[str, int]:
    """How many task runs are in each type of state."""
    counted = select(task_run.c.state_type, func.count()).where(meant).group_by(task_run.c.state_type)
    rows: Any = tx.execute(counted)
    found = dict(map(tuple, rows))
    return {kind.value: found.get(kind.value, 0) for kind in StateType}


def ended_task_runs(tx: Tx, meant: Condition, steps: Steps) -> list[Ended]:
    """How many task runs that began in each step have ended, and how."""
    c = task_run.c
    number = Slot(c.start_time, steps.start, steps.length.total_seconds()).label("number")
    counted = (
        select(number, func.count(), func.sum(case((c.state_type.in_(FAILED), 1), else_=0)))
        .where(
            c.start_time >= steps.start, c.start_time < steps.at(steps.count), c.state_type.in_(sorted(FINAL)), meant
        )
        .group_by(number)
    )
    rows: Any = tx.execute(counted)
    found = {number: Ended(completed=ended - failed, failed=failed) for number, ended, failed in rows}
    return [found.get(number, Ended()) for number in range(steps.count)]


def named_task_run(tx: Tx, id: UUID, now: datetime) -> NamedTaskRun | None:
    """A task run with its flow run's name."""
    run = task_runs.by_id(tx, id, now)
    if run is None:
        return None
    named = None if run.flow_run_id is None else tx.first(_NAME, {"id": run.flow_run_id})
    values: list[Any] = [*astuple(run), named[0] if named else None]
    return NamedTaskRun(*values)
