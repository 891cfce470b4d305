"""How many runs there were in each step of a span of time, by their present state."""

from datetime import datetime, timedelta
from math import ceil
from typing import Any

from msgspec import Struct
from sqlalchemy import Float, Table, case, cast, func, select

from orchd.db import Tx
from orchd.db.tables import flow_run, task_run
from orchd.errors import Invalid
from orchd.kit.clock import as_utc
from orchd.queries._filters import Condition
from orchd.queries._functions import Slot
from orchd.queries._run_times import lateness_of, run_time_of
from orchd.wire.history import FlowRunHistory, HistoryState, HistoryStep, TaskRunHistory

MOST_STEPS = 500


class Steps(Struct, frozen=True):
    """Equal steps that follow each other."""

    start: datetime
    length: timedelta
    count: int

    def at(self, number: int) -> datetime:
        return self.start + number * self.length


def steps_of(bounds: FlowRunHistory | TaskRunHistory) -> Steps:
    """As many steps as reach the end, but no more than MOST_STEPS. Raises Invalid for steps below a second."""
    seconds = bounds.history_interval_seconds
    if seconds < 1:
        raise Invalid("History interval must not be less than 1 second.")
    start, end = as_utc(bounds.history_start), as_utc(bounds.history_end)
    count = min(MOST_STEPS, max(0, ceil((end - start).total_seconds() / seconds)))
    try:
        steps = Steps(start, timedelta(seconds=seconds), count)
        steps.at(count)
    except OverflowError as error:
        raise Invalid("The history reaches further than time can be told: ask for a shorter interval.") from error
    return steps


def of_flow_runs(tx: Tx, meant: Condition, steps: Steps, now: datetime) -> list[HistoryStep]:
    """The flow runs that are meant, by when they were expected to start."""
    return _history(tx, flow_run, meant, steps, now)


def of_task_runs(tx: Tx, meant: Condition, steps: Steps, now: datetime) -> list[HistoryStep]:
    """The task runs that are meant, by when they were expected to start."""
    return _history(tx, task_run, meant, steps, now)


def _history(tx: Tx, runs: Table, meant: Condition, steps: Steps, now: datetime) -> list[HistoryStep]:
    states: list[list[HistoryState]] = [[] for _ in range(steps.count)]
    if steps.count:
        rows: Any = tx.execute(_counts(runs, meant, steps, now))
        for number, *counted in rows:
            states[number].append(HistoryState(*counted))
    return [
        HistoryStep(interval_start=steps.at(number), interval_end=steps.at(number + 1), states=found)
        for number, found in enumerate(states)
    ]


def _counts(runs: Table, meant: Condition, steps: Steps, now: datetime) -> Any:
    c = runs.c
    number = Slot(c.expected_start_time, steps.start, steps.length.total_seconds()).label("number")
    return (
        select(
            number,
            c.state_type,
            c.state_name,
            func.count(),
            func.sum(_positive(run_time_of(runs, now))),
            func.sum(_positive(lateness_of(runs, now))),
        )
        .where(c.expected_start_time >= steps.start, c.expected_start_time < steps.at(steps.count), meant)
        .group_by(number, c.state_type, c.state_name)
        .order_by(number, c.state_type, c.state_name)
    )


def _positive(seconds: Any) -> Any:
    return cast(case((seconds > 0, seconds), else_=0.0), Float)
