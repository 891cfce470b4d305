"""Marks a scheduled run Late when nobody has picked it up in time."""

from datetime import datetime

from orchd.config.settings import LateRunsSettings
from orchd.db import Tx
from orchd.domain import overdue


class LateRuns:
    """A run that moved by itself in the meantime is left alone."""

    name = "late_runs"
    bell: str | None = None

    def __init__(self, settings: LateRunsSettings) -> None:
        self.every, self.batch = settings.every.total_seconds(), settings.batch
        self.after = settings.after

    def once(self, tx: Tx, now: datetime) -> int:
        """Marks runs; says how many."""
        return overdue.mark_late(tx, now - self.after, now, self.batch)
