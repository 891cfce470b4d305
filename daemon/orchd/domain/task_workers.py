"""Task workers: who is connected, to whichever server.

A connection is a row that its server renews. When the server dies the row is not renewed, and any other server gives
what the worker had not confirmed to the next one.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from orchd.db import Tx
from orchd.domain import task_deliveries
from orchd.kit.jsontext import decode
from orchd.queries import task_workers as query
from orchd.wire.task_workers import TaskWorker, TaskWorkerFilter

LIFE = timedelta(seconds=30)
"""A connection that was not renewed for so long is gone."""


class Connection(Struct, frozen=True):
    """One connection of a task worker."""

    id: UUID
    client_id: str
    keys: frozenset[str]


def renew(tx: Tx, connections: Sequence[Connection], now: datetime) -> None:
    """These are there, and new if they are not known; the others that have not been renewed in time are gone."""
    query.seen(
        tx,
        [
            {"id": each.id, "client_id": each.client_id, "task_keys": sorted(each.keys), "seen": now}
            for each in sorted(connections, key=lambda each: each.id)
        ],
    )
    if silent := query.silent(tx, now - LIFE):
        leave(tx, silent)


def leave(tx: Tx, connections: Sequence[UUID]) -> None:
    """These are gone; what they were sent and have not confirmed is for others."""
    query.lock(tx, connections)  # whoever is just giving them something comes first
    task_deliveries.take_back(tx, connections)
    query.forget(tx, connections)


def read(tx: Tx, asked: TaskWorkerFilter | None, now: datetime) -> list[TaskWorker]:
    """Those that are connected and serve one of the keys that are asked for; a client is one, however it connects."""
    found: dict[str, TaskWorker] = {}
    for row in query.living(tx, now - LIFE):
        keys = set(decode(row.task_keys))
        if row.client_id in found:
            keys |= set(found[row.client_id].task_keys)
        latest = found[row.client_id].timestamp if row.client_id in found else row.seen
        found[row.client_id] = TaskWorker(identifier=row.client_id, task_keys=sorted(keys), timestamp=latest)
    wanted = set(asked.task_keys if asked else ())
    return [each for each in found.values() if not wanted or wanted & set(each.task_keys)]
