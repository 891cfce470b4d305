"""What the removal of runs reads and deletes. The tables' foreign keys take states, task runs and inputs along."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import delete, select, update

from orchd.db import Tx
from orchd.db.tables import concurrency_lease, flow_run, log, task_run
from orchd.kit.jsontext import Raw
from orchd.queries._filters import Condition
from orchd.queries._functions import Unindexed
from orchd.wire.states import TERMINAL

_ENDED = sorted(kind.value for kind in TERMINAL)


class Doomed(NamedTuple):
    """A flow run that is about to go, locked."""

    id: UUID
    state_type: str | None
    state: Raw | None


def lock_flow_runs(tx: Tx, ids: Sequence[UUID]) -> list[Doomed]:
    """Those of the flow runs that exist."""
    found = select(flow_run.c.id, flow_run.c.state_type, flow_run.c.state).where(flow_run.c.id.in_(ids))
    rows: Any = tx.execute(found.order_by(flow_run.c.id).with_for_update())
    return [Doomed(*row) for row in rows]


def tasks_with_leases(tx: Tx, flow_run_ids: Sequence[UUID]) -> list[UUID]:
    """The task runs of these flow runs that hold slots."""
    held = select(concurrency_lease.c.holder_id).where(concurrency_lease.c.holder_type == "task_run")
    found = select(task_run.c.id).where(task_run.c.id.in_(held), task_run.c.flow_run_id.in_(flow_run_ids))
    return list(tx.execute(found).scalars())


def delete_flow_runs(tx: Tx, ids: Sequence[UUID]) -> None:
    """Deletes flow runs. The runs that their tasks started stay, without a parent."""
    _orphan(tx, flow_run.c.parent_task_run_id.in_(select(task_run.c.id).where(task_run.c.flow_run_id.in_(ids))))
    tx.execute(delete(flow_run).where(flow_run.c.id.in_(ids)))


def ended_before(tx: Tx, moment: datetime, limit: int) -> list[UUID]:
    """Runs that ended before a moment and that no other run has started, the oldest first."""
    found = select(flow_run.c.id).where(
        flow_run.c.end_time < moment,
        Unindexed(flow_run.c.state_type).in_(_ENDED),
        Unindexed(flow_run.c.parent_task_run_id).is_(None),
    )
    return list(tx.execute(found.order_by(flow_run.c.end_time).limit(limit)).scalars())


def ended_subflows(tx: Tx, flow_run_id: UUID, limit: int) -> list[UUID]:
    """The ended runs that a run has started."""
    found = (
        select(flow_run.c.id)
        .join(task_run, task_run.c.id == flow_run.c.parent_task_run_id)
        .where(task_run.c.flow_run_id == flow_run_id, flow_run.c.state_type.in_(_ENDED))
    )
    return list(tx.execute(found.limit(limit)).scalars())


def lock_ended(tx: Tx, id: UUID) -> bool:
    """Locks a run. False when it is gone, or goes on after all."""
    found = select(flow_run.c.id).where(flow_run.c.id == id, flow_run.c.state_type.in_(_ENDED)).with_for_update()
    return tx.execute(found).first() is not None


def task_runs_of(tx: Tx, flow_run_id: UUID, most: int) -> list[UUID]:
    """Some task runs of a flow run."""
    return list(tx.execute(select(task_run.c.id).where(task_run.c.flow_run_id == flow_run_id).limit(most)).scalars())


def delete_task_runs(tx: Tx, ids: Sequence[UUID]) -> None:
    """Deletes task runs. The runs that they started stay, without a parent."""
    if ids:
        _orphan(tx, flow_run.c.parent_task_run_id.in_(ids))
        tx.execute(delete(task_run).where(task_run.c.id.in_(ids)))


def delete_task_run(tx: Tx, id: UUID) -> bool:
    """Deletes a task run. The run that it started stays, without a parent. False when there is no such task run."""
    _orphan(tx, flow_run.c.parent_task_run_id == id)
    return tx.execute(delete(task_run).where(task_run.c.id == id).returning(task_run.c.id)).first() is not None


def delete_flow_run_logs(tx: Tx, ids: Sequence[UUID], most: int) -> bool:
    """Deletes some of the logs of flow runs. False when none was left."""
    return _delete_logs(tx, log.c.flow_run_id.in_(ids), most)


def delete_task_run_logs(tx: Tx, id: UUID, most: int) -> bool:
    """Deletes some of the logs of a task run. False when none was left."""
    return _delete_logs(tx, log.c.task_run_id == id, most)


def _delete_logs(tx: Tx, meant: Condition, most: int) -> bool:
    some = select(log.c.seq).where(meant).limit(most)
    return tx.execute(delete(log).where(log.c.seq.in_(some)).returning(log.c.seq)).first() is not None


def _orphan(tx: Tx, meant: Condition) -> None:
    tx.execute(update(flow_run).where(meant).values(parent_task_run_id=None))
