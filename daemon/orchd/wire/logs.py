"""Log lines of runs: as they come, as they are answered, and which are meant."""

from enum import StrEnum
from typing import Annotated

from orchd.kit.textsearch import LENGTH
from orchd.wire.base import UUID, Answer, Body, Filter, Limit, Meta, Offset, datetime
from orchd.wire.filters import Between, IdAny, Ids, Operated

Level = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]


class LogCreate(Body, frozen=True, kw_only=True):
    """One line that a run has logged. The run need not be known."""

    name: str
    level: Level
    message: str
    timestamp: datetime
    flow_run_id: UUID | None = None
    task_run_id: UUID | None = None


class Log(Answer, frozen=True, kw_only=False):
    """A line. Built from rows by position: the fields' order is that of the query's columns."""

    id: UUID
    created: datetime
    updated: datetime
    name: str
    level: int
    message: str
    timestamp: datetime
    flow_run_id: UUID | None
    task_run_id: UUID | None


class LogSort(StrEnum):
    """Orders of a list of lines; those of one moment keep the order in which they came."""

    TIMESTAMP_ASC = "TIMESTAMP_ASC"
    TIMESTAMP_DESC = "TIMESTAMP_DESC"


class LevelBetween(Filter, frozen=True, kw_only=True):
    """Both ends included."""

    ge_: Level | None = None
    le_: Level | None = None


class OfTaskRun(Filter, frozen=True, kw_only=True):
    """`is_null_` asks for lines that belong to no task run, or to any."""

    any_: Ids | None = None
    is_null_: bool | None = None


class Text(Filter, frozen=True, kw_only=True):
    """A query in the search language of `kit/textsearch.py`, over the message and the logger's name."""

    query: Annotated[str, Meta(max_length=LENGTH)]


class LogFilter(Operated, frozen=True, kw_only=True):
    """Which lines are meant."""

    level: LevelBetween | None = None
    timestamp: Between | None = None
    flow_run_id: IdAny | None = None
    task_run_id: OfTaskRun | None = None
    text: Text | None = None


class LogList(Body, frozen=True, kw_only=True):
    """Body of `filter`."""

    logs: LogFilter | None = None
    sort: LogSort | None = None
    limit: Limit | None = None
    offset: Offset | None = None
