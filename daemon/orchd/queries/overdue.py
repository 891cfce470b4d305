"""Runs whose time has come: what the background services look for."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.sql import Select

from orchd.db import Tx
from orchd.db.tables import flow_run, task_run
from orchd.kit.jsontext import Raw
from orchd.wire.states import TERMINAL

_ENDED = sorted(kind.value for kind in TERMINAL)
_CONTAINING = flow_run.alias("containing")


def scheduled_before(tx: Tx, moment: datetime, limit: int) -> list[tuple[UUID, Raw]]:
    """Runs that nobody has picked up since, longest overdue first, with their present state."""
    return _pairs(
        tx,
        select(flow_run.c.id, flow_run.c.state)
        .where(
            flow_run.c.state_type == "SCHEDULED",
            flow_run.c.state_name == "Scheduled",
            flow_run.c.next_scheduled_start_time <= moment,
        )
        .order_by(flow_run.c.next_scheduled_start_time)
        .limit(limit),
    )


def paused(tx: Tx, after: UUID | None, limit: int) -> list[tuple[UUID, Raw]]:
    """Paused runs in the order of their ids, from beyond `after`, with their present state."""
    asked = select(flow_run.c.id, flow_run.c.state).where(flow_run.c.state_type == "PAUSED")
    if after is not None:
        asked = asked.where(flow_run.c.id > after)
    return _pairs(tx, asked.order_by(flow_run.c.id).limit(limit))


def cancelling_since(tx: Tx, moment: datetime, limit: int) -> list[UUID]:
    """Runs that were told to cancel and have not ended."""
    return _ids(
        tx,
        select(flow_run.c.id)
        .where(flow_run.c.state_type == "CANCELLING", flow_run.c.state_timestamp <= moment)
        .limit(limit),
    )


def living_tasks_of_cancelled(tx: Tx, cancelled_after: datetime, limit: int) -> list[UUID]:
    """Task runs that go on although their flow run was cancelled."""
    return _ids(
        tx,
        select(task_run.c.id)
        .join(flow_run, flow_run.c.id == task_run.c.flow_run_id)
        .where(
            flow_run.c.state_type == "CANCELLED",
            flow_run.c.end_time >= cancelled_after,
            task_run.c.state_type.not_in(_ENDED),
        )
        .limit(limit),
    )


def living_subflows_of_cancelled(tx: Tx, cancelled_after: datetime, limit: int) -> list[tuple[UUID, UUID | None]]:
    """Subflow runs that go on although the run around them was cancelled, with their deployment."""
    found = tx.execute(
        select(flow_run.c.id, flow_run.c.deployment_id)
        .join(task_run, task_run.c.id == flow_run.c.parent_task_run_id)
        .join(_CONTAINING, _CONTAINING.c.id == task_run.c.flow_run_id)
        .where(
            _CONTAINING.c.state_type == "CANCELLED",
            _CONTAINING.c.end_time >= cancelled_after,
            flow_run.c.state_type.not_in([*_ENDED, "CANCELLING"]),
        )
        .limit(limit)
    )
    return [(id, deployment) for id, deployment in map(list, found)]


def _ids(tx: Tx, asked: Select[Any]) -> list[UUID]:
    return list(tx.execute(asked).scalars())


def _pairs(tx: Tx, asked: Select[Any]) -> list[tuple[UUID, Raw]]:
    return [(id, state) for id, state in map(list, tx.execute(asked))]
