"""Which events are meant. All parts must hold; null and an empty list ask nothing."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, TypeVar

from orchd.kit.textsearch import LENGTH
from orchd.wire.base import Answer, Body, Filter, Meta
from orchd.wire.events import ReceivedEvent
from orchd.wire.filters import Ids, Texts

T = TypeVar("T")

PAGE = 50  # events at most

LabelSpecification = dict[str, str | list[str]]
"""For each label the patterns of `kit/globs.py` of which one must fit; the label must be there."""


class Occurred(Filter, frozen=True, kw_only=True):
    """Both ends included. Without them: the last 180 days, until now."""

    since: datetime | None = None
    until: datetime | None = None


class EventName(Filter, frozen=True, kw_only=True):
    prefix: Texts | None = None
    exclude_prefix: Texts | None = None
    name: Texts | None = None
    exclude_name: Texts | None = None


class OwnResource(Filter, frozen=True, kw_only=True):
    """The resource that the event is about. `distinct`: of each resource only the first event in the asked order."""

    id: Texts | None = None
    id_prefix: Texts | None = None
    labels: LabelSpecification | None = None
    distinct: bool = False


class RelatedResource(Filter, frozen=True, kw_only=True):
    """One of the related resources is all of this; of `resources_in_roles`, any (id, role) is enough."""

    id: Texts | None = None
    role: Texts | None = None
    resources_in_roles: Annotated[list[tuple[str, str]], Meta(max_length=5_000)] | None = None
    labels: LabelSpecification | None = None


class AnyResource(Filter, frozen=True, kw_only=True):
    """The event's own resource or one of the related ones is all of this."""

    id: Texts | None = None
    id_prefix: Texts | None = None
    labels: LabelSpecification | None = None


class EventId(Filter, frozen=True, kw_only=True):
    id: Ids | None = None


class EventText(Filter, frozen=True, kw_only=True):
    """A query in the search language of `kit/textsearch.py`, over the name, the values of labels and the payload."""

    query: Annotated[str, Meta(max_length=LENGTH)]


class EventOrder(StrEnum):
    """By the moment in which the events occurred."""

    ASC = "ASC"
    DESC = "DESC"


class EventFilter(Filter, frozen=True, kw_only=True):
    """A list of `related` or `any_resource` asks for all its members."""

    occurred: Occurred = Occurred()
    event: EventName | None = None
    resource: OwnResource | None = None
    related: RelatedResource | list[RelatedResource] | None = None
    any_resource: AnyResource | list[AnyResource] | None = None
    id: EventId | None = None
    text: EventText | None = None
    order: EventOrder = EventOrder.DESC


class EventList(Body, frozen=True, kw_only=True):
    """Body of `filter`."""

    filter: EventFilter | None = None
    limit: Annotated[int, Meta(ge=0, le=PAGE)] | None = None


class EventPage(Answer, frozen=True, kw_only=True):
    """A page, how many events match in all, and where the next page is."""

    events: list[ReceivedEvent]
    total: int
    next_page: str | None


class PageToken(Body, frozen=True, kw_only=True):
    """What a link to a next page holds: the question with its times fixed, so that later events shift nothing."""

    filter: EventFilter
    count: int
    page_size: Annotated[int, Meta(ge=0, le=PAGE)]
    offset: Annotated[int, Meta(ge=0, le=2**53)]


class TimeUnit(StrEnum):
    """Steps of a count over time."""

    WEEK = "week"
    DAY = "day"
    HOUR = "hour"
    MINUTE = "minute"
    SECOND = "second"


class EventCounts(Body, frozen=True, kw_only=True):
    """Body of `count-by`."""

    filter: EventFilter
    time_unit: TimeUnit | None = None
    time_interval: Annotated[float, Meta(ge=0.01)] | None = None


class EventCount(Answer, frozen=True, kw_only=True):
    """How many events share something, and when the first and the last of them occurred."""

    value: str
    label: str
    count: int
    start_time: datetime
    end_time: datetime


def listed(asked: T | list[T] | None) -> list[T]:
    """One, several or none, as a list."""
    return asked if isinstance(asked, list) else [] if asked is None else [asked]
