"""Removes log lines that are older than they need to be kept, whether their run is kept or not."""

from datetime import datetime, timedelta

from orchd.config.settings import RetentionSettings
from orchd.db import Tx
from orchd.queries import leftovers


class LogRetention:
    """In slices, so that no transaction holds up those who write."""

    name = "log_retention"
    bell: str | None = None

    def __init__(self, settings: RetentionSettings, keep: timedelta) -> None:
        self.every, self.batch = settings.every.total_seconds(), settings.batch
        self.keep = keep

    def once(self, tx: Tx, now: datetime) -> int:
        """Removes the oldest lines beyond their time; says how many."""
        return leftovers.delete_lines_before(tx, now - self.keep, self.batch)
