"""When a deployment runs: an interval, a cron line or a recurrence rule. Which one it is, its keys say."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from orchd.kit.clock import EPOCH
from orchd.schedules import Cron, Interval, Recurrence, Timetable
from orchd.wire.base import UUID, Answer, Body, JsonObject, Meta, UnsetType

LONGEST_INTERVAL = timedelta(days=365_000).total_seconds()
_KEYS = ("interval", "cron", "rrule")


def _zone(name: str | None) -> ZoneInfo:
    """Without a name UTC. Raises ValueError."""
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not a time zone of the IANA database") from error


class IntervalSchedule(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """So often, counted from an anchor. `interval` is in seconds."""

    interval: float | timedelta
    anchor_date: datetime | None = None
    timezone: str | None = None

    def __post_init__(self) -> None:
        if not 0 < self.seconds <= LONGEST_INTERVAL:
            raise ValueError("The interval must be longer than nothing and shorter than 1000 years")
        self.timetable()

    @property
    def seconds(self) -> float:
        return self.interval.total_seconds() if isinstance(self.interval, timedelta) else self.interval

    def timetable(self) -> Timetable:
        """When it is due. Raises ValueError."""
        return Interval(timedelta(seconds=self.seconds), utc_anchor(self.anchor_date or EPOCH), _zone(self.timezone))


class CronSchedule(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """By a cron line, on the wall clock of a zone; `day_or`: a day that fits either of its two fields of days fits."""

    cron: str
    timezone: str | None = None
    day_or: bool = True

    def __post_init__(self) -> None:
        self.timetable()

    def timetable(self) -> Timetable:
        """When it is due. Raises ValueError."""
        return Cron(self.cron, _zone(self.timezone), self.day_or)


class RRuleSchedule(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """By a recurrence rule of RFC 5545, or a set of them, on the wall clock of a zone."""

    rrule: str
    timezone: str | None = "UTC"

    def __post_init__(self) -> None:
        self.timetable()

    def timetable(self) -> Timetable:
        """When it is due. Raises ValueError."""
        return Recurrence(self.rrule, _zone(self.timezone))


Schedule = IntervalSchedule | CronSchedule | RRuleSchedule
_KINDS: dict[str, type[Schedule]] = {"interval": IntervalSchedule, "cron": CronSchedule, "rrule": RRuleSchedule}


def schedule_of(raw: dict[str, Any]) -> Schedule:
    """The schedule that an object describes. Raises ValueError."""
    found = [key for key in _KEYS if key in raw]
    if len(found) != 1:
        raise ValueError("A schedule has one of the keys `interval`, `cron` and `rrule`")
    return msgspec.convert(raw, _KINDS[found[0]], strict=False)


def utc_anchor(moment: datetime) -> datetime:
    """An anchor without a zone is in UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def zone_of(schedule: Schedule) -> ZoneInfo:
    """The zone on whose wall clock a schedule is due, where it has to do with one."""
    return _zone(schedule.timezone)


MOST_RUNS = 50
MaxRuns = Annotated[int, Meta(ge=1, le=MOST_RUNS)]
Slug = Annotated[str, Meta(max_length=500)]


class DeploymentSchedule(Answer, frozen=True, kw_only=False):
    """A schedule of a deployment. Built from rows by position: the fields' order is that of the query's columns."""

    id: UUID
    created: datetime
    updated: datetime
    deployment_id: UUID
    schedule: JsonObject
    active: bool
    max_scheduled_runs: int | None
    parameters: JsonObject
    slug: str | None


class ScheduleCreate(Body, frozen=True, kw_only=True):
    """A new schedule."""

    schedule: JsonObject
    active: bool = True
    max_scheduled_runs: MaxRuns | None = None
    parameters: JsonObject = {}
    slug: Slug | None = None
    replaces: Slug | None = None

    def __post_init__(self) -> None:
        schedule_of(self.schedule)


class ScheduleUpdate(Body, frozen=True, kw_only=True):
    """A change of a schedule, or, in a list of a deployment's, a new one. Null leaves a field as it is."""

    schedule: JsonObject | None = None
    active: bool | None = None
    max_scheduled_runs: MaxRuns | None = None
    parameters: JsonObject | UnsetType | None = msgspec.UNSET
    slug: Slug | None = None
    replaces: Slug | None = None

    def __post_init__(self) -> None:
        if self.schedule is not None:
            schedule_of(self.schedule)


Schedules = Annotated[list[ScheduleCreate], Meta(max_length=1000)]
ScheduleUpdates = Annotated[list[ScheduleUpdate], Meta(max_length=1000)]

__all__ = [
    "CronSchedule",
    "DeploymentSchedule",
    "IntervalSchedule",
    "RRuleSchedule",
    "Schedule",
    "ScheduleCreate",
    "ScheduleUpdate",
    "ScheduleUpdates",
    "Schedules",
    "schedule_of",
    "utc_anchor",
    "zone_of",
]
