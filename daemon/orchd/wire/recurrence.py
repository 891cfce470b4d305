"""The shape of recurrence rules (RFC 5545): lines of DTSTART, RRULE, EXRULE, RDATE and EXDATE."""

import re

LENGTH = 6500
FREQUENCIES = frozenset({"YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"})
_TIME = re.compile(r"\d{8}(T\d{6}Z?)?")
_NUMBERS = re.compile(r"[+-]?\d{1,4}(,[+-]?\d{1,4})*")
_DAYS = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)(\([+-]?\d{1,2}\))?")
_LISTS = frozenset(
    {"BYSECOND", "BYMINUTE", "BYHOUR", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYMONTH", "BYSETPOS", "BYEASTER"}
)


def check_rule(text: str) -> None:
    """Raises ValueError, saying what is wrong with the text."""
    if len(text) > LENGTH:
        raise ValueError(f"The rule is longer than {LENGTH} characters")
    lines = text.upper().split()
    kinds = [_check_line(line) for line in lines]
    if "RRULE" not in kinds and "RDATE" not in kinds:
        raise ValueError(f"{text!r} is not a recurrence rule: it has no RRULE")


def rules_of(text: str) -> list[dict[str, str]]:
    """The parts of each RRULE line of a text that was checked."""
    found = (_split(line) for line in text.upper().split())
    return [_parts(value) for kind, value in found if kind == "RRULE"]


def starts(text: str) -> bool:
    """Whether the text says when it begins."""
    return any(_split(line)[0] == "DTSTART" for line in text.upper().split())


def _split(line: str) -> tuple[str, str]:
    head, colon, value = line.partition(":")
    if not colon:
        return "RRULE", line
    return head.partition(";")[0], value


def _check_line(line: str) -> str:
    kind, value = _split(line)
    if kind in ("RRULE", "EXRULE"):
        _check_parts(_parts(value))
    elif kind in ("RDATE", "EXDATE", "DTSTART"):
        if not all(_TIME.fullmatch(each) for each in value.split(",")):
            raise ValueError(f"{value!r} is not a time as recurrence rules write it")
    else:
        raise ValueError(f"{kind!r} is not a property of a recurrence rule")
    return kind


def _parts(value: str) -> dict[str, str]:
    found = dict(part.partition("=")[::2] for part in value.split(";") if part)
    if found.get("FREQ") not in FREQUENCIES:
        raise ValueError(f"{value!r} is not a recurrence rule: FREQ is missing or unknown")
    return found


def _check_parts(parts: dict[str, str]) -> None:
    for name, value in parts.items():
        if not _is_value(name, value):
            raise ValueError(f"{name}={value} is not part of a recurrence rule")


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
    return name in _LISTS and _NUMBERS.fullmatch(value) is not None
