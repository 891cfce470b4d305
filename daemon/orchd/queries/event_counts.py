"""How many events there are, by time, by name, by resource."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select

from orchd.db import Tx
from orchd.db.tables import event
from orchd.queries._event_filters import conditions
from orchd.queries._event_functions import Label
from orchd.queries._functions import Slot
from orchd.wire.event_filters import EventCount, EventFilter
from orchd.wire.events import RESOURCE_NAME

Period = tuple[datetime, datetime]
"""Both ends included."""


def by_time(tx: Tx, asked: EventFilter, within: Period, start: datetime, step: float) -> dict[int, int]:
    """How many lie in each step of so many seconds since `start`; steps without any are left out."""
    slot = Slot(event.c.occurred, start, step).label("slot")
    found = select(slot, func.count()).where(*conditions(asked, *within)).group_by(slot)
    return dict(tuple(row) for row in tx.execute(found))


def by_name(tx: Tx, asked: EventFilter, within: Period) -> list[EventCount]:
    """The most frequent first."""
    count = func.count().label("count")
    found = select(event.c.event, event.c.event, count, *_ends(event.c.occurred)).where(*conditions(asked, *within))
    return _counted(tx.execute(found.group_by(event.c.event).order_by(count.desc(), event.c.event)))


def by_resource(tx: Tx, asked: EventFilter, within: Period) -> list[EventCount]:
    """The same by the event's own resource; it goes by the newest name that its events give it."""
    newest = func.row_number().over(partition_by=event.c.resource_id, order_by=event.c.occurred.desc())
    name = func.coalesce(Label(event.c.resource, RESOURCE_NAME), Label(event.c.resource, "prefect.name"))
    found = select(event.c.resource_id, event.c.occurred, newest.label("place"), name.label("name"))
    each = found.where(*conditions(asked, *within)).subquery("each")
    count = func.count().label("count")
    label = func.coalesce(func.max(case((each.c.place == 1, each.c.name))), each.c.resource_id).label("label")
    rows = tx.execute(
        select(each.c.resource_id, label, count, *_ends(each.c.occurred))
        .group_by(each.c.resource_id)
        .order_by(count.desc(), label)
    )
    return _counted(rows)


def _ends(occurred: Any) -> tuple[Any, Any]:
    return func.min(occurred, type_=occurred.type), func.max(occurred, type_=occurred.type)


def _counted(rows: Iterable[Any]) -> list[EventCount]:
    return [
        EventCount(value=value, label=label, count=count, start_time=first, end_time=last)
        for value, label, count, first, last in rows
    ]
