"""Flow runs that are old go with all that belongs to them; and what was left by runs that have gone before.

No transaction grows with what a run has gathered: artifacts and task runs go in slices, the run itself when nothing
is left of it but itself. Its log lines follow: what is noted in the run's transaction survives a crash.
"""

import contextlib
from datetime import datetime, timedelta
from uuid import UUID

from orchd.db import Tx
from orchd.domain import artifacts, run_removal
from orchd.errors import NotFound
from orchd.queries import leftovers
from orchd.queries import run_removal as query
from orchd.queries.leftovers import FLOW_RUN, Removed

LATE_LINES = timedelta(hours=1)
"""How long after the removal of a run its client may still send log lines."""


def remove_old(tx: Tx, before: datetime, now: datetime, limit: int) -> int:
    """One pass: deletes flow runs that ended before a moment, with the subflows in them; says how much has gone."""
    gone = 0
    for id in query.ended_before(tx, before, limit):
        for run in reversed(_family(tx, id, limit)):
            if not query.lock_ended(tx, run):
                continue
            gone += _remove_artifacts(tx, run, now, limit - gone)
            if gone < limit:
                gone += run_removal.some_task_runs(tx, run, now, limit - gone)
            if gone >= limit:
                return gone
            gone += len(run_removal.flow_runs(tx, [run], now))
    return gone


def clear_up(tx: Tx, keep_artifacts: timedelta | None, now: datetime, limit: int) -> int:
    """One pass: clears away what removed runs have left; says how much has gone, each run that is done included."""
    gone = 0
    for run in leftovers.due(tx, now, limit):
        gone += leftovers.delete_lines(tx, run, limit - gone)
        if gone < limit and keep_artifacts is not None and run.removed + keep_artifacts <= now:
            gone += _remove_artifacts(tx, run.id, now, limit - gone)
        if gone >= limit:
            break
        _put_off(tx, run, keep_artifacts, now)
        gone += 1
    return gone


def _put_off(tx: Tx, run: Removed, keep_artifacts: timedelta | None, now: datetime) -> None:
    """Looks after a removed run once more when late lines may have come, and when its artifacts have had their time."""
    times = [run.removed + LATE_LINES]
    if keep_artifacts is not None and run.kind == FLOW_RUN and leftovers.artifacts_of(tx, run.id, 1):
        times.append(run.removed + keep_artifacts)
    later = [time for time in times if time > now]
    if later:
        leftovers.look_again(tx, run.id, min(later))
    else:
        leftovers.done(tx, run.id)


def _family(tx: Tx, id: UUID, limit: int) -> list[UUID]:
    """A run and the ended runs that it has started, however deep, from without to within."""
    found = [id]
    for run in found:
        found += [each for each in query.ended_subflows(tx, run, limit) if each not in found]
    return found


def _remove_artifacts(tx: Tx, flow_run_id: UUID, now: datetime, most: int) -> int:
    found = leftovers.artifacts_of(tx, flow_run_id, most)
    leftovers.delete_artifacts(tx, [id for id, key in found if key is None])
    for id, key in found:
        if key is not None:
            with contextlib.suppress(NotFound):  # somebody else has deleted it just now
                artifacts.delete(tx, id, now)
    return len(found)
