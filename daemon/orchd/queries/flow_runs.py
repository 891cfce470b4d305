"""Questions about flow runs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, func, literal_column, select

from orchd.db import Statement, Tx
from orchd.db.tables import flow_run, work_pool, work_queue
from orchd.db.types import Timestamp
from orchd.kit.jsontext import Raw
from orchd.queries import _filters as filters
from orchd.queries._filters import Condition
from orchd.queries._filters_nouns import BEGINS
from orchd.queries._run_times import FINAL, RUNNING, lateness, lateness_of, run_time, run_time_of
from orchd.wire.flow_runs import FlowRun, FlowRunSort

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


def from_values(
    values: Mapping[str, Any], work_pool_id: UUID | None, work_pool_name: str | None, now: datetime
) -> FlowRun:
    """The answer for a row that was just written, without reading it back."""
    known = {**values, "work_pool_id": work_pool_id, "work_pool_name": work_pool_name}
    row = [known.get(name, 0.0) for name in _FIELDS]
    row[_ESTIMATE] = values["state_timestamp"]
    return from_row(row, now)


def by_id(tx: Tx, id: UUID, now: datetime) -> FlowRun | None:
    """The run as it is answered; its estimates hold for `now`."""
    row = tx.first(_BY_ID, {"id": id})
    return None if row is None else from_row(row, now)


_ORDERS: dict[FlowRunSort, ColumnElement[Any]] = {
    FlowRunSort.ID_DESC: flow_run.c.id.desc(),
    FlowRunSort.START_TIME_ASC: BEGINS.asc(),
    FlowRunSort.START_TIME_DESC: BEGINS.desc(),
    FlowRunSort.EXPECTED_START_TIME_ASC: flow_run.c.expected_start_time.asc(),
    FlowRunSort.EXPECTED_START_TIME_DESC: flow_run.c.expected_start_time.desc(),
    FlowRunSort.NAME_ASC: flow_run.c.name.asc(),
    FlowRunSort.NAME_DESC: flow_run.c.name.desc(),
    FlowRunSort.NEXT_SCHEDULED_START_TIME_ASC: flow_run.c.next_scheduled_start_time.asc(),
    FlowRunSort.END_TIME_DESC: flow_run.c.end_time.desc(),
}

_NOW = bindparam("now", type_=Timestamp())
_ESTIMATED = {
    "estimated_run_time": run_time_of(flow_run, _NOW),
    "estimated_start_time_delta": lateness_of(flow_run, _NOW),
}
READY_MADE = [_ESTIMATED.get(name, column) for name, column in zip(_FIELDS, COLUMNS, strict=True)]
"""The same with both estimates made for the moment `now`, a parameter: such a row needs no `from_row`."""

_READY = ANSWERS.with_only_columns(*READY_MADE)
_WHOLE = {
    sort: Statement(_READY.order_by(order).limit(bindparam("limit")).offset(bindparam("offset")), answers=True)
    for sort, order in _ORDERS.items()
}
"""Pages of all runs, which the start page and most scripts ask for: compiled once, each row an answer as it is."""


def listed(
    tx: Tx, meant: Condition, now: datetime, *, sort: FlowRunSort = FlowRunSort.ID_DESC, limit: int, offset: int = 0
) -> list[FlowRun]:
    """The runs that are meant, in order."""
    whole = _WHOLE[sort]
    if filters.is_everything(meant):
        rows = tx.fetch(whole, {"limit": limit, "offset": offset, "now": now})
    else:
        narrowed = _READY.where(meant).order_by(_ORDERS[sort]).limit(limit).offset(offset)
        rows = tx.fetch_like(whole, narrowed, {"now": now})
    return [FlowRun(*row) for row in rows]


def count(tx: Tx, meant: Condition) -> int:
    """How many runs are meant."""
    return int(tx.execute(filters.count(meant, flow_run.c.id)).scalar_one())


def ids(tx: Tx, meant: Condition, limit: int) -> list[UUID]:
    """The ids of some of the runs that are meant."""
    return list(tx.execute(select(flow_run.c.id).where(meant).limit(limit)).scalars())


def ids_of_flow(tx: Tx, flow_id: UUID, limit: int) -> list[UUID]:
    """The ids of some of a flow's runs."""
    return ids(tx, flow_run.c.flow_id == flow_id, limit)


def average_lateness(tx: Tx, meant: Condition, now: datetime) -> float | None:
    """In seconds, runs on time counting as 0; None without runs."""
    found = tx.execute(select(func.avg(lateness_of(flow_run, now))).where(meant)).scalar_one()
    return None if found is None else float(found)


def page(
    tx: Tx, meant: Condition, now: datetime, *, sort: FlowRunSort, limit: int, page: int
) -> tuple[list[FlowRun], int]:
    """A numbered page, the first being 1, and how many there are on all pages."""
    found = listed(tx, meant, now, sort=sort, limit=limit, offset=(page - 1) * limit)
    return found, count(tx, meant)
