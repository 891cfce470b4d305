"""When recurrence rules are due. dateutil goes through a rule period by period; here it is made to begin nearby."""

import heapq
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr
from msgspec import Struct

from orchd.schedules import rules, wall
from orchd.schedules.rules import ORIGIN, Parts

MOST_COUNTED = 10_000  # occurrences of a rule with COUNT whose last one cannot be calculated: each has to be looked at
OLDEST_COUNTED = datetime(1970, 1, 1)  # noqa: DTZ001
MOST_LEFT_OUT = 100_000  # times that exceptions may leave out one after the other
_STEPS = {
    "SECONDLY": timedelta(seconds=1),
    "MINUTELY": timedelta(minutes=1),
    "HOURLY": timedelta(hours=1),
    "DAILY": timedelta(days=1),
    "WEEKLY": timedelta(weeks=1),
}
_OF_DAYS = frozenset({"BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYDAY", "BYWEEKDAY", "BYEASTER"})
_PLAIN = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"})


class TooSparse(Exception):
    """The exceptions of a rule leave out so much that looking for what remains was given up."""


class Recurrence(Struct, frozen=True):
    """Recurrence rules on the wall clock of a zone. Raises ValueError when the text cannot be read or used."""

    text: str
    zone: ZoneInfo

    def __post_init__(self) -> None:
        found = rules.read(self.text)
        for each in (*found.rules, *found.exceptions):
            _insist_on_use(each, found.begins or ORIGIN)

    def between(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """See the package. Raises TooSparse while it is gone through."""
        return wall.due(self._walls(*wall.bounds(self.zone, start, end)), self.zone, start, end)

    def _walls(self, first: datetime, last: datetime) -> Iterator[datetime]:
        found = rules.read(self.text)
        begins = found.begins or ORIGIN
        due = heapq.merge(*(_walls_of(each, begins, first, last) for each in found.rules), found.dates)
        out = heapq.merge(*(_walls_of(each, begins, first, last) for each in found.exceptions), found.exception_dates)
        return (each for each in _without(due, out) if each >= first)


def _insist_on_use(parts: Parts, begins: datetime) -> None:
    """Raises ValueError for a rule that dateutil does not take, or whose occurrences cannot be counted soon enough."""
    _rule(parts, begins)
    if "COUNT" not in parts or _is_plain(parts):
        return
    frequent = parts["FREQ"] in ("SECONDLY", "MINUTELY")
    if frequent or int(parts["COUNT"]) > MOST_COUNTED or begins < OLDEST_COUNTED:
        raise ValueError(
            f"A rule with COUNT that is not a plain interval may count to {MOST_COUNTED} at most, begin in 1970 at the "
            "earliest, and not be MINUTELY or SECONDLY; give it an UNTIL in place of the COUNT"
        )


def _is_plain(parts: Parts) -> bool:
    """Whether each period has exactly one occurrence."""
    return parts["FREQ"] in _STEPS and _PLAIN.issuperset(parts)


def _rule(parts: Parts, begins: datetime) -> rrule:
    text = ";".join(f"{name}={value}" for name, value in parts.items())
    try:
        found = rrulestr(text, dtstart=begins, ignoretz=True)
        assert isinstance(found, rrule)  # a single rule, no set of them
        return found
    except (ValueError, TypeError, OverflowError, IndexError) as error:
        raise ValueError(f"{text!r} is not a recurrence rule: {error}") from error


def _walls_of(parts: Parts, begins: datetime, first: datetime, last: datetime) -> Iterator[datetime]:
    """The times of one rule, some before `first` maybe, none after `last`."""
    kept = {name: value for name, value in parts.items() if name not in ("COUNT", "UNTIL")}
    ends = rules.time_of(parts["UNTIL"]) if "UNTIL" in parts else last
    count = int(parts["COUNT"]) if "COUNT" in parts else None
    if count is not None and _is_plain(parts):
        ends, count = min(ends, _last_of(count, parts, begins)), None
    kept["UNTIL"] = f"{min(ends, last):%Y%m%dT%H%M%S}"
    if count is not None:
        return islice(_rule(kept, begins), count)
    return iter(_rule(_explicit(kept, begins), _nearby(kept, begins, first)))


def _last_of(count: int, parts: Parts, begins: datetime) -> datetime:
    """The last of so many occurrences, where each period has one."""
    try:
        return begins + (count - 1) * _period(parts)
    except OverflowError:
        return datetime.max  # noqa: DTZ901  (on the wall clock)


def _period(parts: Parts) -> timedelta:
    return int(parts.get("INTERVAL", "1")) * _STEPS[parts["FREQ"]]


def _explicit(parts: Parts, begins: datetime) -> Parts:
    """The rule with the days said that it would take from its beginning: that is about to be another."""
    if parts["FREQ"] not in ("MONTHLY", "YEARLY") or not _OF_DAYS.isdisjoint(parts):
        return parts
    told = {"BYMONTHDAY": str(begins.day)}
    if parts["FREQ"] == "YEARLY" and "BYMONTH" not in parts:
        told["BYMONTH"] = str(begins.month)
    return {**parts, **told}


def _nearby(parts: Parts, begins: datetime, first: datetime) -> datetime:
    """A beginning a whole number of periods later, and still one whole period before `first`."""
    if parts["FREQ"] in _STEPS:
        try:
            period = _period(parts)
            return begins + max(0, (first - begins) // period - 1) * period
        except OverflowError:  # the period is longer than time
            return begins
    months = int(parts.get("INTERVAL", "1")) * (12 if parts["FREQ"] == "YEARLY" else 1)
    passed = (first.year - begins.year) * 12 + first.month - begins.month
    later = passed // months - 1
    if later <= 0:
        return begins
    year, month = divmod(begins.year * 12 + begins.month - 1 + later * months, 12)
    return begins.replace(year=year, month=1 if parts["FREQ"] == "YEARLY" else month + 1, day=1)


def _without(due: Iterable[datetime], out: Iterator[datetime]) -> Iterator[datetime]:
    """Those that are not left out. Raises TooSparse."""
    left_out, skipped, last = next(out, None), 0, None
    for each in due:
        while left_out is not None and left_out < each:
            left_out = next(out, None)
        skipped += 1
        if skipped > MOST_LEFT_OUT:
            raise TooSparse("The schedule's exceptions leave out nearly all of it.")
        if each not in (left_out, last):
            skipped = 0
            yield each
        last = each
