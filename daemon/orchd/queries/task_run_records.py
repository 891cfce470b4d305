"""What the recorder of task runs asks and writes. Events come in hundreds: each question covers a whole batch."""

from collections.abc import Collection, Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, bindparam, select, union_all

from orchd.db.statement import Statement
from orchd.db.tables import flow_run, task_run, task_run_state
from orchd.db.transaction import Retry, Tx
from orchd.db.types import Uuid
from orchd.queries._bulk import Bulk, Rows, bulk_insert, bulk_update, unnested


class Key(NamedTuple):
    """What a task run is within its flow run: unique there, whatever its id."""

    flow_run_id: UUID | None
    task_key: str
    dynamic_key: str


class Stored(NamedTuple):
    """A task run that is there already."""

    id: UUID
    key: Key
    state_timestamp: datetime | None


RUN_COLUMNS = [column.name for column in task_run.c]
_STATE_COLUMNS = [column.name for column in task_run_state.c]
_STORED = (
    task_run.c.id,
    task_run.c.flow_run_id,
    task_run.c.task_key,
    task_run.c.dynamic_key,
    task_run.c.state_timestamp,
)
_INSERT_RUNS = bulk_insert(task_run, RUN_COLUMNS)
_INSERT_STATES = bulk_insert(task_run_state, _STATE_COLUMNS)

_ids = bindparam("ids", type_=ARRAY(Uuid))
_FLOW_RUN = Statement(select(flow_run.c.id).where(flow_run.c.id == bindparam("id")))
_FLOW_RUNS = Statement(select(flow_run.c.id).where(flow_run.c.id == _ids.any_()))


def _by_key() -> Any:
    """SQLite: a lookup costs no round trip, so each run has its own."""
    named = select(*_STORED).where(
        task_run.c.task_key == bindparam("task_key"), task_run.c.dynamic_key == bindparam("dynamic_key")
    )
    of_flow = named.where(task_run.c.flow_run_id == bindparam("flow_run_id"))
    flowless = named.where(task_run.c.flow_run_id.is_(None), bindparam("flow_run_id", type_=Uuid).is_(None))
    return union_all(of_flow, flowless, select(*_STORED).where(task_run.c.id == bindparam("id")))


def _by_keys() -> Any:
    """PostgreSQL: all of them in one question."""
    columns = ("flow_run_id", "task_key", "dynamic_key")
    asked = select(*unnested(task_run, columns)).subquery("asked")
    same = (task_run.c.task_key == asked.c.task_key) & (task_run.c.dynamic_key == asked.c.dynamic_key)
    return union_all(
        select(*_STORED).join_from(task_run, asked, same & (task_run.c.flow_run_id == asked.c.flow_run_id)),
        select(*_STORED).join_from(
            task_run, asked, same & task_run.c.flow_run_id.is_(None) & asked.c.flow_run_id.is_(None)
        ),
        select(*_STORED).where(task_run.c.id == _ids.any_()),
    )


_BY_KEY, _BY_KEYS = Statement(_by_key()), Statement(_by_keys())


def known_flow_runs(tx: Tx, ids: Collection[UUID]) -> set[UUID]:
    """Those of the ids that are flow runs."""
    if tx.is_postgres():
        return {row[0] for row in tx.fetch(_FLOW_RUNS, {"ids": list(ids)})} if ids else set()
    return {id for id in ids if tx.first(_FLOW_RUN, {"id": id})}


def stored_runs(tx: Tx, asked: Iterable[tuple[UUID, Key]]) -> list[Stored]:
    """The runs that have one of these ids or one of these keys."""
    if not tx.is_postgres():
        rows = [row for id, key in asked for row in tx.fetch(_BY_KEY, {"id": id, **key._asdict()})]
    else:
        ids, keys = zip(*asked, strict=True)
        flow_run_ids, task_keys, dynamic_keys = zip(*keys, strict=True)
        rows = tx.fetch(
            _BY_KEYS,
            {"ids": ids, "flow_run_id": flow_run_ids, "task_key": task_keys, "dynamic_key": dynamic_keys},
        )
    return [Stored(id, Key(*key), timestamp) for id, *key, timestamp in rows]


def insert_runs(tx: Tx, rows: Rows) -> None:
    """New task runs. Raises Retry when another server has made one of them meanwhile."""
    if _INSERT_RUNS.run(tx, rows) < len(rows):
        raise Retry


def update_runs(tx: Tx, columns: frozenset[str], rows: Rows) -> None:
    """Changes these columns of runs whose present state is strictly older than the new one."""
    _update(columns).run(tx, rows)


@lru_cache(maxsize=64)
def _update(columns: frozenset[str]) -> Bulk:
    return bulk_update(task_run, sorted(columns), guard="state_timestamp")


def insert_states(tx: Tx, rows: Rows) -> None:
    """States for the history; one that is known, or as old to the microsecond as another of its run, is passed over."""
    _INSERT_STATES.run(tx, rows)
