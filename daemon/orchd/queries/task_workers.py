"""Questions about task workers: who listens for background task runs."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT is written the same way for SQLite

from orchd.db import Statement, Tx
from orchd.db.tables import task_worker
from orchd.db.types import Timestamp
from orchd.kit.jsontext import Raw

_c = task_worker.c


class TaskWorkerRow(Struct, frozen=True):
    """A connection of a task worker as it is stored. The order is that of the query's columns."""

    id: UUID
    client_id: str
    task_keys: Raw
    seen: datetime


_PUT = insert(task_worker).values({c: bindparam(c.key, type_=c.type) for c in task_worker.c})
_SEEN = Statement(_PUT.on_conflict_do_update(index_elements=["id"], set_={"seen": _PUT.excluded.seen}))
_LIVING = Statement(
    select(*(_c[name] for name in TaskWorkerRow.__struct_fields__))
    .where(_c.seen >= bindparam("since", type_=Timestamp()))
    .order_by(_c.seen.desc(), _c.id)
)
_SILENT = Statement(
    select(_c.id).where(_c.seen < bindparam("since", type_=Timestamp())).with_for_update(skip_locked=True)
)


def seen(tx: Tx, workers: Iterable[dict[str, object]]) -> None:
    """They are there now: rows with all columns."""
    tx.run_many(_SEEN, workers)


def living(tx: Tx, since: datetime) -> list[TaskWorkerRow]:
    """Those that were seen since, the latest first."""
    return [TaskWorkerRow(*row) for row in tx.fetch(_LIVING, {"since": since})]


def silent(tx: Tx, since: datetime) -> list[UUID]:
    """Those that were not seen since, locked."""
    return [row[0] for row in tx.fetch(_SILENT, {"since": since})]


def present(tx: Tx, ids: Sequence[UUID]) -> set[UUID]:
    """Those of the workers that are known, and stay so until the end of the transaction."""
    found = select(_c.id).where(_c.id.in_(ids)).order_by(_c.id).with_for_update(read=True, key_share=True)
    return set(tx.execute(found).scalars())


def lock(tx: Tx, ids: Sequence[UUID]) -> None:
    """Nothing is given to them from here on."""
    tx.execute(select(_c.id).where(_c.id.in_(ids)).order_by(_c.id).with_for_update())


def forget(tx: Tx, ids: Sequence[UUID]) -> None:
    """They are gone."""
    tx.execute(delete(task_worker).where(_c.id.in_(ids)))
