"""Clears away what removed runs have left, and gives unused room of the SQLite file back."""

from datetime import datetime, timedelta

from orchd.config.settings import ClearanceSettings
from orchd.db import Tx
from orchd.domain import run_retention
from orchd.queries import compaction


class Clearance:
    """What is to be done is noted in the database by whoever removes a run: it outlives a crash."""

    name = "clearance"
    bell: str | None = None

    def __init__(self, settings: ClearanceSettings, keep_artifacts: timedelta | None) -> None:
        self.every, self.batch = settings.every.total_seconds(), settings.batch
        self.keep_artifacts = keep_artifacts

    def once(self, tx: Tx, now: datetime) -> int:
        """Removes rows and cuts off pages; says how many of both."""
        gone = run_retention.clear_up(tx, self.keep_artifacts, now, self.batch)
        return gone + compaction.give_back(tx, self.batch)
