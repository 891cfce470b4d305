"""Filters of events for those who listen live: the same meaning as `queries/_event_filters.py` has for stored ones."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cached_property

from orchd.kit import globs, textsearch
from orchd.kit.jsontext import decode, encode
from orchd.wire.event_filters import (
    AnyResource,
    EventFilter,
    EventName,
    LabelSpecification,
    OwnResource,
    RelatedResource,
    listed,
)
from orchd.wire.events import RESOURCE_ID, RESOURCE_ROLE, ReceivedEvent, Resource

Test = Callable[["SeenEvent"], bool]


class SeenEvent:
    """An event that has just been read: its documents are decoded once, and only when somebody's filter asks."""

    def __init__(self, event: ReceivedEvent) -> None:
        self.event = event

    @property
    def id(self) -> object:
        return self.event.id

    @cached_property
    def frame(self) -> bytes:
        """What is sent to everyone whose filter it passes."""
        return encode({"type": "event", "event": self.event})

    @cached_property
    def resource(self) -> Resource:
        found: Resource = decode(self.event.resource)  # type: ignore[arg-type]  # encoded: see `queries/events.py`
        return found

    @cached_property
    def related(self) -> list[Resource]:
        found: list[Resource] = decode(self.event.related)  # type: ignore[arg-type]
        return found

    @cached_property
    def searched(self) -> str:
        """What a text query looks at."""
        values = [value for each in (self.resource, *self.related) for value in each.values()]
        payload = bytes(self.event.payload)  # type: ignore[arg-type]
        return "\n".join([self.event.event, *values, payload.decode()])


def matcher(asked: EventFilter, since: datetime, until: datetime) -> Test:
    """Whether an event is one that the filter means. Both ends of the time are included."""
    tests: list[Test] = [lambda seen: since <= seen.event.occurred <= until, *_tests(asked)]
    return lambda seen: all(test(seen) for test in tests)


def _tests(asked: EventFilter) -> Iterator[Test]:
    if asked.event is not None:
        yield from _named(asked.event)
    if asked.resource is not None:
        yield from _own(asked.resource)
    for related in listed(asked.related):
        yield from _related(related)
    for any_resource in listed(asked.any_resource):
        yield _any(any_resource)
    if asked.id is not None and asked.id.id:
        ids = frozenset(asked.id.id)
        yield lambda seen: seen.id in ids
    if asked.text is not None:
        terms = textsearch.parse(asked.text.query)
        yield lambda seen: terms.match(seen.searched)


def _named(asked: EventName) -> Iterator[Test]:
    if asked.prefix:
        prefixes = tuple(asked.prefix)
        yield lambda seen: seen.event.event.startswith(prefixes)
    if asked.exclude_prefix:
        excluded = tuple(asked.exclude_prefix)
        yield lambda seen: not seen.event.event.startswith(excluded)
    if asked.name:
        names = frozenset(asked.name)
        yield lambda seen: seen.event.event in names
    if asked.exclude_name:
        others = frozenset(asked.exclude_name)
        yield lambda seen: seen.event.event not in others


def _own(asked: OwnResource) -> Iterator[Test]:
    ids, prefixes, labels = asked.id, asked.id_prefix, asked.labels
    if ids or prefixes or labels:
        yield lambda seen: _is(seen.resource, ids, prefixes, labels)


def _related(asked: RelatedResource) -> Iterator[Test]:
    if asked.resources_in_roles:
        pairs = set(asked.resources_in_roles)
        yield lambda seen: any((each[RESOURCE_ID], role) in pairs for each, role in _in_roles(seen))
    if asked.id or asked.role or asked.labels:
        yield lambda seen: any(
            (role in asked.role if asked.role else role != "") and _is(each, asked.id, None, asked.labels)
            for each, role in _in_roles(seen)
        )


def _in_roles(seen: SeenEvent) -> Iterator[tuple[Resource, str]]:
    """The resources that the event names, its own in the role ''."""
    yield seen.resource, ""
    for each in seen.related:
        yield each, each[RESOURCE_ROLE]


def _any(asked: AnyResource) -> Test:
    def test(seen: SeenEvent) -> bool:
        return any(_is(each, asked.id, asked.id_prefix, asked.labels) for each in (seen.resource, *seen.related))

    return test


def _is(
    resource: Resource, ids: list[str] | None, prefixes: list[str] | None, labels: LabelSpecification | None
) -> bool:
    key = resource[RESOURCE_ID]
    if ids and key not in ids:
        return False
    if prefixes and not key.startswith(tuple(prefixes)):
        return False
    return all(_fits(resource.get(label), listed(patterns)) for label, patterns in (labels or {}).items())


def _fits(value: str | None, patterns: list[str]) -> bool:
    """A label that is not there does not fit, not even a pattern that must not fit."""
    return value is not None and any(globs.parse(pattern).fits(value) for pattern in patterns)
