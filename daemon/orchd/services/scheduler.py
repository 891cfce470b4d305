"""Makes the runs of schedules, ahead of their time."""

import asyncio
import logging
from datetime import datetime
from itertools import islice
from uuid import UUID

from orchd.config.settings import SchedulerSettings
from orchd.db import Database
from orchd.domain import scheduled_runs
from orchd.domain.deployment_schedules import SIGNAL
from orchd.domain.scheduled_runs import Planned

AT_ONCE = 2  # transactions: one is put together while PostgreSQL carries the other out

log = logging.getLogger(__name__)


class Scheduler:
    """A change of a schedule wakes it, and the interval finds what has been used up since.

    Where nothing is lacking, a pass is one read. Times are worked out in a thread beside the loop, and written in
    portions: a pass may be long, its transactions are short.
    """

    name = "scheduler"
    bell = SIGNAL

    def __init__(self, settings: SchedulerSettings) -> None:
        self.every, self.settings = settings.every.total_seconds(), settings
        self._known_faults: set[tuple[UUID, datetime]] = set()

    async def run(self, db: Database, now: datetime) -> int:
        """One pass; says how many runs it made."""
        horizon, after, made = scheduled_runs.usual_horizon(self.settings, now), None, 0
        while wanting := await db.read(scheduled_runs.lacking, horizon, after, self.settings.batch):
            plans = await asyncio.to_thread(scheduled_runs.planned, wanting, horizon)
            parts = scheduled_runs.portions(plans, self.settings.insert_batch)
            while together := list(islice(parts, AT_ONCE)):
                made += sum(await asyncio.gather(*(db.write(scheduled_runs.insert, part, now) for part in together)))
            self._report(plans)
            after = wanting[-1].row.id
            if len(wanting) < self.settings.batch:
                break
        return made

    def _report(self, plans: list[Planned]) -> None:
        """Tells of each schedule that cannot be worked out, once."""
        for each in plans:
            if each.fault is not None and (key := (each.row.id, each.row.updated)) not in self._known_faults:
                self._known_faults.add(key)
                log.warning(
                    "Schedule %s of deployment %s makes no runs: %s", each.row.id, each.row.deployment_id, each.fault
                )
