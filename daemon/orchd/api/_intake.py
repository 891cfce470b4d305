"""The way in for client events: one bounded queue for the process, one writer that commits whatever waits.

A commit costs the disk the same for one event as for hundreds. While one is on its way the next batch gathers; when
that is full, the sockets are not read until there is room again, so nothing is dropped and memory stays bounded.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from functools import partial

from aiohttp import web

from orchd.api._context import Context
from orchd.domain import event_intake
from orchd.domain.event_intake import Accepted
from orchd.errors import Unavailable
from orchd.kit.clock import utc_now

log = logging.getLogger(__name__)

MOST_EVENTS = 1000
MOST_TEXT = 16 * 2**20  # characters of JSON in one batch
PAUSE = 0.1  # seconds before a database that is away is tried again; doubled each time
LONGEST_PAUSE = 2.0


class Intake:
    """Keeps events. `add` answers with a ticket: a future that is done once the event is committed."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._waiting: list[Accepted] = []
        self._text = 0
        self._ticket: asyncio.Future[None] | None = None
        self._arrived = asyncio.Event()
        self._taken = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Starts the writer."""
        self._writer = asyncio.create_task(self._write(), name="orchd-intake")

    async def stop(self, seconds: float) -> None:
        """Commits what waits, as far as that is possible in so many seconds."""
        if self._ticket is not None:
            await asyncio.wait([self._ticket], timeout=seconds)
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)

    async def add(self, accepted: Accepted) -> "asyncio.Future[None]":
        """Takes an event in, waiting for room. Await the ticket with `committed`, as it is shared."""
        while len(self._waiting) >= MOST_EVENTS or self._text >= MOST_TEXT:
            self._taken.clear()
            await self._taken.wait()
        if self._ticket is None or self._ticket.done():
            self._ticket = asyncio.get_running_loop().create_future()
        self._waiting.append(accepted)
        self._text += accepted.size
        self._arrived.set()
        return self._ticket

    async def _write(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            batch, ticket = self._waiting, self._ticket
            self._waiting, self._text, self._ticket = [], 0, None
            self._taken.set()
            await self._keep(batch)
            if ticket is not None:
                ticket.set_result(None)

    async def _keep(self, batch: Sequence[Accepted]) -> None:
        """Commits a batch. One that the database refuses is halved until the event that it refuses stands alone."""
        try:
            unknown = await self._insist(partial(event_intake.store, accepted=batch, now=utc_now()))
            event_intake.report_unknown(unknown)
        except Exception as error:
            if len(batch) == 1:
                await self._keep_alone(batch[0], error)
                return
            half = len(batch) // 2
            await self._keep(batch[:half])
            await self._keep(batch[half:])
