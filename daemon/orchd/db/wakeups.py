"""Wake-ups: "something was committed, look again". They carry no data, so a lost or doubled one does no harm.

Inside a process they are immediate. Between processes on one PostgreSQL they travel by NOTIFY, gathered for a few
milliseconds so that a busy server does not take the notification lock once for each commit. Whoever waits does so
with a time limit: the slow poll is the net below.
"""

import asyncio
from collections.abc import Callable, Iterable


class Wakeups:
    """The bells of one process. `relay` is told the names fired here, to pass them on to other processes."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self.relay: Callable[[Iterable[str]], None] | None = None

    def subscribe(self, name: str) -> asyncio.Event:
        """An event that is set at each wake-up of this name; the waiter clears it before it looks."""
        bell = asyncio.Event()
        self._waiting.setdefault(name, set()).add(bell)
        return bell

    def unsubscribe(self, name: str, bell: asyncio.Event) -> None:
        """Stops setting the event."""
        self._waiting.get(name, set()).discard(bell)

    def fire(self, names: Iterable[str]) -> None:
        """After a commit of this process: wakes those who wait here, then tells the other processes."""
        self.ring(names)
        if self.relay is not None:
            self.relay(names)

    def ring(self, names: Iterable[str]) -> None:
        """Wakes those who wait in this process only."""
        for name in names:
            for bell in self._waiting.get(name, ()):
                bell.set()

    def ring_all(self) -> None:
        """Wakes everyone: after a time in which wake-ups may have been missed."""
        self.ring(list(self._waiting))


async def wait(bell: asyncio.Event, seconds: float) -> bool:
    """Waits for the bell, at most so long; True when it rang. Clears it either way."""
    try:
        async with asyncio.timeout(seconds):
            await bell.wait()
    except TimeoutError:
        return False
    finally:
        bell.clear()
    return True
