"""What runs that are gone have left behind: their log lines, and lines and artifacts that nobody else removes."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT is written the same way for SQLite

from orchd.db import Statement, Tx
from orchd.db.tables import artifact, log, removed_run

FLOW_RUN, TASK_RUN = "flow_run", "task_run"

_NOTE = Statement(
    insert(removed_run)
    .values({c: bindparam(c.key, type_=c.type) for c in removed_run.c})
    .on_conflict_do_nothing(index_elements=["id"])
)
_DUE = Statement(
    select(removed_run.c.id, removed_run.c.kind, removed_run.c.removed)
    .where(removed_run.c.due <= bindparam("now", type_=removed_run.c.due.type))
    .order_by(removed_run.c.due)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)


class Removed(Struct, frozen=True):
    """A run that is gone, since when, and of which kind it was."""

    id: UUID
    kind: str
    removed: datetime


def note(tx: Tx, kind: str, ids: Iterable[UUID], now: datetime) -> None:
    """Runs go: what they leave is due to be cleared away."""
    tx.run_many(_NOTE, [{"id": id, "kind": kind, "removed": now, "due": now} for id in ids])


def due(tx: Tx, now: datetime, most: int) -> list[Removed]:
    """Removed runs that are to be looked after now, locked; not those that another server looks after."""
    return [Removed(*row) for row in tx.fetch(_DUE, {"now": now, "most": most})]


def look_again(tx: Tx, id: UUID, due: datetime) -> None:
    """Puts a removed run off."""
    tx.execute(update(removed_run).where(removed_run.c.id == id).values(due=due))


def done(tx: Tx, id: UUID) -> None:
    """Nothing of a removed run is left."""
    tx.execute(delete(removed_run).where(removed_run.c.id == id))


def delete_lines(tx: Tx, run: Removed, most: int) -> int:
    """Deletes log lines of a removed run; says how many."""
    owner = log.c.flow_run_id if run.kind == FLOW_RUN else log.c.task_run_id
    some = select(log.c.seq).where(owner == run.id).limit(most)
    return int(tx.execute(delete(log).where(log.c.seq.in_(some))).rowcount)


def delete_lines_before(tx: Tx, moment: datetime, most: int) -> int:
    """Deletes the oldest log lines of before a moment, whosever they are; says how many."""
    some = select(log.c.seq).where(log.c.timestamp < moment).order_by(log.c.timestamp).limit(most)
    return int(tx.execute(delete(log).where(log.c.seq.in_(some))).rowcount)


def artifacts_of(tx: Tx, flow_run_id: UUID, most: int) -> list[tuple[UUID, str | None]]:
    """Artifacts that a flow run has made, with their keys."""
    found = select(artifact.c.id, artifact.c.key).where(artifact.c.flow_run_id == flow_run_id).limit(most)
    rows: Any = tx.execute(found)
    return [(id, key) for id, key in rows]


def delete_artifacts(tx: Tx, ids: Sequence[UUID]) -> None:
    """Deletes artifacts that have no key: none of them is shown as the newest of one."""
    tx.execute(delete(artifact).where(artifact.c.id.in_(ids)))
