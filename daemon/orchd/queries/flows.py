"""Questions about flows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_not

from orchd.db import Statement, Tx
from orchd.db.tables import flow
from orchd.kit.ids import uuid7
from orchd.queries import _filters as filters
from orchd.queries._filters import Condition
from orchd.wire.flows import Flow, FlowCreate, FlowSort

ANSWERS = select(*(flow.c[name] for name in Flow.__struct_fields__))
_BY_ID = Statement(ANSWERS.where(flow.c.id == bindparam("id")))
_BY_NAME = Statement(ANSWERS.where(flow.c.name == bindparam("name")))
_INSERT = Statement(
    insert_or_not(flow)
    .values({column.key: bindparam(column.key, type_=column.type) for column in flow.c})
    .on_conflict_do_nothing(index_elements=["name"])
)
_TOUCH = Statement(update(flow).where(flow.c.id == bindparam("key")).values(updated=bindparam("now")))
_SET_TAGS = Statement(
    update(flow).where(flow.c.id == bindparam("key")).values(tags=bindparam("new_tags"), updated=bindparam("now"))
)
_ORDERS: dict[FlowSort, ColumnElement[Any]] = {
    FlowSort.CREATED_DESC: flow.c.created.desc(),
    FlowSort.UPDATED_DESC: flow.c.updated.desc(),
    FlowSort.NAME_ASC: flow.c.name.asc(),
    FlowSort.NAME_DESC: flow.c.name.desc(),
}


def by_id(tx: Tx, id: UUID) -> Flow | None:
    row = tx.first(_BY_ID, {"id": id})
    return None if row is None else Flow(*row)


def by_name(tx: Tx, name: str) -> Flow | None:
    row = tx.first(_BY_NAME, {"name": name})
    return None if row is None else Flow(*row)


def insert(tx: Tx, new: FlowCreate, now: datetime) -> UUID | None:
    """None when there is a flow of that name: the unique index decides, not an earlier read."""
    id = uuid7()
    row = {"id": id, "created": now, "updated": now, "name": new.name, "tags": new.tags, "labels": new.labels or {}}
    return id if tx.run(_INSERT, row) else None


def set_tags(tx: Tx, id: UUID, tags: list[str] | None, now: datetime) -> bool:
    """Replaces the tags unless they are None. False when there is no such flow."""
    if tags is None:
        return tx.run(_TOUCH, {"key": id, "now": now}) > 0
    return tx.run(_SET_TAGS, {"key": id, "new_tags": tags, "now": now}) > 0


def listed(tx: Tx, meant: Condition, *, sort: FlowSort = FlowSort.NAME_ASC, limit: int, offset: int = 0) -> list[Flow]:
    """The flows that are meant, in order."""
    rows: Any = tx.execute(ANSWERS.where(meant).order_by(_ORDERS[sort]).limit(limit).offset(offset))
    return [Flow(*row) for row in rows]


def count(tx: Tx, meant: Condition) -> int:
    """How many flows are meant."""
    return int(tx.execute(filters.count(meant, flow.c.id)).scalar_one())


def ids(tx: Tx, meant: Condition, limit: int) -> list[UUID]:
    """The ids of some of the flows that are meant."""
    return list(tx.execute(select(flow.c.id).where(meant).limit(limit)).scalars())
