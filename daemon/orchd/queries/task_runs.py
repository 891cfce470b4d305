"""Questions about task runs."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, literal_column, select

from orchd.db import Statement, Tx
from orchd.db.tables import task_run
from orchd.queries._run_times import FINAL, RUNNING, lateness, run_time
from orchd.wire.task_runs import TaskRun

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
