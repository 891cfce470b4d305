"""The event log: writing to it."""

from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT is written the same way for SQLite

from orchd.db.statement import Statement
from orchd.db.tables.events import event, event_resource

_WRITTEN = [column for column in event.c if column.name != "seq"]

INSERT = Statement(insert(event).values({c: bindparam(c.key, type_=c.type) for c in _WRITTEN}).on_conflict_do_nothing())
"""One event. An id that is known already changes nothing."""

INSERT_RESOURCE = Statement(
    insert(event_resource)
    .values({c: bindparam(c.key, type_=c.type) for c in event_resource.c})
    .on_conflict_do_nothing()
)
"""That an event names a resource."""
