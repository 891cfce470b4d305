"""The event log: writing to it."""

from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT is written the same way for SQLite

from orchd.db.statement import Statement
from orchd.db.tables import event, event_resource
from orchd.db.transaction import Tx
from orchd.queries._bulk import Rows, bulk_insert

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
