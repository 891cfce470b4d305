"""The way in for client events: one bounded queue for the process, one writer that commits whatever waits.

A commit costs the disk the same for one event as for hundreds. While one is on its way the next batch gathers; when
that is full, the sockets are not read until there is room again, so nothing is dropped and memory stays bounded.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime

from aiohttp import web

from orchd.api._context import Context
from orchd.db import Tx
from orchd.domain import event_intake
from orchd.domain.event_intake import Accepted
from orchd.domain.task_run_recorder import Report
from orchd.errors import Unavailable
from orchd.kit.clock import utc_now

log = logging.getLogger(__name__)

Ticket = asyncio.Future[None]
Store = Callable[[Tx, Sequence[Accepted], datetime], list[Report]]

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
        self._ticket: Ticket | None = None
        self._under_way: Ticket | None = None
        self._arrived = asyncio.Event()
        self._taken = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Starts the writer."""
        self._writer = asyncio.create_task(self._write(), name="orchd-intake")

    async def stop(self, seconds: float) -> None:
        """Commits what waits, as far as that is possible in so many seconds."""
        if tickets := [each for each in (self._under_way, self._ticket) if each is not None]:
            await asyncio.wait(tickets, timeout=seconds)
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)

    async def add(self, accepted: Accepted) -> Ticket:
        """Takes an event in, waiting for room. The ticket is shared: wait for it with `committed`."""
        while len(self._waiting) >= MOST_EVENTS or self._text >= MOST_TEXT:
            self._taken.clear()
            await self._taken.wait()
        if self._ticket is None:
            self._ticket = asyncio.get_running_loop().create_future()
        self._waiting.append(accepted)
        self._text += accepted.size
        self._arrived.set()
        return self._ticket

    async def _write(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            batch, self._under_way = self._waiting, self._ticket
            self._waiting, self._text, self._ticket = [], 0, None
            self._taken.set()
            await self._keep(batch)
            if self._under_way is not None:
                self._under_way.set_result(None)

    async def _keep(self, batch: Sequence[Accepted]) -> None:
        """Commits a batch. One that the database refuses is halved until the event that it refuses stands alone."""
        try:
            unknown = await self._insist(event_intake.store, batch)
        except Exception as error:
            if len(batch) == 1:
                await self._keep_unrecorded(batch[0], error)
                return
            half = len(batch) // 2
            await self._keep(batch[:half])
            await self._keep(batch[half:])
        else:
            for each in unknown:
                event_intake.not_recorded(each.state.id, f"its flow run {each.key.flow_run_id} does not exist")

    async def _keep_unrecorded(self, accepted: Accepted, reason: Exception) -> None:
        """An event whose recording fails is still an event."""
        if accepted.report is not None:
            event_intake.not_recorded(accepted.event.id, str(reason))
        try:
            await self._insist(event_intake.store, [accepted._replace(report=None)])
        except Exception:
            log.exception("Event %s cannot be kept.", accepted.event.id, extra={"event_id": str(accepted.event.id)})

    async def _insist(self, store: Store, batch: Sequence[Accepted]) -> list[Report]:
        """Writes, and waits for as long as the database is away: meanwhile no socket is read, and no PING answered."""
        pause = PAUSE
        while True:
            try:
                return await self._context.db.write(store, batch, utc_now())
            except Unavailable as error:
                log.warning("%d events wait: %s", len(batch), error.message)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)


async def committed(ticket: Ticket, seconds: float | None = None) -> None:
    """Waits until what the ticket stands for is committed. Raises Unavailable when that takes longer."""
    done, _ = await asyncio.wait([ticket], timeout=seconds)
    if not done:
        raise Unavailable("The database does not take the events now.")


INTAKE = web.AppKey("intake", Intake)


def add_intake(app: web.Application, context: Context) -> None:
    """Gives the application its intake, which lives as long as it serves."""

    async def run(app: web.Application) -> AsyncIterator[None]:
        app[INTAKE].start()
        yield
        await app[INTAKE].stop(context.settings.server.shutdown_timeout.total_seconds())

    app[INTAKE] = Intake(context)
    app.cleanup_ctx.append(run)
