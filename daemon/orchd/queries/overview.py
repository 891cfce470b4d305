"""What the first page shows: the newest flow runs, and how many there are in each state."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import func, literal, select, union_all

from orchd.db import Tx
from orchd.db.tables import flow, flow_run
from orchd.queries._filters_nouns import BEGINS
from orchd.queries._run_times import run_time
from orchd.wire.states import StateType

MOST_COUNTED = 10_000  # of one state: counting a million for a page that people look at would cost a second
NEWEST = 25


class Run(Struct, frozen=True):
    """A flow run in short. `seconds` is the time spent running, None before it starts."""

    name: str
    flow: str
    state_type: str | None
    state_name: str | None
    begins: datetime | None
    seconds: float | None


class Overview(Struct, frozen=True):
    """`counts` leaves out the states that no run is in; `MOST_COUNTED` stands for itself or more."""

    newest: list[Run]
    counts: dict[str, int]


_c = flow_run.c
_NEWEST = (
    select(
        _c.name, flow.c.name, _c.state_type, _c.state_name, BEGINS, _c.start_time, _c.state_timestamp, _c.total_run_time
    )
    .select_from(flow_run.join(flow, flow.c.id == _c.flow_id))
    .order_by(BEGINS.desc())
    .limit(NEWEST)
)
_COUNTS = union_all(
    *(
        select(
            literal(kind.value),
            select(func.count())
            .select_from(select(_c.id).where(_c.state_type == kind.value).limit(MOST_COUNTED).subquery())
            .scalar_subquery(),
        )
        for kind in StateType
    )
)


def overview(tx: Tx, now: datetime) -> Overview:
    """Runs whose time has come, the latest first; scheduled ones of the future are only counted."""
    newest = [_run(row, now) for row in tx.execute(_NEWEST.where(now >= BEGINS))]
    counted = {kind: count for kind, count in map(tuple, tx.execute(_COUNTS)) if count}
    return Overview(newest, counted)


def _run(row: Sequence[Any], now: datetime) -> Run:
    name, flow_name, kind, state, begins, start, since, total = row
    return Run(name, flow_name, kind, state, begins, None if start is None else run_time(kind, since, total, now))
