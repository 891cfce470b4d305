"""Durations and sizes as people write them."""

import re
from datetime import timedelta

_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_BYTES = {"B": 1, "kB": 1000, "KB": 1000, "MB": 1000**2, "GB": 1000**3, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?(B|kB|KB|MB|GB|KiB|MiB|GiB)")
LONGEST = timedelta(days=36500)


def duration(text: str) -> timedelta:
    """`90s`, `10m`, `1h30m`, `500ms`. Raises ValueError with what is allowed."""
    if not _DURATION.fullmatch(text):
        raise ValueError('expected a duration such as "90s", "10m" or "1h30m"')
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))
    if seconds > LONGEST.total_seconds():
        raise ValueError("expected a duration below a hundred years")
    return timedelta(seconds=seconds)


def size(text: str) -> int:
    """`512MiB`, `10MB`, `100B`: bytes. Raises ValueError with what is allowed."""
    found = _SIZE.fullmatch(text)
    if not found:
        raise ValueError('expected a size such as "512MiB" or "10MB"')
    return int(float(found[1]) * _BYTES[found[2]])
