"""Small settings that the server keeps in the database."""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT is written the same way for SQLite

from orchd.db import Statement, Tx
from orchd.db.tables import configuration
from orchd.kit.ids import uuid7
from orchd.kit.jsontext import Raw

_VALUE = Statement(select(configuration.c.value).where(configuration.c.key == bindparam("key")))
_put = insert(configuration).values({c: bindparam(c.key, type_=c.type) for c in configuration.c})
_PUT = Statement(
    _put.on_conflict_do_update(
        index_elements=["key"], set_={"value": _put.excluded.value, "updated": _put.excluded.updated}
    )
)
_DELETE = Statement(delete(configuration).where(configuration.c.key == bindparam("key")))


def value_of(tx: Tx, key: str) -> Raw | None:
    """The value of a setting; None when it was never set."""
    row = tx.first(_VALUE, {"key": key})
    return None if row is None else row[0]


def put(tx: Tx, key: str, value: Any, now: datetime) -> None:
    """Sets a setting."""
    tx.run(_PUT, {"id": uuid7(), "created": now, "updated": now, "key": key, "value": value})


def remove(tx: Tx, key: str) -> None:
    """Forgets a setting."""
    tx.run(_DELETE, {"key": key})
