"""Questions about the states that runs went through."""

from typing import Any
from uuid import UUID

from sqlalchemy import Table, bindparam, select

from orchd.db import Statement, Tx
from orchd.db.tables import flow_run_state, task_run_state
from orchd.wire.states import State


def _columns(states: Table) -> list[Any]:
    return [states.c[name] for name in State.__struct_fields__]


_FLOW_RUN_STATE = Statement(select(*_columns(flow_run_state)).where(flow_run_state.c.id == bindparam("id")))
_FLOW_RUN_STATES = Statement(
    select(*_columns(flow_run_state))
    .where(flow_run_state.c.flow_run_id == bindparam("run"))
    .order_by(flow_run_state.c.timestamp)
)
_TASK_RUN_STATE = Statement(select(*_columns(task_run_state)).where(task_run_state.c.id == bindparam("id")))
_TASK_RUN_STATES = Statement(
    select(*_columns(task_run_state))
    .where(task_run_state.c.task_run_id == bindparam("run"))
    .order_by(task_run_state.c.timestamp)
)


def of_flow_run(tx: Tx, id: UUID) -> list[State]:
    """The flow run's states, the oldest first."""
    return [_state(row) for row in tx.fetch(_FLOW_RUN_STATES, {"run": id})]


def of_task_run(tx: Tx, id: UUID) -> list[State]:
    """The task run's states, the oldest first."""
    return [_state(row) for row in tx.fetch(_TASK_RUN_STATES, {"run": id})]


def flow_run_state_by_id(tx: Tx, id: UUID) -> State | None:
    row = tx.first(_FLOW_RUN_STATE, {"id": id})
    return None if row is None else _state(row)


def task_run_state_by_id(tx: Tx, id: UUID) -> State | None:
    row = tx.first(_TASK_RUN_STATE, {"id": id})
    return None if row is None else _state(row)


def _state(row: list[Any]) -> State:
    return State(**dict(zip(State.__struct_fields__, row, strict=True)))
