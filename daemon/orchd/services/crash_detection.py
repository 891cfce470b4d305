"""Crashes flow runs whose heartbeats stay away."""

import logging
from datetime import datetime, timedelta

from orchd.config.settings import CrashDetectionSettings
from orchd.db import Tx
from orchd.domain import crashes
from orchd.queries.heartbeats import Patience

log = logging.getLogger(__name__)

SLACK = timedelta(seconds=5)  # how late a pass may be before we were away: stopped, asleep, without the database


class CrashDetection:
    """Only silence that this daemon could have heard counts: after a start, or a time away, each run has it all anew.

    What a client could not send meanwhile it sends when it is connected again.
    """

    name = "crash_detection"
    bell: str | None = None

    def __init__(self, settings: CrashDetectionSettings) -> None:
        self.every, self.batch = settings.every.total_seconds(), settings.batch
        self._heartbeat = settings.heartbeat.total_seconds()
        self._missed = settings.missed_heartbeats
        self._latest: datetime | None = None
        self._listening: datetime | None = None

    def once(self, tx: Tx, now: datetime) -> int:
        """Ends runs; says how many, with what ran inside them."""
        patience = Patience(self._heartbeat, self._missed, self._listening_since(now))
        return crashes.end_silent(tx, patience, now, self.batch)

    def _listening_since(self, now: datetime) -> datetime:
        latest, self._latest = self._latest, now
        if latest is None or self._listening is None or now - latest > timedelta(seconds=self.every) + SLACK:
            if latest is not None:
                log.info("No pass for %.0f s: runs get their whole patience anew", (now - latest).total_seconds())
            self._listening = now
        return self._listening
