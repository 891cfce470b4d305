"""Removes flow runs that ended longer ago than they need to be kept, with all that belongs to them."""

from datetime import datetime, timedelta

from orchd.config.settings import RetentionSettings
from orchd.db import Tx
from orchd.domain import run_retention

NAMED = 5_000  # rows of a run that one transaction deletes by name


class RunRetention:
    """Runs that somebody else has started in the meantime, by a retry, are no longer ended and stay."""

    name = "run_retention"
    bell: str | None = None

    def __init__(self, settings: RetentionSettings, keep: timedelta) -> None:
        self.every, self.batch = settings.every.total_seconds(), min(settings.batch, NAMED)
        self.keep = keep

    def once(self, tx: Tx, now: datetime) -> int:
        """Removes the oldest runs beyond their time; says how many rows of them were counted."""
        return run_retention.remove_old(tx, now - self.keep, now, self.batch)
