"""Idle connections, first come first served.

A queue would let whoever asks at the right moment take what was meant for one that has waited long, and under load some
then wait ten times as long as others. Here a connection goes straight to the first who waits.
"""

import asyncio
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Turns(Generic[T]):
    """Things that one user at a time may have; of several idle ones the last used is handed out."""

    def __init__(self, things: list[T]) -> None:
        self._idle = things
        self._waiting: deque[asyncio.Future[T]] = deque()

    async def take(self) -> T:
        """One of the things, when it is this caller's turn. May be cancelled at any point; nothing is lost then."""
        if self._idle and not self._waiting:
            return self._idle.pop()
        turn: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it had just been handed over
                self.give(turn.result())
            raise

    def give(self, thing: T) -> None:
        """Hands a thing to the first who waits, or keeps it."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(thing)
                return
        self._idle.append(thing)
