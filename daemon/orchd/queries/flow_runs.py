"""Questions about flow runs."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, literal_column, select

from orchd.db import Statement, Tx
from orchd.db.tables import flow_run, work_pool, work_queue
from orchd.kit.jsontext import Raw
from orchd.queries._run_times import FINAL, RUNNING, lateness, run_time
from orchd.wire.flow_runs import FlowRun

_FIELDS = FlowRun.__struct_fields__
_STANDINS = {
    "work_queue_name": func.coalesce(work_queue.c.name, flow_run.c.work_queue_name),
    "work_pool_id": work_queue.c.work_pool_id,
    "work_pool_name": work_pool.c.name,
    "estimated_run_time": flow_run.c.state_timestamp,  # what the estimate is made of; `from_row` puts it in place
    "estimated_start_time_delta": literal_column("0"),
}
COLUMNS = tuple(_STANDINS[name] if name in _STANDINS else flow_run.c[name] for name in _FIELDS)
"""One for each field of `FlowRun`, in its order."""

_STATE_TYPE, _EXPECTED, _START, _TOTAL, _ESTIMATE, _LATENESS, _LABELS = map(
    _FIELDS.index,
    (
        "state_type",
        "expected_start_time",
        "start_time",
        "total_run_time",
        "estimated_run_time",
        "estimated_start_time_delta",
        "labels",
    ),
)
_NO_LABELS = Raw(b"{}")

ANSWERS = select(*COLUMNS).select_from(
    flow_run.outerjoin(work_queue, work_queue.c.id == flow_run.c.work_queue_id).outerjoin(
        work_pool, work_pool.c.id == work_queue.c.work_pool_id
    )
)
"""Rows for `from_row`: add conditions, an order, a limit."""

_BY_ID = Statement(ANSWERS.where(flow_run.c.id == bindparam("id")))


def from_row(row: list[Any], now: datetime) -> FlowRun:
    """The answer for one row of `ANSWERS`. The row is used up."""
    kind = row[_STATE_TYPE]
    row[_ESTIMATE] = run_time(kind, row[_ESTIMATE], row[_TOTAL], now) if kind == RUNNING else row[_TOTAL]
    start, expected = row[_START], row[_EXPECTED]
    if expected is not None and (start is not None or kind not in FINAL):
        row[_LATENESS] = lateness(kind, expected, start, now)
    if row[_LABELS] is None:
        row[_LABELS] = _NO_LABELS
    return FlowRun(*row)


def by_id(tx: Tx, id: UUID, now: datetime) -> FlowRun | None:
    """The run as it is answered; its estimates hold for `now`."""
    row = tx.first(_BY_ID, {"id": id})
    return None if row is None else from_row(row, now)
