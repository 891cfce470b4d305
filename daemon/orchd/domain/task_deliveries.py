"""Background task runs on their way to a worker.

The queue is in the database, and so is who was sent what: a run is off the queue only when its worker has said that it
has it. What a worker was sent and never confirmed comes back, before what is new.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from orchd.db import Tx
from orchd.orchestration.facts import Run
from orchd.queries import task_deliveries as query
from orchd.queries import task_runs, task_workers
from orchd.queries.task_deliveries import AGAIN, NEW, Waiting
from orchd.wire.states import StateType
from orchd.wire.task_runs import TaskRun

SIGNAL = "tasks"
"""The wake-up of those who hand out background task runs."""


class Taker(Struct, frozen=True):
    """A connected worker that has nothing to confirm, and the keys of its tasks."""

    worker: UUID
    keys: frozenset[str]


def enqueue(tx: Tx, run: Run, now: datetime, *, retry: bool) -> None:
    """Puts a task run on the queue of its key."""
    query.enqueue(tx, run.id, run.task_key or "", AGAIN if retry else NEW, now)
    tx.signals.add(SIGNAL)


def hand_out(tx: Tx, takers: Sequence[Taker], now: datetime) -> dict[UUID, TaskRun]:
    """Gives each worker the first run that waits for it, those who wait longest (`takers` are in order) first.

    A run goes to one worker, whatever other servers do at the same time.
    """
    keys = query.with_work(tx, {key for taker in takers for key in taker.keys})
    if not keys:
        return {}
    tx.begin()
    known = task_workers.present(tx, [taker.worker for taker in takers])
    takers = [taker for taker in takers if taker.worker in known]
    waiting = _foremost(tx, takers, keys)
    given = _assigned(takers, waiting)
    if len(given) < len(waiting):
        tx.signals.add(SIGNAL)  # another server that looked just now has passed over what was locked here
    query.hold(tx, {id: worker for worker, id in given.items()})
    runs = task_runs.by_ids(tx, given.values(), now)
    return {worker: runs[id] for worker, id in given.items()}


def confirm(tx: Tx, worker: UUID, task_run_id: UUID) -> None:
    """The worker has the run: it is off the queue."""
    query.taken(tx, task_run_id, worker)


def take_back(tx: Tx, workers: Sequence[UUID]) -> None:
    """What these workers were sent and have not confirmed is for the next one who wants it."""
    if query.free(tx, workers):
        tx.signals.add(SIGNAL)


def _foremost(tx: Tx, takers: Sequence[Taker], keys: Collection[str]) -> list[Waiting]:
    """The first of each key, no more than there are workers for it, in the order of all keys together."""
    found: list[Waiting] = []
    for key in sorted(keys):
        most = sum(key in taker.keys for taker in takers)
        found += query.foremost(tx, key, most) if most else []
    stale = [each.task_run_id for each in found if each.state_type != StateType.SCHEDULED]
    if stale:  # somebody has cancelled or started them in another way
        query.drop(tx, stale)
        tx.signals.add(SIGNAL)  # they stood before others
    return sorted((each for each in found if each.state_type == StateType.SCHEDULED), key=Waiting.place)


def _assigned(takers: Sequence[Taker], waiting: Sequence[Waiting]) -> dict[UUID, UUID]:
    """Which worker gets which task run."""
    free, given = list(takers), {}
    for each in waiting:
        taker = next((taker for taker in free if each.task_key in taker.keys), None)
        if taker is not None:
            free.remove(taker)
            given[taker.worker] = each.task_run_id
    return given
