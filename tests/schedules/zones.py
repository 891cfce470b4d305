"""Every zone of the tz database and all its changes of the clock between 1970 and 2040, found once."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)
STEP = timedelta(days=6)  # shorter than any summer time that there was
SECOND = timedelta(seconds=1)


class Change(NamedTuple):
    """The clock of a zone is set from one distance to UTC to another."""

    zone: str
    at: datetime
    before: timedelta
    after: timedelta
    calm: timedelta
    """How far the changes next to it are away."""

    def instant(self, wall: datetime) -> datetime:
        """When a time near the change is due: worked out from the two distances alone."""
        early = (wall - self.before).replace(tzinfo=UTC)
        if early < self.at:
            return early
        return max(self.at, (wall - self.after).replace(tzinfo=UTC))


@cache
def changes() -> list[Change]:
    """All of them; of zones with the same history only one's."""
    histories = {}
    for name in sorted(available_timezones()):
        history = tuple(_of(ZoneInfo(name)))
        histories.setdefault(history, name)
    return [
        Change(zone, at, before, after, _calm(history, number))
        for history, zone in histories.items()
        for number, (at, before, after) in enumerate(history)
    ]


def _calm(history: tuple[tuple[datetime, timedelta, timedelta], ...], number: int) -> timedelta:
    near = [each[0] for each in history[max(0, number - 1) : number + 2]]
    apart = [abs(each - history[number][0]) for each in near if each != history[number][0]]
    return min([*apart, timedelta(days=9)])


def _of(zone: ZoneInfo) -> list[tuple[datetime, timedelta, timedelta]]:
    found = []
    moment, offset = FIRST, _offset(FIRST, zone)
    while moment < LAST:
        following = moment + STEP
        if (then := _offset(following, zone)) != offset:
            low, high = moment, following
            while high - low > SECOND:
                middle = low + (high - low) // 2 // SECOND * SECOND
                if _offset(middle, zone) == offset:
                    low = middle
                else:
                    high = middle
            then = _offset(high, zone)
            found.append((high, offset, then))
            following = high
        moment, offset = following, then
    return found


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None
    return offset
