"""The states of the daemon itself: what it is doing, why, and since when."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from orchd.kit.clock import utc_now


class Phase(StrEnum):
    """starting → migrating → ready ⇄ maintenance → draining → stopped."""

    STARTING = "starting"
    MIGRATING = "migrating"
    READY = "ready"
    MAINTENANCE = "maintenance"
    DRAINING = "draining"
    STOPPED = "stopped"


class Lifecycle:
    """The present phase and its reason. Listeners hear of each change: the notifier, the websockets."""

    def __init__(self) -> None:
        self.phase = Phase.STARTING
        self.reason = "The daemon starts."
        self.since: datetime = utc_now()
        self.started: datetime = self.since
        self._listeners: list[Callable[[Phase, str], None]] = []

    @property
    def serving(self) -> bool:
        """Whether API requests are answered."""
        return self.phase is Phase.READY or self.phase is Phase.DRAINING

    def enter(self, phase: Phase, reason: str) -> None:
        """Enters a phase and tells the listeners. The same phase with another reason counts as a change."""
        if phase is not self.phase:
            self.since = utc_now()
        self.phase, self.reason = phase, reason
        for listener in list(self._listeners):
            listener(phase, reason)

    def listen(self, listener: Callable[[Phase, str], None]) -> Callable[[], None]:
        """Calls the listener at each change from now on; what is returned ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)
