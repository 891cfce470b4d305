"""Removes events that are older than they need to be kept."""

from datetime import datetime

from orchd.config.settings import RetentionSettings
from orchd.db import Tx
from orchd.queries import event_removal

NAMED = 10_000  # rows that one statement may name: SQLite takes 32,766 values


class EventRetention:
    """In slices, so that no transaction holds up those who write."""

    name = "retention"
    bell: str | None = None

    def __init__(self, settings: RetentionSettings) -> None:
        self.every, self.batch = settings.every.total_seconds(), min(settings.batch, NAMED)
        self.keep = settings.events

    def once(self, tx: Tx, now: datetime) -> int:
        """Removes the oldest events beyond their time; says how many."""
        return event_removal.older_than(tx, now - self.keep, self.batch)
