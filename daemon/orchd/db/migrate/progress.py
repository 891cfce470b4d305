"""How far a migration is, and how much time it has left."""

import enum
import time
from collections.abc import Callable
from datetime import timedelta

import msgspec


class Phase(enum.StrEnum):
    """What is being done."""

    WAITING = "waiting"  # for another server's migration
    COPYING = "copying"  # the SQLite file, before rows are dropped or rewritten
    APPLYING = "applying"
    UNDOING = "undoing"
    CHECKING = "checking"  # references between rows, after rows were rewritten


class Progress(msgspec.Struct, frozen=True):
    """Where a migration is: step `number` of `of`. Outside a step, `revision` and `title` are empty."""

    phase: Phase
    number: int = 0
    of: int = 0
    revision: str = ""
    title: str = ""

    def __str__(self) -> str:
        if not self.revision:
            return self.phase.value
        return f"{self.phase.value} {self.revision} ({self.number} of {self.of}): {self.title}"


Report = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """For callers that want no progress."""


class Deadline:
    """A point in time by which all must be done."""

    def __init__(self, timeout: timedelta) -> None:
        self.timeout = timeout
        self._end = time.monotonic() + timeout.total_seconds()

    def left(self) -> float:
        """Seconds, never below 0."""
        return max(0.0, self._end - time.monotonic())

    def passed(self) -> bool:
        return self.left() == 0


class Reporter:
    """Passes progress on, and remembers the last for the message of a failure."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self.last = Progress(Phase.WAITING)

    def __call__(self, progress: Progress) -> None:
        self.last = progress
        self._report(progress)
