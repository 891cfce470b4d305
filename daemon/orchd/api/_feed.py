"""Live delivery: one reader of a growing table feeds everyone who listens in this process.

Nobody listens: nobody reads. A listener that does not keep up is cut off when its buffer is full, so that it costs the
others nothing; it comes back by itself and asks for what it has missed.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from orchd.api._context import Context
from orchd.db.database import Database
from orchd.db.wakeups import wait
from orchd.errors import Unavailable
from orchd.queries.tails import Place, Tail

log = logging.getLogger(__name__)

PAGE = 500  # rows in one reading
POLL = 5.0  # seconds until the table is looked at without a wake-up
PAUSE = 1.0  # seconds until a database that is away is tried again
PATIENCE = 16  # times the buffer: what may gather while a listener is still told of the past


class Item(Protocol):
    """Something that can be sent."""

    @property
    def id(self) -> object: ...

    @property
    def frame(self) -> bytes: ...


T = TypeVar("T", bound=Item)


class Listener(Generic[T]):
    """One who listens: what it wants, and what is ready for it."""

    def __init__(self, wants: Callable[[T], bool], buffer: int, cut_off: Callable[[], None]) -> None:
        self.wants = wants
        self.catching_up = True
        self._buffer, self._cut_off = buffer, cut_off
        self._ready: deque[T] = deque()
        self._bell = asyncio.Event()

    def offer(self, item: T) -> None:
        """Puts an item into the buffer, or cuts the listener off."""
        if len(self._ready) >= self._buffer * (PATIENCE if self.catching_up else 1):
            self._ready.clear()
            self._cut_off()
            return
        self._ready.append(item)
        self._bell.set()

    async def take(self) -> list[T]:
        """What is ready, at least one item."""
        await self._bell.wait()
        self._bell.clear()
        taken = list(self._ready)
        self._ready.clear()
        return taken


class Feed(Generic[T]):
    """The reader."""

    def __init__(self, context: Context, signal: str, tail: Tail, item: Callable[[list[Any]], T]) -> None:
        self._context, self._signal, self._tail, self._item = context, signal, tail, item
        self._listeners: set[Listener[T]] = set()
        self._reader: asyncio.Task[None] | None = None
        self._reading = asyncio.Event()
        self._place: tuple[Database, Place] | None = None

    async def join(self, listener: Listener[T]) -> None:
        """From now on the listener hears of every row that is committed."""
        self._listeners.add(listener)
        if self._reader is None:
            self._reading.clear()
            self._place = None
            self._reader = asyncio.create_task(self._read(), name=f"orchd-feed-{self._signal}")
        await self._reading.wait()

    def leave(self, listener: Listener[T]) -> None:
        """Ends that; the last one puts out the light."""
        self._listeners.discard(listener)
        if not self._listeners and self._reader is not None:
            self._reader.cancel()
            self._reader = None

    async def _read(self) -> None:
        while True:
            db = self._context.db  # another one after a reset
            bell = db.wakeups.subscribe(self._signal)
            try:
                await self._follow(db, bell)
            except Unavailable as error:
                log.warning("Live delivery of %s waits: %s", self._signal, error.message)
            except Exception:
                log.exception("Live delivery of %s failed, and begins again.", self._signal)
            finally:
                db.wakeups.unsubscribe(self._signal, bell)
            await asyncio.sleep(PAUSE)

    async def _follow(self, db: Database, bell: asyncio.Event) -> None:
        """Reads on from where it was; in another database, from the end."""
        if self._place is None or self._place[0] is not db:
            self._place = db, await db.read(self._tail.end)
        self._reading.set()
        while self._context.db is db:
            rows, place = await self._page(db, self._place[1])
            self._place = db, place
            if len(rows) < PAGE:
                await wait(bell, POLL)

    async def _page(self, db: Database, place: Place) -> tuple[list[list[Any]], Place]:
        rows, place = await db.read(self._tail.read, place, PAGE)
        for row in rows:
            item = self._item(row)
            for listener in tuple(self._listeners):
                if listener.wants(item):
                    listener.offer(item)
        return rows, place
