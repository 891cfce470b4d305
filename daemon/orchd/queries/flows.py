"""Questions about flows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec.structs import asdict
from sqlalchemy import ColumnElement, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_not

from orchd.db import Statement, Tx
from orchd.db.tables import flow
from orchd.kit.ids import uuid7
from orchd.queries import _filters as filters
from orchd.queries._filters import Condition
from orchd.wire.flows import Flow, FlowCreate, FlowSort

_COLUMNS = [flow.c[name] for name in Flow.__struct_fields__]
ANSWERS = select(*_COLUMNS)
_BY_ID = Statement(ANSWERS.where(flow.c.id == bindparam("id")))
_BY_NAME = Statement(ANSWERS.where(flow.c.name == bindparam("name")))
_INSERT = Statement(
    insert_or_not(flow)
    .values({column.key: bindparam(column.key, type_=column.type) for column in flow.c})
    .on_conflict_do_nothing(index_elements=["name"])
)
_MEANT = flow.c.id == bindparam("key", type_=flow.c.id.type)
_TOUCH = Statement(
    update(flow).where(_MEANT).values(updated=bindparam("now", type_=flow.c.updated.type)).returning(*_COLUMNS)
)
_SET_TAGS = Statement(
    update(flow)
    .where(_MEANT)
    .values(tags=bindparam("new_tags", type_=flow.c.tags.type), updated=bindparam("now", type_=flow.c.updated.type))
    .returning(*_COLUMNS)
)
_DELETE = Statement(delete(flow).where(_MEANT).returning(*_COLUMNS))
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


def insert(tx: Tx, new: FlowCreate, now: datetime) -> Flow | None:
    """None when there is a flow of that name: the unique index decides, not an earlier read."""
    made = Flow(uuid7(), now, now, new.name, new.tags, new.labels or {})
    return made if tx.run(_INSERT, asdict(made)) else None


def set_tags(tx: Tx, id: UUID, tags: list[str] | None, now: datetime) -> Flow | None:
    """Replaces the tags unless they are None. None when there is no such flow."""
    if tags is None:
        row = tx.first(_TOUCH, {"key": id, "now": now})
    else:
        row = tx.first(_SET_TAGS, {"key": id, "new_tags": tags, "now": now})
    return None if row is None else Flow(*row)


def remove(tx: Tx, id: UUID) -> Flow | None:
    """Deletes the flow and all that belongs to it. None when there is no such flow."""
    row = tx.first(_DELETE, {"key": id})
    return None if row is None else Flow(*row)


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


def page(tx: Tx, meant: Condition, *, sort: FlowSort, limit: int, page: int) -> tuple[list[Flow], int]:
    """A numbered page, the first being 1, and how many there are on all pages."""
    found = listed(tx, meant, sort=sort, limit=limit, offset=(page - 1) * limit)
    return found, count(tx, meant)
