"""The wall clock of a zone. A time on it is due at the first moment at which the clock shows that time or a later one.

    the clock shows a time twice    the first of the two: an hourly schedule rests for an hour when summer time ends
    the clock leaves a time out     the moment of the jump: what lies in the hour that is missing is due at its end

So a later time is never due earlier, each time is due once, and times that the same jump leaves out are due together.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_TICK = timedelta(microseconds=1)
_SECOND = timedelta(seconds=1)
_WIDEST_JUMP = timedelta(days=2)  # more than any zone has ever been set forward or back


def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The moment, in UTC, at which a time without a zone is due. Raises OverflowError at the ends of the calendar."""
    moment = wall.replace(tzinfo=zone).astimezone(UTC)  # fold=0: the first of two
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    return _jump_over(wall, zone)


def shown(moment: datetime, zone: ZoneInfo) -> datetime:
    """What the clock shows at a moment, without a zone."""
    return moment.astimezone(zone).replace(tzinfo=None)


def due(walls: Iterable[datetime], zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[datetime]:
    """The moments in [start, end) of times that come in order; see `bounds` for those that are needed."""
    last = None
    for wall in walls:
        moment = instant(wall, zone)
        if moment >= end:
            return
        if moment >= start and moment != last:
            yield moment
            last = moment


def bounds(zone: ZoneInfo, start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """The times between which lie all that are due in [start, end).

    A time that is due at `start` was not yet shown just before it, so none is earlier than the clock then was.
    """
    return shown(max(start, _BEGIN) - _TICK, zone), shown(min(end, _END), zone) + _WIDEST_JUMP


_BEGIN = datetime.min.replace(tzinfo=UTC) + _WIDEST_JUMP
_END = datetime.max.replace(tzinfo=UTC) - 2 * _WIDEST_JUMP


def _jump_over(wall: datetime, zone: ZoneInfo) -> datetime:
    """The moment at which the clock is set from before this time to beyond it. Jumps come at whole seconds."""
    before = wall.replace(microsecond=0, tzinfo=zone, fold=1).astimezone(UTC)
    steps = (wall.replace(tzinfo=zone, fold=0).astimezone(UTC) - before) // _SECOND + 1
    first, last = 0, steps
    while first < last:
        middle = (first + last) // 2
        if shown(before + middle * _SECOND, zone) >= wall:
            last = middle
        else:
            first = middle + 1
    return before + first * _SECOND
