"""Fails a paused run that nobody has resumed in the time its author gave."""

from datetime import datetime

from orchd.config.settings import PauseExpirySettings
from orchd.db import Tx
from orchd.domain import overdue


class PauseExpiry:
    """A run that moved by itself in the meantime is left alone."""

    name = "pause_expiry"
    bell: str | None = None

    def __init__(self, settings: PauseExpirySettings) -> None:
        self.every, self.batch = settings.every.total_seconds(), settings.batch

    def once(self, tx: Tx, now: datetime) -> int:
        """Fails runs; says how many."""
        return overdue.fail_expired_pauses(tx, now, self.batch)
