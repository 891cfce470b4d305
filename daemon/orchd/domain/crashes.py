"""Runs whose process has died: their heartbeats stay away.

A run is watched from its first heartbeat on; one that never sent any, as with older clients, is never ended.
"""

from datetime import datetime, timedelta
from uuid import UUID

from orchd.db import Tx
from orchd.domain.transitions import Asker, put_flow_run, put_task_run
from orchd.orchestration.transition import Proposed
from orchd.queries import heartbeats as query
from orchd.queries.heartbeats import Patience, Silent
from orchd.wire.states import StateType

STRAY = timedelta(hours=1)  # after which a heartbeat that came behind the end of its run is forgotten
INSIDE = Proposed(StateType.CRASHED, "Crashed", "The process of the flow run around it has died.")
"""What becomes of tasks and subflows: they ran in the same process."""


def end_silent(tx: Tx, patience: Patience, now: datetime, limit: int) -> int:
    """One pass: crashes runs that have missed too many heartbeats, and what ran inside them; says how many ended."""
    changed = query.forget_idle(tx, now - STRAY, limit)
    for found in query.silent(tx, patience, now, limit):
        if changed >= limit:
            break
        if query.lock_silent(tx, found):
            changed += _crash(tx, found.flow_run_id, _died(found, patience, now), now, limit)
    return changed


def _crash(tx: Tx, id: UUID, state: Proposed, now: datetime, limit: int) -> int:
    """Ends what runs inside a run before itself: if that is too much for one transaction, its turn comes later."""
    asker, ended = Asker(now), 0
    for run in reversed(_with_subflows(tx, id, limit)):
        for task_run_id in query.living_tasks(tx, run, limit):
            ended += put_task_run(tx, task_run_id, INSIDE, asker, force=True).stored
        if ended >= limit:
            break
        ended += put_flow_run(tx, run, state if run == id else INSIDE, asker, force=True).stored
    return ended


def _with_subflows(tx: Tx, id: UUID, limit: int) -> list[UUID]:
    """A run and those that it has started in its own process, however deep, from without to within."""
    found = [id]
    for run in found:
        found += [each for each in query.living_subflows(tx, run, limit) if each not in found]
    return found


def _died(found: Silent, patience: Patience, now: datetime) -> Proposed:
    every, silence = found.every or patience.heartbeat, (now - found.received).total_seconds()
    return Proposed(
        StateType.CRASHED,
        "Crashed",
        f"The process of this run has sent no heartbeat for {silence:.0f} s; one was due every {every:.0f} s. It was "
        "killed, its machine is gone, or it cannot reach this server. Look at that machine (memory is often short), "
        "then run it again.",
    )
