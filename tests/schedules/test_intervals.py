"""Intervals: exact ones, and those that go by the calendar."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from orchd.schedules import Interval

BERLIN = ZoneInfo("Europe/Berlin")  # summer time from 28 March to 31 October 2027
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def walls(every: timedelta, anchor: str, start: str, count: int) -> list[str]:
    """The next times, on the wall clock of Berlin."""
    schedule = Interval(every, datetime.fromisoformat(anchor).replace(tzinfo=BERLIN).astimezone(UTC), BERLIN)
    at = datetime.fromisoformat(start).replace(tzinfo=BERLIN).astimezone(UTC)
    due = islice(schedule.between(at, at + 1000 * every), count)
    return [each.astimezone(BERLIN).strftime("%m-%d %H:%M") for each in due]


def test_a_daily_time_stays_when_the_clock_is_set() -> None:
    assert walls(DAY, "2020-01-01T09:00", "2027-03-27", 3) == ["03-27 09:00", "03-28 09:00", "03-29 09:00"]
    assert walls(7 * DAY, "2020-01-01T09:00", "2027-10-27", 2) == ["10-27 09:00", "11-03 09:00"]


def test_an_interval_of_hours_is_exact_time() -> None:
    assert walls(12 * HOUR, "2027-03-01T09:00", "2027-03-27T12:00", 3) == ["03-27 21:00", "03-28 10:00", "03-28 22:00"]


def test_what_is_left_beside_whole_days_is_exact_time() -> None:
    assert walls(36 * HOUR, "2027-03-25T09:00", "2027-03-25", 4) == [
        "03-25 09:00",
        "03-26 21:00",
        "03-28 09:00",
        "03-29 21:00",
    ]
    assert walls(DAY + 18 * HOUR, "2027-03-25T21:00", "2027-03-27", 2) == ["03-27 15:00", "03-29 09:00"]


def test_a_daily_time_that_is_left_out_is_due_at_once_and_back_to_normal_the_next_day() -> None:
    assert walls(DAY, "2020-01-01T02:30", "2027-03-27", 3) == ["03-27 02:30", "03-28 03:00", "03-29 02:30"]


def test_there_are_times_before_the_anchor_too() -> None:
    assert walls(DAY, "2090-01-01T09:00", "2027-01-01", 2) == ["01-01 09:00", "01-02 09:00"]
    assert walls(HOUR, "2090-01-01T09:00", "2027-01-01", 2) == ["01-01 00:00", "01-01 01:00"]


@pytest.mark.parametrize("every", [timedelta(microseconds=1), timedelta(seconds=7), 25 * HOUR, 300_000 * DAY])
def test_an_anchor_at_either_end_of_time_is_as_good_as_any(every: timedelta) -> None:
    for year in (1, 9999):
        schedule = Interval(every, datetime(year, 6, 1, tzinfo=UTC), BERLIN)
        start = datetime(2027, 1, 1, tzinfo=UTC)
        found = list(islice(schedule.between(start, datetime(9999, 12, 30, tzinfo=UTC)), 3))
        assert found == sorted(set(found))
        assert all(each >= start for each in found)


def test_a_window_that_ends_before_it_begins_is_empty() -> None:
    start = datetime(2027, 1, 1, tzinfo=UTC)
    for every in (HOUR, DAY):
        assert list(Interval(every, start, BERLIN).between(start, start - DAY)) == []


def test_an_interval_of_nothing_is_refused() -> None:
    for every in (timedelta(0), -DAY):
        with pytest.raises(ValueError, match="longer than nothing"):
            Interval(every, datetime(2027, 1, 1, tzinfo=UTC), BERLIN)
