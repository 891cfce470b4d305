"""Takes back the messages to workers that none of them has carried out in time."""

from datetime import datetime

from orchd.config.settings import CleanupDeliverySettings
from orchd.db import Tx
from orchd.domain import cleanups


class CleanupDelivery:
    """A message renewed at the same time is left alone."""

    name = "cleanup_delivery"
    bell: str | None = None

    def __init__(self, settings: CleanupDeliverySettings) -> None:
        self.every, self.batch = settings.every.total_seconds(), settings.batch
        self.attempts = settings.attempts

    def once(self, tx: Tx, now: datetime) -> int:
        """Takes messages back; says how many."""
        return cleanups.return_expired(tx, self.attempts, now, self.batch)
