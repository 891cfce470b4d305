"""Questions about the values sent to flow runs."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert as insert_or_not

from orchd.db import Statement, Tx
from orchd.db.tables import flow_run, flow_run_input
from orchd.kit.ids import uuid7
from orchd.queries._functions import IsOneOf
from orchd.wire.flow_run_inputs import FlowRunInput, FlowRunInputCreate

_c = flow_run_input.c
ANSWERS = select(*(_c[name] for name in FlowRunInput.__struct_fields__))
_KEY = (_c.flow_run_id == bindparam("run")) & (_c.key == bindparam("key"))
_BY_KEY = Statement(ANSWERS.where(_KEY))
_DELETE = Statement(delete(flow_run_input).where(_KEY))
_INSERT = Statement(
    insert_or_not(flow_run_input)
    .values({column.key: bindparam(column.key, type_=column.type) for column in _c})
    .on_conflict_do_nothing(index_elements=["flow_run_id", "key"])
)
_RUN_EXISTS = Statement(select(flow_run.c.id).where(flow_run.c.id == bindparam("run")))


def run_exists(tx: Tx, id: UUID) -> bool:
    """Whether there is a flow run with this id."""
    return tx.first(_RUN_EXISTS, {"run": id}) is not None


def insert(tx: Tx, run: UUID, new: FlowRunInputCreate, now: datetime) -> bool:
    """False when the run has a value under this key."""
    made = {"id": uuid7(), "created": now, "updated": now, "flow_run_id": run}
    return tx.run(_INSERT, {**made, "key": new.key, "value": new.value, "sender": new.sender}) > 0


def by_key(tx: Tx, run: UUID, key: str) -> FlowRunInput | None:
    row = tx.first(_BY_KEY, {"run": run, "key": key})
    return None if row is None else FlowRunInput(*row)


def delete_by_key(tx: Tx, run: UUID, key: str) -> bool:
    """False when the run has no value under this key."""
    return tx.run(_DELETE, {"run": run, "key": key}) > 0


def beginning_with(tx: Tx, run: UUID, prefix: str, without: list[str], limit: int) -> list[FlowRunInput]:
    """The oldest values whose keys begin so, without those already known; `%` in it stands for any text."""
    known = [~IsOneOf(_c.key, without)] if without else []
    begins = _c.key.like(prefix.replace("/", "//") + "%", escape="/")
    found = ANSWERS.where(_c.flow_run_id == run, begins, *known).order_by(_c.created, _c.id).limit(limit)
    rows: Any = tx.execute(found)
    return [FlowRunInput(*row) for row in rows]
