"""What was handed to flow runs, by key."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, insert, select

from orchd.db import Statement, Tx
from orchd.db.tables import flow_run_input
from orchd.kit.ids import uuid7

_INSERT = Statement(insert(flow_run_input))
_VALUE = Statement(
    select(flow_run_input.c.value).where(
        flow_run_input.c.flow_run_id == bindparam("flow_run_id"), flow_run_input.c.key == bindparam("key")
    )
)


def insert_input(tx: Tx, flow_run_id: UUID, key: str, value: str, sender: str | None, now: datetime) -> None:
    """Stores an input. A key that is taken breaks the unique index."""
    tx.run(
        _INSERT,
        {
            "id": uuid7(),
            "created": now,
            "updated": now,
            "flow_run_id": flow_run_id,
            "key": key,
            "value": value,
            "sender": sender,
        },
    )


def value(tx: Tx, flow_run_id: UUID, key: str) -> str | None:
    """The value under a key; None when there is none."""
    row = tx.first(_VALUE, {"flow_run_id": flow_run_id, "key": key})
    return None if row is None else row[0]
