"""The one loop that runs every service: interval, wake-up, back-off, status, stop."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from msgspec import Struct

from orchd.db import Database, Tx
from orchd.db.wakeups import wait
from orchd.kit.clock import utc_now

log = logging.getLogger(__name__)

BACK_OFF_MOST = 60.0  # seconds between two tries of a service that keeps failing


class Service(Protocol):
    """A pass reads all it needs: a missed or a doubled one does no harm, and the next one is the retry."""

    name: str
    every: float
    """Seconds between passes."""
    bell: str | None
    """The wake-up that brings the next pass forward."""
    batch: int
    """A pass that did so much is followed by the next one at once."""

    def once(self, tx: Tx, now: datetime) -> int:
        """One pass in one transaction; says how many things it changed."""


@runtime_checkable
class LongService(Protocol):
    """A service whose pass is several transactions: it would hold writers up as one."""

    name: str
    every: float
    """Seconds between passes."""
    bell: str
    """The wake-up that brings the next pass forward."""

    async def run(self, db: Database, now: datetime) -> int:
        """One pass; says how many things it changed."""


class Report(Struct):
    """How a service fares."""

    name: str
    every: float
    passes: int = 0
    changed: int = 0
    last_pass: datetime | None = None
    last_seconds: float | None = None
    last_error: str | None = None
    next_pass: datetime | None = None
    """When it comes at the latest: a wake-up may bring it forward."""


class Runner:
    """Runs services until it is stopped."""

    def __init__(self, db: Database, services: Sequence[Service | LongService]) -> None:
        self._db = db
        self._services = services
        self.reports = [Report(each.name, each.every) for each in services]
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._run(service, report), name=f"service-{service.name}")
            for service, report in zip(self._services, self.reports, strict=True)
        ]

    async def stop(self) -> None:
        """Ends every loop; a pass under way is rolled back or was committed, never half done."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def _run(self, service: Service | LongService, report: Report) -> None:
        bell = self._db.wakeups.subscribe(service.bell or f"service-{service.name}")
        failures = 0
        try:
            while True:
                failures = 0 if await self._pass(service, report) else failures + 1
                pause = service.every if not failures else min(BACK_OFF_MOST, service.every * 2**failures)
                report.next_pass = utc_now() + timedelta(seconds=pause)
                await wait(bell, pause)
        finally:
            self._db.wakeups.unsubscribe(service.bell or f"service-{service.name}", bell)

    async def _pass(self, service: Service | LongService, report: Report) -> bool:
        began = time.perf_counter()
        try:
            while True:
                changed = await one_pass(self._db, service, utc_now())
                report.changed += changed
                if isinstance(service, LongService) or changed < service.batch:
                    break
            report.last_error = None
        except Exception as error:
            log.exception("A pass of %s failed; it is tried again", service.name)
            report.last_error = f"{type(error).__name__}: {error}"
        report.passes += 1
        report.last_pass = utc_now()
        report.last_seconds = round(time.perf_counter() - began, 6)
        return report.last_error is None


async def one_pass(db: Database, service: Service | LongService, now: datetime) -> int:
    """Runs a service once; says how many things it changed."""
    if isinstance(service, LongService):
        return await service.run(db, now)
    changed: int = await db.write(_whole, service.once, now)
    return changed


def _whole(tx: Tx, once: Callable[[Tx, datetime], int], now: datetime) -> int:
    """A pass is one transaction, whatever it does."""
    tx.begin()
    return once(tx, now)
