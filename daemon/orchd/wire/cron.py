"""The shape of cron lines: five fields, or six with the seconds last, or one of the short names."""

import re

_SHORT = frozenset({"@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"})
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY_NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTHS = {name: at for at, name in enumerate(_MONTH_NAMES, 1)}
_DAYS = {name: at for at, name in enumerate(_DAY_NAMES)}
_MINUTE, _HOUR, _DAY, _MONTH, _WEEKDAY, _SECOND = range(6)
_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7), (0, 59))
_NAMES: dict[int, dict[str, int]] = {_MONTH: _MONTHS, _WEEKDAY: _DAYS}
_PART = re.compile(r"(?:(?P<all>\*)|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>\d{1,4}))?")
_NTH = re.compile(r"(?P<day>\w+)#(?P<nth>[1-5])|[Ll](?P<last>[0-7])")
LENGTH = 1000


def check_cron(line: str) -> None:
    """Raises ValueError, saying what is wrong with the line."""
    if len(line) > LENGTH:
        raise ValueError(f"The cron line is longer than {LENGTH} characters")
    fields = line.lower().split()
    if len(fields) == 1 and fields[0] in _SHORT:
        return
    if len(fields) not in (5, 6):
        raise ValueError(f"{line!r} is not a cron line: it has five fields, or six with the seconds last")
    for kind, field in enumerate(fields):
        for part in field.split(","):
            if not _fits(kind, part):
                raise ValueError(f"{line!r} is not a cron line: {part!r} cannot stand in its field {kind + 1}")


def _fits(kind: int, part: str) -> bool:
    if part == "?":
        return kind in (_DAY, _WEEKDAY)
    if kind == _DAY and part == "l":
        return True
    if kind == _WEEKDAY and (found := _NTH.fullmatch(part)):
        return found["last"] is not None or _number(kind, found["day"]) is not None
    found = _PART.fullmatch(part)
    if found is None or (found["step"] is not None and int(found["step"]) == 0):
        return False
    ends = [found["first"], found["last"]]
    return all(_number(kind, end) is not None for end in ends if end is not None)


def _number(kind: int, text: str) -> int | None:
    value = _NAMES.get(kind, {}).get(text)
    if value is None and text.isdecimal() and text.isascii() and len(text) <= 4:
        value = int(text)
    low, high = _BOUNDS[kind]
    return value if value is not None and low <= value <= high else None
