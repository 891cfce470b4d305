"""Intervals: so often, counted from an anchor, before it as well."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from msgspec import Struct

from orchd.schedules import wall

DAY = timedelta(days=1)
_WIDEST_JUMP = timedelta(days=2)


class Interval(Struct, frozen=True):
    """The anchor and all moments that lie a multiple of `every` from it. Raises ValueError when that is nothing.

    An interval of a day or longer goes by the wall clock: of its multiple the whole days are days of the calendar, and
    what remains is exact time. One that is shorter is exact time alone.
    """

    every: timedelta
    anchor: datetime
    zone: ZoneInfo

    def __post_init__(self) -> None:
        if self.every <= timedelta(0):
            raise ValueError("The interval must be longer than nothing")

    def between(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """See the package."""
        if self.every < DAY:
            return self._exact(start, end)
        return self._by_days(start, end)

    def _exact(self, start: datetime, end: datetime) -> Iterator[datetime]:
        first = -((self.anchor - start) // self.every)
        for number in count(first):
            try:
                moment = self.anchor + number * self.every
            except OverflowError:
                return
            if moment >= end:
                return
            yield moment.astimezone(UTC)

    def _by_days(self, start: datetime, end: datetime) -> Iterator[datetime]:
        anchor, last = wall.shown(self.anchor, self.zone), None
        for number in count((start - self.anchor - _WIDEST_JUMP) // self.every):
            days, rest = divmod(number * self.every, DAY)
            try:
                moment = wall.instant(anchor + days * DAY, self.zone) + rest
            except OverflowError:
                if number < 0:
                    continue
                return
            if moment >= end:
                return
            if moment >= start and moment != last:
                yield moment
                last = moment
