"""Ends leases that nobody has renewed in time: the slots of a holder that died are free again."""

from datetime import datetime

from orchd.config.settings import LeaseExpirySettings
from orchd.db import Tx
from orchd.domain import leases


class LeaseExpiry:
    """One pass looks for the oldest ends; a lease renewed at the same time is left alone."""

    name = "lease_expiry"
    bell: str | None = None

    def __init__(self, settings: LeaseExpirySettings) -> None:
        self.every, self.batch = settings.every.total_seconds(), settings.batch

    def once(self, tx: Tx, now: datetime) -> int:
        """Ends leases; says how many."""
        return leases.expire(tx, now, self.batch)
