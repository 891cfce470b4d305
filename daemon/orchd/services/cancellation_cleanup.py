"""Ends what a cancelled flow run has left behind: task runs, subflow runs, and runs whose worker never reported."""

from datetime import datetime

from orchd.config.settings import CancellationCleanupSettings
from orchd.db import Tx
from orchd.domain import overdue


class CancellationCleanup:
    """A run that moved by itself in the meantime is left alone."""

    name = "cancellation_cleanup"
    bell: str | None = None

    def __init__(self, settings: CancellationCleanupSettings) -> None:
        self.every, self.batch = settings.every.total_seconds(), settings.batch
        self.patience = settings.timeout

    def once(self, tx: Tx, now: datetime) -> int:
        """Ends runs; says how many."""
        return overdue.clean_up_cancelled(tx, now, self.patience, self.batch)
