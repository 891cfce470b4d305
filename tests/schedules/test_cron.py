"""Cron lines: which are taken, and when they are due."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from croniter import CroniterBadDateError, croniter
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from orchd.schedules import Cron

UTC_ZONE, NEW_YORK = ZoneInfo("UTC"), ZoneInfo("America/New_York")
DAY = timedelta(days=1)
YEAR = 366 * DAY


def first(line: str, start: str, count: int = 3, zone: str = "UTC", *, day_or: bool = True) -> list[str]:
    """The next times, on the wall clock of the zone."""
    at = datetime.fromisoformat(start).replace(tzinfo=UTC)
    due = Cron(line, ZoneInfo(zone), day_or).between(at, at + 5 * YEAR)
    return [each.astimezone(ZoneInfo(zone)).strftime("%m-%d %H:%M:%S") for each in islice(due, count)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("0 9 * * MON-FRI", ["03-02 09:00:00", "03-03 09:00:00", "03-04 09:00:00"]),
        ("* * * * * */20", ["03-01 00:00:00", "03-01 00:00:20", "03-01 00:00:40"]),
        ("*/10 * * * * 30", ["03-01 00:00:30", "03-01 00:10:30", "03-01 00:20:30"]),
        ("0 9 L * *", ["03-31 09:00:00", "04-30 09:00:00", "05-31 09:00:00"]),
        ("0 9 * * L5", ["03-27 09:00:00", "04-24 09:00:00", "05-29 09:00:00"]),
        ("0 9 * * fri#2", ["03-13 09:00:00", "04-10 09:00:00", "05-08 09:00:00"]),
        ("0 0 1 jan,jul *", ["07-01 00:00:00", "01-01 00:00:00", "07-01 00:00:00"]),
        ("0 22-2 * * *", ["03-01 00:00:00", "03-01 01:00:00", "03-01 02:00:00"]),
        ("0 0 29 2 *", ["02-29 00:00:00"]),
        ("@hourly", ["03-01 00:00:00", "03-01 01:00:00", "03-01 02:00:00"]),
        ("@weekly", ["03-01 00:00:00", "03-08 00:00:00", "03-15 00:00:00"]),
        ("0 0 31 2 *", []),
    ],
)
def test_a_line_is_due_when_it_says(line: str, expected: list[str]) -> None:
    assert first(line, "2026-03-01") == expected


def test_either_field_of_days_fits_or_both_have_to() -> None:
    assert first("0 0 13 * 5", "2026-03-01") == ["03-06 00:00:00", "03-13 00:00:00", "03-20 00:00:00"]
    assert first("0 0 13 * 5", "2026-03-01", day_or=False) == ["03-13 00:00:00", "11-13 00:00:00", "08-13 00:00:00"]


def test_a_start_on_a_match_counts_and_one_just_after_does_not() -> None:
    assert first("0 * * * *", "2026-03-01T05:00:00", 1) == ["03-01 05:00:00"]
    assert first("0 * * * *", "2026-03-01T05:00:00.000001", 1) == ["03-01 06:00:00"]
    assert first("* * * * * *", "2026-03-01T05:00:00.5", 1) == ["03-01 05:00:01"]


REFUSED = (
    """
* * * *|* * * * * * *|@reboot|@fortnightly|R * * * *|H * * * *|0 0 * * R|h(0-5) * * * *|60 * * * *|* 24 * * *|0 0 0 * *
0 0 32 * *|0 0 * 13 *|0 0 * * 8|*/0 * * * *|a * * * *|? * * * *|0 0 15W * *|0 0 LW * *|0 0 * * *#2|0 0 * * 5#6
""".strip()
    .replace("\n", "|")
    .split("|")
)


@pytest.mark.parametrize("line", ["", "0 " * 600, *REFUSED])
def test_other_lines_are_refused(line: str) -> None:
    with pytest.raises(ValueError, match="cron line"):
        Cron(line, UTC_ZONE)


class TestWhenTheClockIsSet:
    def hours(self, line: str, day: str) -> list[str]:
        start = datetime.fromisoformat(day).replace(tzinfo=NEW_YORK).astimezone(UTC)
        due = Cron(line, NEW_YORK).between(start, start + timedelta(hours=5))
        return [each.astimezone(NEW_YORK).strftime("%H:%M %Z") for each in due]

    def test_forward_an_hourly_line_has_no_gap_and_what_was_left_out_is_due_at_once(self) -> None:
        assert self.hours("0 * * * *", "2027-03-14") == [
            "00:00 EST",
            "01:00 EST",
            "03:00 EDT",
            "04:00 EDT",
            "05:00 EDT",
        ]
        assert self.hours("30 2 * * *", "2027-03-14") == ["03:00 EDT"]
        assert self.hours("30 2,3 * * *", "2027-03-14") == ["03:00 EDT", "03:30 EDT"]

    def test_back_each_time_is_due_once_the_first_time_that_it_is_shown(self) -> None:
        assert self.hours("0 * * * *", "2027-11-07") == ["00:00 EDT", "01:00 EDT", "02:00 EST", "03:00 EST"]
        assert self.hours("30 1 * * *", "2027-11-07") == ["01:30 EDT"]


def _field(low: int, high: int, *special: str) -> st.SearchStrategy[str]:
    number = st.integers(low, high).map(str)
    part = st.one_of(
        number,
        st.tuples(number, number).map("-".join),
        st.integers(1, high).map("*/{}".format),
        st.tuples(number, st.integers(1, high)).map(lambda two: f"{two[0]}/{two[1]}"),
    )
    several = st.lists(part, min_size=1, max_size=3).map(",".join)
    return st.one_of(st.just("*"), several, st.sampled_from(special)) if special else st.one_of(st.just("*"), several)


LINES = st.tuples(
    _field(0, 59),
    _field(0, 23),
    _field(1, 31, "L"),
    _field(1, 12),
    _field(0, 6, "MON-FRI", "7", "L5", "5#2", "mon#1,wed#3"),
).map(" ".join)


@settings(max_examples=150, deadline=None)
@given(
    LINES,
    st.sampled_from(["", " 0", " */7", " *"]),
    st.booleans(),
    st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1)),
)
def test_the_times_are_those_that_croniter_finds(line: str, seconds: str, day_or: bool, start: datetime) -> None:
    days, weekdays = line.split()[2], line.split()[4].lower()
    assume(days == "*" or not day_or or not ("#" in weekdays or "l" in weekdays))  # croniter wants both to fit then
    try:
        search = croniter(line + seconds, start - timedelta(microseconds=1), day_or=day_or)
    except ValueError:
        with pytest.raises(ValueError, match="cron line"):
            Cron(line + seconds, UTC_ZONE)
        return
    expected: list[datetime] = []
    try:
        while len(expected) < 5 and (found := search.get_next(datetime)) < start + 2 * YEAR:
            expected.append(found.replace(tzinfo=UTC))
    except CroniterBadDateError:
        pass
    at = start.replace(tzinfo=UTC)
    assert list(islice(Cron(line + seconds, UTC_ZONE, day_or).between(at, at + 2 * YEAR), 5)) == expected
