"""Filters of events as conditions.

What an event names is kept twice: as rows of `event_resource`, found by id through an index, and as the documents that
are answered, where labels and roles are looked up once ids, names and times have narrowed the log.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, and_, false, func, not_, or_, select, tuple_

from orchd.db.tables import event, event_resource
from orchd.kit import globs
from orchd.queries._event_functions import (
    NAMED,
    AnyNamed,
    AsText,
    Document,
    Label,
    LabelValues,
    NamedLabelValues,
    begins,
    fits,
)
from orchd.queries._filters import Condition
from orchd.queries._text import matches
from orchd.wire.event_filters import (
    AnyResource,
    EventFilter,
    EventName,
    LabelSpecification,
    OwnResource,
    RelatedResource,
    listed,
)
from orchd.wire.events import RESOURCE_ID, RESOURCE_ROLE

LAST_CHARACTER = "\U0010ffff"

SEARCHED = (
    event.c.event
    + "\n"
    + LabelValues(event.c.resource)
    + "\n"
    + func.coalesce(NamedLabelValues(event.c.related), "")
    + "\n"
    + AsText(event.c.payload)
)
"""What a text query looks at."""


def conditions(asked: EventFilter, since: datetime, until: datetime) -> list[Condition]:
    """What an event must be; all of it. Both ends of the time are included."""
    within = (since, until)
    found: list[Condition] = [event.c.occurred.between(*within)]
    if asked.event is not None:
        found += _named(asked.event)
    if asked.resource is not None:
        found += _own(asked.resource, within)
    for related in listed(asked.related):
        found += _related(related, within)
    for any_resource in listed(asked.any_resource):
        found += _any(any_resource, within)
    if asked.id is not None and asked.id.id:
        found.append(event.c.id.in_(asked.id.id))
    if asked.text is not None and (searched := matches(SEARCHED, asked.text.query)) is not None:
        found.append(searched)
    return found


def _named(asked: EventName) -> Iterable[Condition]:
    if asked.prefix:
        yield _begins(event.c.event, asked.prefix)
    if asked.exclude_prefix:
        yield not_(_begins(event.c.event, asked.exclude_prefix))
    if asked.name:
        yield event.c.event.in_(asked.name)
    if asked.exclude_name:
        yield event.c.event.not_in(asked.exclude_name)


def _own(asked: OwnResource, within: tuple[datetime, datetime]) -> Iterable[Condition]:
    mentions: list[Condition] = []
    if asked.id:
        mentions.append(event_resource.c.resource_id.in_(asked.id))
    if asked.id_prefix:
        mentions.append(_begins(event_resource.c.resource_id, asked.id_prefix))
    if mentions:
        yield _mentioned(and_(event_resource.c.role == "", *mentions), within)
    yield from _labelled(event.c.resource, asked.labels)


def _related(asked: RelatedResource, within: tuple[datetime, datetime]) -> Iterable[Condition]:
    if asked.resources_in_roles:
        pairs = [tuple(pair) for pair in asked.resources_in_roles]
        yield _mentioned(tuple_(event_resource.c.resource_id, event_resource.c.role).in_(pairs), within)
    if asked.id:
        ids = event_resource.c.resource_id.in_(asked.id)
        role = event_resource.c.role
        yield _mentioned(and_(ids, role.in_(asked.role) if asked.role else role != ""), within)
    if asked.labels or (asked.role and not asked.id):
        yield _one_related(asked)


def _one_related(asked: RelatedResource) -> Condition:
    """That one related resource is all that is asked. The event's own is in the role ''."""
    same = list(_labelled(NAMED, asked.labels))
    own = list(_labelled(event.c.resource, asked.labels))
    if asked.id:
        same.append(Label(NAMED, RESOURCE_ID).in_(asked.id))
        own.append(event.c.resource_id.in_(asked.id))
    if asked.role:
        same.append(Label(NAMED, RESOURCE_ROLE).in_(asked.role))
    found = AnyNamed(event.c.related, and_(*same))
    return or_(found, and_(*own)) if asked.role and "" in asked.role else found


def _any(asked: AnyResource, within: tuple[datetime, datetime]) -> Iterable[Condition]:
    mentions: list[Condition] = []
    if asked.id:
        mentions.append(event_resource.c.resource_id.in_(asked.id))
    if asked.id_prefix:
        mentions.append(_begins(event_resource.c.resource_id, asked.id_prefix))
    if mentions:
        yield _mentioned(and_(*mentions), within)
    if asked.labels:
        yield or_(
            _all_of(asked, event.c.resource, event.c.resource_id),
            AnyNamed(event.c.related, _all_of(asked, NAMED, Label(NAMED, RESOURCE_ID))),
        )


def _all_of(asked: AnyResource, resource: Document, id: ColumnElement[Any]) -> Condition:
    """That this resource has the labels, the id and the beginning of the id that are asked for."""
    found: list[Condition] = list(_labelled(resource, asked.labels))
    if asked.id:
        found.append(id.in_(asked.id))
    if asked.id_prefix:
        found.append(or_(*(begins(id, prefix) for prefix in asked.id_prefix)))
    return and_(*found)


def _mentioned(condition: Condition, within: tuple[datetime, datetime]) -> Condition:
    """That the event names a resource, found by the index that begins with the resource's id."""
    named = select(event_resource.c.event_id).where(condition, event_resource.c.occurred.between(*within))
    return event.c.id.in_(named)


def _begins(column: Column[str], prefixes: Sequence[str]) -> Condition:
    """A range of an index: these columns are compared byte by byte, and no text goes beyond the last character."""
    return or_(*(and_(column >= prefix, column < prefix + LAST_CHARACTER) for prefix in prefixes))


def _labelled(resource: Document, labels: LabelSpecification | None) -> Iterable[Condition]:
    """That each label is there and fits one of its patterns. No pattern is fitted by nothing."""
    for label, patterns in (labels or {}).items():
        value = Label(resource, label)
        asked = [_fits(value, globs.parse(pattern)) for pattern in listed(patterns)]
        yield or_(*asked) if asked else false()


def _fits(value: ColumnElement[Any], glob: globs.Glob) -> Condition:
    """A label that is not there is null, and so is whether it fits: it does not match in either sense."""
    return fits(value, glob.pattern) if glob.wanted else not_(fits(value, glob.pattern))
