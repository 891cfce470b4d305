"""Limits of tags with the task runs that hold their slots."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, select

from orchd.db import Tx
from orchd.db.tables import concurrency_lease as lease
from orchd.db.tables import concurrency_lease_slot as slot
from orchd.db.tables import concurrency_limit as limit
from orchd.queries.concurrency_limits import IS_TAG


class TagRow(NamedTuple):
    """The limit of a tag with the task runs that hold its slots, one for each lease."""

    id: UUID
    created: datetime
    updated: datetime
    name: str
    limit: int
    holders: list[UUID]


def by_key(tx: Tx, key: UUID | str) -> TagRow | None:
    """The tag's limit with that id or name; None when there is none."""
    meant = limit.c.id == key if isinstance(key, UUID) else limit.c.name == key
    found = _tag_rows(tx, _tag_limits(meant))
    return found[0] if found else None


def page(tx: Tx, most: int, offset: int) -> list[TagRow]:
    """The limits of tags in the order of their names."""
    return _tag_rows(tx, _tag_limits().order_by(limit.c.name).limit(most).offset(offset))


def _tag_limits(*meant: ColumnElement[bool]) -> Select[Any]:
    return select(limit.c.id, limit.c.created, limit.c.updated, limit.c.name, limit.c.limit).where(IS_TAG, *meant)


def _tag_rows(tx: Tx, chosen: Select[Any]) -> list[TagRow]:
    limits = chosen.subquery()
    of_task_run = and_(lease.c.id == slot.c.lease_id, lease.c.holder_type == "task_run")
    joined = limits.outerjoin(slot, slot.c.limit_id == limits.c.id).outerjoin(lease, of_task_run)
    asked = select(limits, lease.c.holder_id).select_from(joined)
    rows: Any = tx.execute(asked.order_by(limits.c.name, lease.c.created, lease.c.id))
    found: dict[UUID, TagRow] = {}
    for *columns, holder in rows:
        row = found.setdefault(columns[0], TagRow._make([*columns, []]))
        if holder is not None:
            row.holders.append(holder)
    return list(found.values())
