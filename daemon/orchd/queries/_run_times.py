"""What a run's answer says about time beyond its row: both estimates hold for one moment, so they are made on read."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, case, literal, or_

from orchd.db.types import Timestamp
from orchd.queries._functions import SecondsBetween

RUNNING = "RUNNING"
FINAL = frozenset({"COMPLETED", "FAILED", "CANCELLED", "CRASHED"})


def run_time(state_type: str | None, state_timestamp: datetime | None, total: float, now: datetime) -> float:
    """Seconds spent in RUNNING until now."""
    if state_type == RUNNING and state_timestamp is not None:
        return total + (now - state_timestamp).total_seconds()
    return total


def lateness(state_type: str | None, expected: datetime | None, start: datetime | None, now: datetime) -> float:
    """Seconds by which the run began late, or by which it is late now. A run that ended unstarted is not late."""
    if expected is None:
        return 0.0
    if start is not None:
        return (start - expected).total_seconds() if start > expected else 0.0
    if state_type not in FINAL and expected < now:
        return (now - expected).total_seconds()
    return 0.0


def _moment(now: datetime | ColumnElement[Any]) -> ColumnElement[Any]:
    return literal(now, Timestamp()) if isinstance(now, datetime) else now


def run_time_of(runs: Table, now: datetime | ColumnElement[Any]) -> ColumnElement[float]:
    """`run_time`, as the database computes it for sums."""
    c = runs.c
    since = SecondsBetween(c.state_timestamp, _moment(now))
    return case((c.state_type == RUNNING, c.total_run_time + since), else_=c.total_run_time)


def lateness_of(runs: Table, now: datetime | ColumnElement[Any]) -> ColumnElement[float]:
    """`lateness`, as the database computes it for sums and averages."""
    c, at = runs.c, _moment(now)
    unended = or_(c.state_type.is_(None), and_(*(c.state_type != kind for kind in sorted(FINAL))))
    return case(
        (c.start_time > c.expected_start_time, SecondsBetween(c.expected_start_time, c.start_time)),
        (
            and_(c.start_time.is_(None), unended, c.expected_start_time < at),
            SecondsBetween(c.expected_start_time, at),
        ),
        else_=0.0,
    )
