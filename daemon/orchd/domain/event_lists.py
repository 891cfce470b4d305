"""Pages and counts of events: the question is fixed once, its times included, so that later events shift nothing."""

import base64
import math
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec

from orchd.db import Tx
from orchd.errors import Forbidden, Invalid
from orchd.kit.clock import as_utc
from orchd.kit.jsontext import encode
from orchd.queries import event_counts, events
from orchd.wire.event_filters import EventCount, EventFilter, Occurred, PageToken, TimeUnit
from orchd.wire.events import ReceivedEvent

LOOK_BACK = timedelta(days=180)  # of a question that does not say since when
MOST_STEPS = 1000
PIVOT = datetime(2024, 4, 1, tzinfo=UTC)  # a Monday: steps of every length begin here
SECONDS = {
    TimeUnit.WEEK: 604_800,
    TimeUnit.DAY: 86_400,
    TimeUnit.HOUR: 3_600,
    TimeUnit.MINUTE: 60,
    TimeUnit.SECOND: 1,
}
EARLIEST, LATEST = datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)  # no event lies beyond
_MICROSECOND = timedelta(microseconds=1)
_token = msgspec.json.Decoder(PageToken)

Countable = Literal["day", "time", "event", "resource"]
Page = tuple[list[ReceivedEvent], int, str | None]
"""Events, how many match in all, and the token of the next page."""


def period(asked: EventFilter, now: datetime) -> tuple[datetime, datetime]:
    """From when to when a filter looks."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    since, until = asked.occurred.since, asked.occurred.until
    return (
        midnight - LOOK_BACK if since is None else max(as_utc(since), EARLIEST),
        now if until is None else min(as_utc(until), LATEST),
    )


def live_period(asked: EventFilter, now: datetime, look_back: timedelta) -> tuple[datetime, datetime]:
    """From when to when one listens: not further back than allowed, and without an end when none is given."""
    since, until = period(asked, now)
    return max(since, now - look_back), LATEST if asked.occurred.until is None else until


def first_page(tx: Tx, asked: EventFilter, limit: int, now: datetime) -> Page:
    """The first page of an answer."""
    since, until = period(asked, now)
    fixed = msgspec.structs.replace(asked, occurred=Occurred(since=since, until=until))
    found, total = events.page(tx, asked, since, until, limit, 0), events.count(tx, asked, since, until)
    return found, total, _next(PageToken(filter=fixed, count=total, page_size=limit, offset=0))


def next_page(tx: Tx, token: PageToken, now: datetime) -> Page:
    """A further page."""
    since, until = period(token.filter, now)
    found = events.page(tx, token.filter, since, until, token.page_size, token.offset)
    return found, token.count, _next(token)


def read_token(text: str) -> PageToken:
    """What a link to a page holds. Raises Forbidden when orchd has not written it."""
    try:
        return _token.decode(base64.urlsafe_b64decode(text))
    except (ValueError, RecursionError) as error:
        raise Forbidden("Forbidden") from error


def _next(token: PageToken) -> str | None:
    offset = token.offset + token.page_size
    if offset >= token.count:
        return None
    return base64.urlsafe_b64encode(encode(msgspec.structs.replace(token, offset=offset))).decode()


def count_by(tx: Tx, countable: Countable, asked: EventFilter, step: timedelta, now: datetime) -> list[EventCount]:
    """How many events match, by what they share. Raises Invalid when that would be too many steps of time."""
    since, until = period(asked, now)
    start = _step_of(since, step)
    steps = math.ceil((until - start) / step)
    if steps > MOST_STEPS:
        raise Invalid(
            f"The period holds {steps} steps of {step.total_seconds():g} seconds, {MOST_STEPS} are the most: "
            "ask for a shorter period or for longer steps."
        )
    within = (since, until)
    if countable == "event":
        return event_counts.by_name(tx, asked, within)
    if countable == "resource":
        return event_counts.by_resource(tx, asked, within)
    found = event_counts.by_time(tx, asked, within, start, step.total_seconds())
    shown = math.ceil((min(until, _step_of(now, step) + step) - start) / step)
    return [_counted(at, start + at * step, step, found.get(at, 0)) for at in range(shown)]


def _step_of(moment: datetime, step: timedelta) -> datetime:
    """When the step began that holds a moment."""
    return PIVOT + (moment - PIVOT) // step * step


def _counted(at: int, begins: datetime, step: timedelta, count: int) -> EventCount:
    ends = begins + step - _MICROSECOND
    return EventCount(value=str(at), label=begins.isoformat(), count=count, start_time=begins, end_time=ends)
