"""Around every change of the clock, in every zone, 1970 to 2040: no slot twice, none skipped, all in order.

What is expected is worked out from the change itself: from the times that a schedule names, and the two
distances to UTC.
Each change is asked about one kind of schedule, in turn; `make test-schedules` asks about all kinds.
"""

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest

from orchd.schedules import Cron, Interval, Recurrence, Timetable
from tests.schedules.zones import Change, changes

ALL = os.environ.get("ORCHD_TEST_SCHEDULES") == "all"
HOUR, DAY, TICK = timedelta(hours=1), timedelta(days=1), timedelta(microseconds=1)
HALF = HOUR / 2

Made = tuple[Timetable, timedelta]
"""A schedule, and how far apart its times are, counted from midnight."""


def half_hours(zone: ZoneInfo, day: datetime) -> Made:
    return Cron("*/30 * * * *", zone), HALF


def half_hours_by_rule(zone: ZoneInfo, day: datetime) -> Made:
    return Recurrence("DTSTART:19690101T000000\nRRULE:FREQ=MINUTELY;INTERVAL=30", zone), HALF


def midnights(zone: ZoneInfo, day: datetime) -> Made:
    return Cron("0 0 * * *", zone), DAY


def midnights_by_rule(zone: ZoneInfo, day: datetime) -> Made:
    return Recurrence("DTSTART:19690101T000000\nRRULE:FREQ=DAILY", zone), DAY


def midnights_by_interval(zone: ZoneInfo, day: datetime) -> Made:
    return Interval(DAY, (day - 5 * DAY).replace(tzinfo=zone).astimezone(UTC), zone), DAY


KINDS: list[Callable[[ZoneInfo, datetime], Made]] = [
    half_hours,
    midnights,
    midnights_by_interval,
    half_hours_by_rule,
    midnights_by_rule,
]


CUTS = (timedelta(0), TICK, -TICK, HALF, -HALF)


def due(change: Change, every: timedelta, start: datetime, end: datetime) -> list[datetime]:
    """When the times of a grid from midnight are due in [start, end)."""
    wall = (start.replace(tzinfo=None) + min(change.before, change.after) - 2 * DAY).replace(hour=0, minute=0, second=0)
    last = end.replace(tzinfo=None) + max(change.before, change.after) + 2 * DAY
    found = set()
    while wall < last:
        if start <= (moment := change.instant(wall)) < end:
            found.add(moment)
        wall += every
    return sorted(found)


def fault(change: Change, made: Made, width: timedelta, cuts: Sequence[timedelta]) -> str | None:
    """What is wrong in a window around the change that is also asked about in two parts, cut beside the change."""
    schedule, every = made
    start, end = change.at - width, change.at + width
    expected = due(change, every, start, end)
    whole = list(schedule.between(start, end))
    if whole != expected:
        return f"expected {expected}, not {whole}"
    for cut in cuts:
        parts = [*schedule.between(start, change.at + cut), *schedule.between(change.at + cut, end)]
        if parts != whole:
            return f"cut at {cut}: {parts}, not {whole}"
    return None


def test_no_slot_is_doubled_or_skipped_at_any_change_of_any_clock() -> None:
    faults = []
    for number, change in enumerate(changes()):
        zone = ZoneInfo(change.zone)
        day = change.at.astimezone(zone).replace(tzinfo=None, hour=0, minute=0, second=0)
        for kind in KINDS if ALL else [KINDS[number % 13 % len(KINDS)]]:
            made = kind(zone, day)
            width = min(change.calm / 2, 3 * HOUR if made[1] < DAY else 2 * DAY)
            if (wrong := fault(change, made, width, CUTS if ALL else [CUTS[number % len(CUTS)]])) is not None:
                faults.append(f"{change.zone} {change.at} {kind.__name__}: {wrong}")
    assert faults[:5] == []


def test_the_changes_of_the_clock_are_known() -> None:
    """Else the test above would look at nothing."""
    found = changes()
    assert len(found) > 10_000
    assert len({each.zone for each in found}) > 200
    new_york = [each.at for each in found if each.zone in ("America/New_York", "US/Eastern", "EST5EDT")]
    assert datetime(2027, 3, 14, 7, tzinfo=UTC) in new_york
    apia = [each for each in found if each.after - each.before == DAY]
    assert {each.at.year for each in apia} >= {2011}


@pytest.mark.parametrize("every", [timedelta(minutes=7), timedelta(hours=11), timedelta(days=1), timedelta(hours=41)])
def test_intervals_ascend_through_a_year_of_every_zone(every: timedelta) -> None:
    start = datetime(2011, 12, 1, tzinfo=UTC)  # a month later one zone left a whole day out
    for name in sorted(available_timezones())[:: 1 if ALL else 7]:
        schedule = Interval(every, datetime(2020, 2, 29, 1, 30, tzinfo=UTC), ZoneInfo(name))
        end = start + min(400 * DAY, 300 * every)
        slots = list(schedule.between(start, end))
        assert all(a < b for a, b in pairwise(slots)), name
        assert all(abs(b - a - every) <= 25 * HOUR for a, b in pairwise(slots)), name
        assert abs(len(slots) - (end - start) / every) <= 2, name
