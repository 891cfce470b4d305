"""What the pages of a dashboard are told."""

from datetime import datetime, timedelta
from uuid import UUID

from orchd.db import Tx
from orchd.errors import Invalid, NotFound
from orchd.kit.clock import as_utc
from orchd.queries import dashboard as query
from orchd.queries.history import Steps
from orchd.wire.task_runs import TaskRunFilter
from orchd.wire.ui import NamedTaskRun

BARS = 20
_MINUTE = timedelta(minutes=1)


def bars(asked: TaskRunFilter, now: datetime) -> Steps:
    """Equal steps over the whole minutes that the filter's `start_time` touches. Raises Invalid without a beginning."""
    began = asked.start_time
    if began is None or began.after_ is None:
        raise Invalid("task_runs.start_time.after_ is required")
    start = _minute(as_utc(began.after_))
    end = _minute(as_utc(began.before_) if began.before_ else now) + _MINUTE
    return Steps(start, max((end - start) / BARS, timedelta(microseconds=1)), BARS)


def task_run(tx: Tx, id: UUID, now: datetime) -> NamedTaskRun:
    """Raises NotFound."""
    found = query.named_task_run(tx, id, now)
    if found is None:
        raise NotFound("Task not found")
    return found


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
