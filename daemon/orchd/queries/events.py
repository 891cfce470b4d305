"""The event log: writing to it, and pages of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT is written the same way for SQLite

from orchd.db.statement import Statement
from orchd.db.tables import event, event_resource
from orchd.db.transaction import Tx
from orchd.queries._bulk import Rows, bulk_insert
from orchd.queries._event_filters import conditions
from orchd.wire.event_filters import EventFilter, EventOrder
from orchd.wire.events import ReceivedEvent

KEY_LENGTH, ROLE_LENGTH = 500, 100  # characters by which a resource is found: an index entry has its limit
_WRITTEN = [column for column in event.c if column.name != "seq"]

INSERT = Statement(insert(event).values({c: bindparam(c.key, type_=c.type) for c in _WRITTEN}).on_conflict_do_nothing())
"""One event. An id that is known already changes nothing."""

INSERT_RESOURCE = Statement(
    insert(event_resource)
    .values({c: bindparam(c.key, type_=c.type) for c in event_resource.c})
    .on_conflict_do_nothing()
)
"""That an event names a resource."""

_INSERT_MANY = bulk_insert(event, [column.name for column in _WRITTEN])
_INSERT_RESOURCES = bulk_insert(event_resource, [column.name for column in event_resource.c])


def append(tx: Tx, events: Rows, resources: Rows) -> None:
    """Many events at once."""
    _INSERT_MANY.run(tx, events)
    _INSERT_RESOURCES.run(tx, resources)


_FIELDS = ReceivedEvent.__struct_fields__
COLUMNS = tuple(event.c[name] for name in _FIELDS)
"""What is answered of an event, in the order of `from_row`."""


def from_row(row: Sequence[Any]) -> ReceivedEvent:
    """The event as it is answered; its documents stay encoded."""
    return ReceivedEvent(*row)


def page(tx: Tx, asked: EventFilter, since: datetime, until: datetime, limit: int, offset: int) -> list[ReceivedEvent]:
    """The events that match, in the asked order."""
    matching = conditions(asked, since, until)
    source: Any = event
    if asked.resource is not None and asked.resource.distinct:
        place = func.row_number().over(partition_by=event.c.resource_id, order_by=_order(event, asked)).label("place")
        source = select(*event.c, place).where(*matching).subquery("event")
        matching = [source.c.place == 1]
    found = select(*(source.c[name] for name in _FIELDS)).where(*matching).order_by(*_order(source, asked))
    return [from_row(row) for row in tx.execute(found.limit(limit).offset(offset))]


def told_since(
    tx: Tx, asked: EventFilter, since: datetime, until: datetime, after: tuple[datetime, int] | None, limit: int
) -> tuple[list[ReceivedEvent], tuple[datetime, int] | None]:
    """The oldest events that match, behind a place that an earlier answer gave; and the place behind them."""
    found = select(event.c.seq, *COLUMNS).where(*conditions(asked, since, until))
    if after is not None:
        bounds = zip((event.c.occurred, event.c.seq), after, strict=True)
        found = found.where(tuple_(event.c.occurred, event.c.seq) > tuple_(*(literal(v, c.type) for c, v in bounds)))
    rows = tx.execute(found.order_by(event.c.occurred, event.c.seq).limit(limit)).all()
    answer = [from_row(row[1:]) for row in rows]
    return answer, (answer[-1].occurred, rows[-1][0]) if rows else after


def count(tx: Tx, asked: EventFilter, since: datetime, until: datetime) -> int:
    """How many events match; with `distinct`, how many resources."""
    distinct = asked.resource is not None and asked.resource.distinct
    what = func.count(event.c.resource_id.distinct()) if distinct else func.count()
    return int(tx.execute(select(what).select_from(event).where(*conditions(asked, since, until))).scalar_one())


def first_page(
    tx: Tx, asked: EventFilter, since: datetime, until: datetime, limit: int
) -> tuple[list[ReceivedEvent], int]:
    """The first events that match, and how many there are."""
    return page(tx, asked, since, until, limit, 0), count(tx, asked, since, until)


def _order(source: Any, asked: EventFilter) -> tuple[Any, Any]:
    """Events of one moment keep the order in which they were written."""
    if asked.order is EventOrder.ASC:
        return source.c.occurred.asc(), source.c.seq.asc()
    return source.c.occurred.desc(), source.c.seq.desc()
