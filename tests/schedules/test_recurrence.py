"""Recurrence rules: those of dateutil, wherever they begin."""

from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from orchd.schedules import Recurrence
from orchd.schedules.recurrence import TooSparse

UTC_ZONE, TOKYO = ZoneInfo("UTC"), ZoneInfo("Asia/Tokyo")
YEAR = timedelta(days=366)


def first(text: str, start: str, count: int = 3, zone: ZoneInfo = UTC_ZONE) -> list[str]:
    """The next times, on the wall clock of the zone."""
    at = datetime.fromisoformat(start).replace(tzinfo=zone).astimezone(UTC)
    due = Recurrence(text, zone).between(at, at + 5 * YEAR)
    return [each.astimezone(zone).strftime("%y-%m-%d %H:%M") for each in islice(due, count)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DTSTART:20200101T093000\nRRULE:FREQ=DAILY", ["26-03-01 09:30", "26-03-02 09:30", "26-03-03 09:30"]),
        ("FREQ=DAILY", ["26-03-01 00:00", "26-03-02 00:00", "26-03-03 00:00"]),
        ("DTSTART:20200131\nRRULE:FREQ=MONTHLY", ["26-03-31 00:00", "26-05-31 00:00", "26-07-31 00:00"]),
        ("DTSTART:20200229T120000\nRRULE:FREQ=YEARLY", ["28-02-29 12:00"]),
        ("DTSTART:20200101T0800\nFREQ=DAILY".replace("T0800", "T080000Z"), ["26-03-01 08:00"]),
        ("DTSTART;TZID=Asia/Tokyo:20200101T080000\nRRULE:FREQ=DAILY", ["26-03-01 08:00"]),
        ("DTSTART:20260301T000000\nRRULE:FREQ=DAILY;COUNT=2", ["26-03-01 00:00", "26-03-02 00:00"]),
        ("DTSTART:20200101T000000\nRRULE:FREQ=DAILY;UNTIL=20260302T000000Z", ["26-03-01 00:00", "26-03-02 00:00"]),
        ("DTSTART:20200101T000000\nRRULE:FREQ=DAILY;COUNT=3", []),
        ("DTSTART:20260201T000000\nRRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=10", ["26-03-02 00:00", "26-03-04 00:00"]),
        (
            "DTSTART:20200101T000000\nRRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            ["26-03-31 00:00", "26-04-30 00:00", "26-05-29 00:00"],
        ),
        (
            "DTSTART:20200101T000000\nRRULE:FREQ=DAILY\nEXRULE:FREQ=WEEKLY;BYDAY=SU\nEXDATE:20260303T000000\n"
            "RDATE:20260302T120000,20260302T000000",
            ["26-03-02 00:00", "26-03-02 12:00", "26-03-04 00:00"],
        ),
        ("RDATE:20260401T000000", ["26-04-01 00:00"]),
    ],
)
def test_a_rule_is_due_when_it_says(text: str, expected: list[str]) -> None:
    assert first(text, "2026-03-01", max(1, len(expected))) == expected


def test_its_times_are_on_the_wall_clock_of_the_zone() -> None:
    assert first("DTSTART:20200101T093000\nRRULE:FREQ=DAILY", "2026-03-01", 1, TOKYO) == ["26-03-01 09:30"]


REFUSED = (
    """
FREQ=FORTNIGHTLY|RRULE:INTERVAL=2|FREQ=DAILY;BYHOUR=25x|FREQ=DAILY;INTERVAL=0|FREQ=SECONDLY;BYMINUTE=90|FREQ=DAILY;BYHOUR=24
DTSTART:soon RRULE:FREQ=DAILY|DTSTART:20201301T000000 RRULE:FREQ=DAILY|FREQ=MONTHLY;BYMONTHDAY=0|FREQ=YEARLY;BYWEEKNO=54
FREQ=DAILY;BYHOUR=1;COUNT=10001|FREQ=MINUTELY;BYHOUR=1;COUNT=5|NOTE:x RRULE:FREQ=DAILY|FREQ=DAILY;BYDAY=XX
""".strip()
    .replace("\n", "|")
    .split("|")
)


@pytest.mark.parametrize("text", ["", "X" * 7000, *REFUSED])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Recurrence(text, UTC_ZONE)


def test_exceptions_that_leave_out_everything_end_in_an_error_not_in_a_search() -> None:
    rule = "FREQ=SECONDLY"
    with pytest.raises(TooSparse):
        list(first(f"DTSTART:20200101T000000\nRRULE:{rule}\nEXRULE:{rule}", "2026-03-01"))


def test_an_anchor_long_ago_costs_no_more_than_a_new_one() -> None:
    """Were it gone through from the beginning, this would take hours."""
    for text in ("RRULE:FREQ=SECONDLY", "RRULE:FREQ=SECONDLY;COUNT=999999999", "RRULE:FREQ=MINUTELY;BYSECOND=0,30"):
        assert len(first(f"DTSTART:19990101T000000\n{text}", "2027-03-01", 50)) == 50


FREQUENCIES = """
FREQ=HOURLY FREQ=DAILY FREQ=WEEKLY FREQ=MONTHLY FREQ=YEARLY FREQ=HOURLY;BYMINUTE=5,50 FREQ=DAILY;BYHOUR=3,4
FREQ=WEEKLY;BYDAY=MO,FR FREQ=WEEKLY;BYDAY=TU,SU;WKST=SU FREQ=WEEKLY;BYDAY=MO,TU,TH;BYSETPOS=-1 FREQ=MONTHLY;BYDAY=2TU
FREQ=MONTHLY;BYMONTHDAY=-1 FREQ=YEARLY;BYMONTH=2,7 FREQ=YEARLY;BYWEEKNO=1,20 FREQ=YEARLY;BYDAY=MO;BYSETPOS=3
FREQ=YEARLY;BYYEARDAY=100
""".split()
RULES = st.tuples(
    st.sampled_from(FREQUENCIES),
    st.integers(1, 7),
    st.sampled_from(["", ";COUNT=40", ";UNTIL=20260401T000000"]),
).map(lambda parts: f"{parts[0]};INTERVAL={parts[1]}{parts[2]}")


@settings(max_examples=80, deadline=None)
@given(
    RULES,
    st.datetimes(datetime(2018, 1, 1), datetime(2026, 1, 1)).map(lambda each: each.replace(microsecond=0)),
    st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1)),
)
def test_a_rule_that_begins_nearby_is_the_one_that_began_long_ago(rule: str, begins: datetime, start: datetime) -> None:
    whole = rrulestr(rule, dtstart=begins, ignoretz=True)
    at, last = start.replace(tzinfo=UTC), start + 10 * YEAR
    following = takewhile(lambda each: each < last, whole.xafter(start, inc=True))
    expected = [each.replace(tzinfo=UTC) for each in islice(following, 6)]
    text = f"DTSTART:{begins:%Y%m%dT%H%M%S}\nRRULE:{rule}"
    assert list(islice(Recurrence(text, UTC_ZONE).between(at, last.replace(tzinfo=UTC)), 6)) == expected
