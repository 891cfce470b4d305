"""How recurrence rules are written (RFC 5545): lines of DTSTART, RRULE, EXRULE, RDATE and EXDATE.

Their times are on the wall clock of the schedule's zone: what they say of zones themselves (`Z`, `TZID`) is not heeded.
"""

import re
from datetime import datetime
from functools import lru_cache

from msgspec import Struct

LENGTH = 6500
FREQUENCIES = frozenset({"YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"})
ORIGIN = datetime(2020, 1, 1)  # noqa: DTZ001  (where rules begin that do not say it)
_TIME = re.compile(r"\d{8}(T\d{6}Z?)?")
_NUMBERS = re.compile(r"[+-]?\d{1,4}(,[+-]?\d{1,4})*")
_DAYS = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)(\([+-]?\d{1,2}\))?")
_LISTS = {
    "BYSECOND": (0, 59),
    "BYMINUTE": (0, 59),
    "BYHOUR": (0, 23),
    "BYMONTHDAY": (1, 31),
    "BYYEARDAY": (1, 366),
    "BYWEEKNO": (1, 53),
    "BYMONTH": (1, 12),
    "BYSETPOS": (1, 366),
    "BYEASTER": (0, 366),
}
"""Parts that list numbers. Those of days, weeks and positions may be counted from the end: they are negative then."""
_FROM_THE_END = frozenset({"BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS", "BYEASTER"})
Parts = dict[str, str]


class Rules(Struct, frozen=True):
    """What a text says."""

    begins: datetime | None
    rules: list[Parts]
    exceptions: list[Parts]
    dates: list[datetime]
    exception_dates: list[datetime]


@lru_cache(maxsize=4096)
def read(text: str) -> Rules:
    """What the text says. Raises ValueError, saying what is wrong with it."""
    if len(text) > LENGTH:
        raise ValueError(f"The rule is longer than {LENGTH} characters")
    found = Rules(None, [], [], [], [])
    begins: list[datetime] = []
    for line in text.upper().split():
        kind, value = _split(line)
        if kind in ("RRULE", "EXRULE"):
            (found.rules if kind == "RRULE" else found.exceptions).append(_parts(value))
        elif kind in ("RDATE", "EXDATE", "DTSTART"):
            kept = {"RDATE": found.dates, "EXDATE": found.exception_dates, "DTSTART": begins}[kind]
            kept.extend(time_of(each) for each in value.split(","))
        else:
            raise ValueError(f"{kind!r} is not a property of a recurrence rule")
    if not found.rules and not found.dates:
        raise ValueError(f"{text!r} is not a recurrence rule: it has no RRULE")
    return Rules(
        begins[-1] if begins else None,
        found.rules,
        found.exceptions,
        sorted(found.dates),
        sorted(found.exception_dates),
    )


def time_of(text: str) -> datetime:
    """A time as rules write it, without a zone. Raises ValueError."""
    if not _TIME.fullmatch(text):
        raise ValueError(f"{text!r} is not a time as recurrence rules write it")
    return datetime.fromisoformat(text.removesuffix("Z"))


def _split(line: str) -> tuple[str, str]:
    head, colon, value = line.partition(":")
    if not colon:
        return "RRULE", line
    return head.partition(";")[0], value


def _parts(value: str) -> Parts:
    found = dict(part.partition("=")[::2] for part in value.split(";") if part)
    if found.get("FREQ") not in FREQUENCIES:
        raise ValueError(f"{value!r} is not a recurrence rule: FREQ is missing or unknown")
    for name, each in found.items():
        if not _is_value(name, each):
            raise ValueError(f"{name}={each} is not part of a recurrence rule")
    return found


def _is_value(name: str, value: str) -> bool:
    if name == "FREQ":
        return value in FREQUENCIES
    if name in ("INTERVAL", "COUNT"):
        return value.isdecimal() and value.isascii() and len(value) <= 9 and (name == "COUNT" or int(value) > 0)
    if name == "UNTIL":
        return _TIME.fullmatch(value) is not None
    if name == "WKST":
        return value in ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
    if name in ("BYDAY", "BYWEEKDAY"):
        return all(_DAYS.fullmatch(each) for each in value.split(","))
    if name not in _LISTS or not _NUMBERS.fullmatch(value):
        return False
    low, high = _LISTS[name]
    numbers = [int(each) for each in value.split(",")]
    return all(low <= (abs(each) if name in _FROM_THE_END else each) <= high for each in numbers)
