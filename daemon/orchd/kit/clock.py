"""Time: UTC, in microseconds. Code that decides takes `now` as an argument; only the edges ask here."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST = datetime.min.replace(tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST = (FIRST - EPOCH) // _MICROSECOND
_LAST = (LAST - EPOCH) // _MICROSECOND


def utc_now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


def as_utc(moment: datetime) -> datetime:
    """The same moment in UTC; one without a zone is taken as UTC, as clients mean it.

    One that UTC puts before year 1 or after 9999 becomes the first or last moment that there is.
    """
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return FIRST if moment.year == 1 else LAST


def to_microseconds(moment: datetime) -> int:
    """Microseconds since 1970 UTC; exact, unlike `timestamp()`. Bounded as in `as_utc`."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    value = (moment - EPOCH) // _MICROSECOND
    return value if _FIRST <= value <= _LAST else _FIRST if value < 0 else _LAST


def from_microseconds(value: int) -> datetime:
    """The moment that lies `value` microseconds after 1970 UTC."""
    return EPOCH + timedelta(0, 0, value)


def microseconds_text(value: int) -> str:
    """The same moment as it is answered, ISO 8601 in UTC: without the object between."""
    seconds, microseconds = divmod(value, 1_000_000)
    return f"{_second_text(seconds)}.{microseconds:06d}Z" if microseconds else f"{_second_text(seconds)}Z"


@lru_cache(maxsize=4096)  # a page of runs or logs lies within few seconds
def _second_text(value: int) -> str:
    return (EPOCH + timedelta(seconds=value)).isoformat()[:19]
