"""Notices that nobody works: workers go offline; pools, queues and deployments are no longer ready."""

from datetime import datetime

from orchd.config.settings import ForemanSettings
from orchd.db import Tx
from orchd.domain import foreman


class Foreman:
    """What somebody works for again becomes ready by that, not here."""

    name = "foreman"
    bell: str | None = None

    def __init__(self, settings: ForemanSettings) -> None:
        self.every, self.batch = settings.every.total_seconds(), settings.batch
        self.patience = foreman.Patience(
            heartbeat=settings.heartbeat,
            missed_heartbeats=settings.missed_heartbeats,
            queue=settings.queue_timeout,
            deployment=settings.deployment_timeout,
        )

    def once(self, tx: Tx, now: datetime) -> int:
        """Marks what is silent; says how many."""
        return foreman.inspect(tx, self.patience, now, self.batch)
