"""Cron lines: five fields, or six with the seconds last, or one of the short names. Read by croniter.

Which line means what, croniter says; which days and times follow, is looked up here from the day that is asked about:
its own search goes through moments, and takes another way at each change of the clock.
"""

import re
from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from croniter import CroniterError, croniter
from msgspec import Struct

from orchd.schedules import wall

LENGTH = 1000
_SHORT = frozenset({"@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"})
_ANY, _LAST = "*", "l"
_UNDECIDED = re.compile(r"[rh]\b|[rh]\(|\dw|w\d")  # a random time, one by a hash, the weekday nearest to a day
_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)
_Values = Sequence[int | str]


class Fields(Struct, frozen=True):
    """What a line means. Weekdays are counted from Sunday, 0."""

    minutes: Sequence[int]
    hours: Sequence[int]
    seconds: Sequence[int]
    months: frozenset[int]
    days: frozenset[int | str] | None
    """None: any. `l` stands for the month's last."""
    weekdays: frozenset[int] | None
    nth: dict[int, frozenset[int | str]]
    """Which of a month's Sundays, Mondays, ... are meant; those of weekdays without an entry all are."""


@lru_cache(maxsize=4096)
def fields(line: str) -> Fields:
    """What the line means. Raises ValueError, saying what is wrong with it."""
    if len(line) > LENGTH:
        raise ValueError(f"The cron line is longer than {LENGTH} characters")
    parts = line.lower().split()
    if not (len(parts) in (5, 6) or (len(parts) == 1 and parts[0] in _SHORT)):
        raise ValueError(f"{line!r} is not a cron line: it has five fields, or six with the seconds last")
    undecided = next((each for each in parts if _UNDECIDED.search(each)), None)
    if undecided is not None:
        raise ValueError(f"{line!r} is not a cron line: {undecided!r} cannot stand in it")
    try:
        found, nth = croniter.expand(" ".join(parts))
    except (CroniterError, KeyError, TypeError, IndexError) as error:
        raise ValueError(f"{line!r} is not a cron line: {error}") from error
    minutes, hours, days, months, weekdays = found[:5]
    return Fields(
        minutes=_numbers(minutes, 60),
        hours=_numbers(hours, 24),
        seconds=_numbers(found[5], 60) if len(found) > 5 else (0,),
        months=frozenset(_numbers(months, 13)),
        days=None if days == [_ANY] else frozenset(days),
        weekdays=None if weekdays == [_ANY] else frozenset(_numbers(weekdays, 7)),
        nth={day: frozenset(which) for day, which in nth.items()},
    )


def _numbers(values: _Values, count: int) -> Sequence[int]:
    return range(count) if list(values) == [_ANY] else sorted({int(each) for each in values})


class Cron(Struct, frozen=True):
    """A cron line on the wall clock of a zone. `day_or`: a day that fits either field of days fits; else it must both.

    Raises ValueError when the line cannot be read.
    """

    line: str
    zone: ZoneInfo
    day_or: bool = True

    def __post_init__(self) -> None:
        fields(self.line)

    def between(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """See the package."""
        return wall.due(self._walls(*wall.bounds(self.zone, start, end)), self.zone, start, end)

    def _walls(self, first: datetime, last: datetime) -> Iterator[datetime]:
        meant = fields(self.line)
        for day in self._days(meant, first.date(), last.date()):
            yield from _times(meant, day, first)

    def _days(self, meant: Fields, first: date, last: date) -> Iterator[date]:
        year, month = first.year, first.month
        while (year, month) <= (last.year, last.month):
            if month in meant.months:
                length = monthrange(year, month)[1]
                for number in range(first.day if (year, month) == (first.year, first.month) else 1, length + 1):
                    day = date(year, month, number)
                    if _fits(meant, day, length, self.day_or):
                        yield day
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def _fits(meant: Fields, day: date, length: int, day_or: bool) -> bool:
    if meant.days is None and meant.weekdays is None:
        return True
    by_day = meant.days is not None and (day.day in meant.days or (_LAST in meant.days and day.day == length))
    by_week = meant.weekdays is not None and _fits_week(meant, meant.weekdays, day, length)
    if meant.days is None or meant.weekdays is None or day_or:
        return by_day or by_week
    return by_day and by_week


def _fits_week(meant: Fields, weekdays: frozenset[int], day: date, length: int) -> bool:
    weekday = day.isoweekday() % 7
    if weekday not in weekdays:
        return False
    which = meant.nth.get(weekday)
    return which is None or (day.day + 6) // 7 in which or (_LAST in which and day.day + 7 > length)


def _times(meant: Fields, day: date, first: datetime) -> Iterator[datetime]:
    """The times of a day, from `first` on."""
    midnight = datetime.combine(day, time())
    for hour in meant.hours:
        at = midnight + hour * _HOUR
        if at + _HOUR <= first:
            continue
        for minute in meant.minutes:
            whole = at + minute * _MINUTE
            if whole + _MINUTE <= first:
                continue
            for second in meant.seconds:
                if (exact := whole.replace(second=second)) >= first:
                    yield exact
