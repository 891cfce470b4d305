"""Events that go."""

from datetime import datetime

from sqlalchemy import bindparam, delete, select

from orchd.db import Statement, Tx
from orchd.db.tables import event, event_resource
from orchd.kit.jsontext import decode
from orchd.queries.events import KEY_LENGTH

_DROP_RESOURCE = Statement(
    delete(event_resource).where(
        event_resource.c.resource_id == bindparam("resource"),
        event_resource.c.occurred == bindparam("at", type_=event_resource.c.occurred.type),
        event_resource.c.event_id == bindparam("id", type_=event_resource.c.event_id.type),
    )
)
RESOURCE_ID = "prefect.resource.id"


def older_than(tx: Tx, moment: datetime, limit: int) -> int:
    """Removes the oldest events that happened before a moment, with the rows that name their resources.

    Those rows are found by their key, which begins with the resource: the event itself says which resources it names.
    """
    doomed = tx.execute(
        select(event.c.seq, event.c.id, event.c.occurred, event.c.resource_id, event.c.related)
        .where(event.c.occurred < moment)
        .order_by(event.c.occurred)
        .limit(limit)
    ).all()
    if not doomed:
        return 0
    tx.run_many(
        _DROP_RESOURCE,
        [
            {"resource": resource[:KEY_LENGTH], "at": occurred, "id": id}
            for _, id, occurred, own, related in map(list, doomed)
            for resource in {own, *(each[RESOURCE_ID] for each in decode(related))}
        ],
    )
    tx.execute(delete(event).where(event.c.seq.in_([row[0] for row in doomed])))
    return len(doomed)
