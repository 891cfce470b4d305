"""Questions about task runs."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, literal_column, select, update

from orchd.db import Statement, Tx
from orchd.db.tables import task_run
from orchd.db.types import Timestamp
from orchd.queries import _filters as filters
from orchd.queries._filters import Condition
from orchd.queries._run_times import FINAL, RUNNING, lateness, lateness_of, run_time, run_time_of
from orchd.wire.task_runs import TaskRun, TaskRunSort

_FIELDS = TaskRun.__struct_fields__
_STANDINS = {
    "estimated_run_time": task_run.c.state_timestamp,  # what the estimate is made of; `from_row` puts it in place
    "estimated_start_time_delta": literal_column("0"),
}
COLUMNS = tuple(_STANDINS[name] if name in _STANDINS else task_run.c[name] for name in _FIELDS)
"""One for each field of `TaskRun`, in its order."""

_STATE_TYPE, _EXPECTED, _START, _TOTAL, _ESTIMATE, _LATENESS = map(
    _FIELDS.index,
    (
        "state_type",
        "expected_start_time",
        "start_time",
        "total_run_time",
        "estimated_run_time",
        "estimated_start_time_delta",
    ),
)

ANSWERS = select(*COLUMNS)
"""Rows for `from_row`: add conditions, an order, a limit."""

_BY_ID = Statement(ANSWERS.where(task_run.c.id == bindparam("id")))


def from_row(row: list[Any], now: datetime) -> TaskRun:
    """The answer for one row of `ANSWERS`. The row is used up."""
    kind = row[_STATE_TYPE]
    row[_ESTIMATE] = run_time(kind, row[_ESTIMATE], row[_TOTAL], now) if kind == RUNNING else row[_TOTAL]
    start, expected = row[_START], row[_EXPECTED]
    if expected is not None and (start is not None or kind not in FINAL):
        row[_LATENESS] = lateness(kind, expected, start, now)
    return TaskRun(*row)


def by_id(tx: Tx, id: UUID, now: datetime) -> TaskRun | None:
    """The run as it is answered; its estimates hold for `now`."""
    row = tx.first(_BY_ID, {"id": id})
    return None if row is None else from_row(row, now)


_ORDERS: dict[TaskRunSort, ColumnElement[Any]] = {
    TaskRunSort.ID_DESC: task_run.c.id.desc(),
    TaskRunSort.EXPECTED_START_TIME_ASC: task_run.c.expected_start_time.asc(),
    TaskRunSort.EXPECTED_START_TIME_DESC: task_run.c.expected_start_time.desc(),
    TaskRunSort.NAME_ASC: task_run.c.name.asc(),
    TaskRunSort.NAME_DESC: task_run.c.name.desc(),
    TaskRunSort.NEXT_SCHEDULED_START_TIME_ASC: task_run.c.next_scheduled_start_time.asc(),
    TaskRunSort.END_TIME_DESC: task_run.c.end_time.desc(),
}

_NOW = bindparam("now", type_=Timestamp())
_ESTIMATED: dict[str, ColumnElement[Any]] = {
    "estimated_run_time": run_time_of(task_run, _NOW),
    "estimated_start_time_delta": lateness_of(task_run, _NOW),
}
_READY = select(*(_ESTIMATED[name] if name in _ESTIMATED else task_run.c[name] for name in _FIELDS))
"""Both estimates are made for the moment `now`, a parameter: such a row needs no `from_row`."""

_WHOLE = {
    sort: Statement(_READY.order_by(order).limit(bindparam("limit")).offset(bindparam("offset")), answers=True)
    for sort, order in _ORDERS.items()
}
"""Pages of all runs, which the start page and most scripts ask for: compiled once."""


def listed(
    tx: Tx, meant: Condition, now: datetime, *, sort: TaskRunSort = TaskRunSort.ID_DESC, limit: int, offset: int = 0
) -> list[TaskRun]:
    """The runs that are meant, in order."""
    whole = _WHOLE[sort]
    if filters.is_everything(meant):
        rows = tx.fetch(whole, {"limit": limit, "offset": offset, "now": now})
    else:
        narrowed = _READY.where(meant).order_by(_ORDERS[sort]).limit(limit).offset(offset)
        rows = tx.fetch_like(whole, narrowed, {"now": now})
    return [TaskRun(*row) for row in rows]


def by_ids(tx: Tx, ids: Collection[UUID], now: datetime) -> dict[UUID, TaskRun]:
    """Those of the runs that are there."""
    rows = tx.execute(ANSWERS.where(task_run.c.id.in_(ids)))
    return {run.id: run for run in (from_row(list(row), now) for row in rows)}


def count(tx: Tx, meant: Condition) -> int:
    """How many runs are meant."""
    return int(tx.execute(filters.count(meant, task_run.c.id)).scalar_one())


def page(
    tx: Tx, meant: Condition, now: datetime, *, sort: TaskRunSort, limit: int, page: int
) -> tuple[list[TaskRun], int]:
    """A numbered page, the first being 1, and how many there are on all pages."""
    found = listed(tx, meant, now, sort=sort, limit=limit, offset=(page - 1) * limit)
    return found, count(tx, meant)


def rename(tx: Tx, id: UUID, name: str | None, now: datetime) -> bool:
    """Gives the run a name unless it is None. False when there is no such run."""
    values = {"updated": now} if name is None else {"updated": now, "name": name}
    changed = update(task_run).where(task_run.c.id == id).values(values).returning(task_run.c.id)
    return tx.execute(changed).first() is not None
