"""The newest heartbeat of each run that runs, and runs whose heartbeats stay away."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import Struct
from sqlalchemy import bindparam, delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT is written the same way for SQLite

from orchd.db import Statement, Tx, Write
from orchd.db.tables import flow_run, flow_run_heartbeat, task_run
from orchd.db.types import Timestamp
from orchd.queries._functions import SecondsBetween
from orchd.wire.states import TERMINAL, State, StateType

WATCHED = ("RUNNING", "PAUSED", "CANCELLING")
"""The states in which a run has a process that sends heartbeats."""
MANY = 10_000  # late heartbeats that one pass looks at
LEAST = 30.0  # seconds between two heartbeats: no client sends them more often

_ENDED = sorted(kind.value for kind in TERMINAL)
_beat = flow_run_heartbeat.c
_put = insert(flow_run_heartbeat).values({c: bindparam(c.key, type_=c.type) for c in _beat})
_PUT = Statement(
    _put.on_conflict_do_update(
        index_elements=["flow_run_id"],
        set_={name: _put.excluded[name] for name in ("occurred", "received", "every", "due")},
    )
)
_FORGET = Statement(
    delete(flow_run_heartbeat).where(_beat.flow_run_id == bindparam("run_id", type_=flow_run.c.id.type))
)
_STILL_SILENT = Statement(
    select(flow_run.c.id)
    .join(flow_run_heartbeat, _beat.flow_run_id == flow_run.c.id)
    .where(
        flow_run.c.id == bindparam("id"),
        flow_run.c.state_type == "RUNNING",
        _beat.received == bindparam("received", type_=_beat.received.type),
    )
    .with_for_update(key_share=True)
)


class Known(NamedTuple):
    """A run that may send heartbeats, and what is known of those that it sent before."""

    flow_run_id: UUID
    occurred: datetime | None
    every: float | None


class Silent(Struct, frozen=True):
    """A run whose heartbeats stay away. `every`: seconds between two, where that is known."""

    flow_run_id: UUID
    received: datetime
    every: float | None


class Patience(Struct, frozen=True):
    """How long silence is nothing unusual."""

    heartbeat: float
    """Seconds between two heartbeats of a run that has sent only one."""
    missed: int
    listening: datetime
    """Since when heartbeats can be received: no run has missed any before."""


def known(tx: Tx, ids: Iterable[UUID]) -> list[Known]:
    """Those of the runs whose processes live, as far as anybody knows."""
    joined = flow_run.outerjoin(flow_run_heartbeat, _beat.flow_run_id == flow_run.c.id)
    found = select(flow_run.c.id, _beat.occurred, _beat.every).select_from(joined)
    rows: Any = tx.execute(found.where(flow_run.c.id.in_(list(ids)), flow_run.c.state_type.in_(WATCHED)))
    return [Known(*row) for row in rows]


def put(tx: Tx, rows: Iterable[Mapping[str, Any]]) -> None:
    """Notes the newest heartbeats of runs."""
    tx.run_many(_PUT, rows)


def forget(id: UUID) -> Write:
    """The process that sent heartbeats for this run has no more to do with it."""
    return Write(_FORGET, {"run_id": id})


def ends_with(current: State, new: State) -> bool:
    """Whether the process of a run is done with it: a suspended run's is, that of a paused one waits."""
    leaves = new.type not in WATCHED or (new.type is StateType.PAUSED and new.state_details.pause_reschedule)
    return leaves and current.type in WATCHED


def silent(tx: Tx, patience: Patience, now: datetime, limit: int) -> list[Silent]:
    """Running runs that have missed too many heartbeats since they were last started, the longest silent first."""
    late = _late(now - timedelta(seconds=LEAST) * (patience.missed - 1))
    moment = literal(now, Timestamp())
    allowed = func.coalesce(late.every, patience.heartbeat) * patience.missed
    began = (late.received, flow_run.c.state_timestamp, literal(patience.listening, Timestamp()))
    found = (
        select(late.flow_run_id, late.received, late.every)
        .join(flow_run, flow_run.c.id == late.flow_run_id)
        .where(
            flow_run.c.state_type == "RUNNING",
            *(SecondsBetween(since, moment) > allowed for since in began),
        )
        .order_by(late.due)
        .limit(limit)
    )
    rows: Any = tx.execute(found)
    return [Silent(*row) for row in rows]


def _late(before: datetime) -> Any:
    """The few heartbeats that are late, found first: SQLite would rather begin with all runs."""
    few = select(_beat.flow_run_id, _beat.received, _beat.every, _beat.due).where(_beat.due < before)
    return few.order_by(_beat.due).limit(MANY).subquery("late").c


def lock_silent(tx: Tx, found: Silent) -> bool:
    """Locks a run. False when it is not silent any more: it moved, or was heard of, or somebody else has ended it."""
    return tx.first(_STILL_SILENT, {"id": found.flow_run_id, "received": found.received}) is not None


def forget_idle(tx: Tx, before: datetime, limit: int) -> int:
    """Forgets heartbeats that came when their run had ended already; says how many."""
    late = _late(before)
    idle = (
        select(late.flow_run_id)
        .join(flow_run, flow_run.c.id == late.flow_run_id)
        .where(flow_run.c.state_type.not_in(WATCHED))
        .limit(limit)
    )
    return int(tx.execute(delete(flow_run_heartbeat).where(_beat.flow_run_id.in_(idle))).rowcount)


def living_tasks(tx: Tx, flow_run_id: UUID, limit: int) -> list[UUID]:
    """Task runs of a run that have not ended; but for those that wait for a task worker, which is another process."""
    waits = (task_run.c.state_type == "SCHEDULED") & (task_run.c.state_name == "Scheduled")
    found = select(task_run.c.id).where(
        task_run.c.flow_run_id == flow_run_id, task_run.c.state_type.not_in(_ENDED), ~waits
    )
    return list(tx.execute(found.order_by(task_run.c.id).limit(limit)).scalars())


def living_subflows(tx: Tx, flow_run_id: UUID, limit: int) -> list[UUID]:
    """Runs that a run has started in its own process and that have not ended."""
    found = (
        select(flow_run.c.id)
        .join(task_run, task_run.c.id == flow_run.c.parent_task_run_id)
        .where(
            task_run.c.flow_run_id == flow_run_id,
            flow_run.c.deployment_id.is_(None),
            flow_run.c.state_type.not_in(_ENDED),
        )
    )
    return list(tx.execute(found.order_by(flow_run.c.id).limit(limit)).scalars())
