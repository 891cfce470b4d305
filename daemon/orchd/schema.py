"""The schema's place in the life of the daemon: current before readiness, changed on the operator's word."""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from orchd.config.settings import DatabaseSettings
from orchd.db import migrate
from orchd.db.migrate import Outcome, Place, Progress, Status
from orchd.domain.lifecycle import Lifecycle, Phase
from orchd.errors import MigrationError
from orchd.kit.systemd import Notifier

log = logging.getLogger(__name__)

HEARTBEAT = 5.0  # seconds between two requests for more time while a step runs
EXTENSION = 30.0  # seconds asked for each time
PATIENCE = 3.0  # seconds for a walk to end by itself when the daemon is told to stop

Listener = Callable[[Progress], None]


class Schema:
    """Knows the database's place and moves its schema in a worker thread, so that the loop keeps turning."""

    def __init__(self, settings: DatabaseSettings, lifecycle: Lifecycle, notifier: Notifier) -> None:
        self.settings = settings
        self.place = Place.of(settings.url.plain)
        self._lifecycle = lifecycle
        self._notifier = notifier
        self._interrupted = asyncio.Event()

    def interrupt(self) -> None:
        """Ends a walk and lets none begin: what is not committed yet never will be."""
        self._interrupted.set()

    async def prepare(self) -> None:
        """Brings the schema to the newest revision, as `database.migrations.on_start` says.

        Raises DatabaseRefused, MigrationError or Unavailable; the database is as it was then.
        """
        if self.place.path is not None:
            self.place.path.parent.mkdir(parents=True, exist_ok=True)
            if not self.settings.sqlite.allow_network_filesystem:
                migrate.refuse_network_filesystem(self.place.path)
        found = await asyncio.to_thread(migrate.check, self.place)
        found.require_usable()
        if found.status is Status.CURRENT:
            return
        if self.settings.migrations.on_start != "upgrade":
            raise MigrationError(
                f"The schema is at {found.current or 'nothing'}, this orchd needs {found.head}, and "
                f"database.migrations.on_start is {self.settings.migrations.on_start!r}. "
                "Run `orchctl --offline db upgrade`."
            )
        self._lifecycle.enter(Phase.MIGRATING, f"The schema goes from {found.current or 'nothing'} to {found.head}.")
        outcome = await self.upgrade("head")
        log.info("Schema migrated from %s to %s", outcome.before or "nothing", outcome.after)

    async def mismatch(self) -> str | None:
        """What keeps the daemon from serving this schema, as a sentence; None when it is the code's own."""
        found = await asyncio.to_thread(migrate.check, self.place)
        if found.status is Status.CURRENT:
            return None
        return found.refusal() or (
            f"The schema is at {found.current or 'nothing'}, this orchd needs {found.head}: run `orchctl db upgrade`."
        )

    async def upgrade(self, target: str = "head", listener: Listener | None = None) -> Outcome:
        """Takes the steps up to a revision."""
        return await self._walk(
            lambda tell: migrate.upgrade(
                self.place,
                target,
                timeout=self.settings.migrations.timeout,
                progress=tell,
                backup=self.settings.migrations.backup,
            ),
            listener,
        )

    async def downgrade(self, target: str, listener: Listener | None = None) -> Outcome:
        """Takes steps back."""
        return await self._walk(
            lambda tell: migrate.downgrade(
                self.place,
                target,
                timeout=self.settings.migrations.timeout,
                progress=tell,
                backup=self.settings.migrations.backup,
            ),
            listener,
        )

    async def reset(self, listener: Listener | None = None) -> Outcome:
        """Drops everything and builds the newest schema."""
        return await self._walk(
            lambda tell: migrate.reset(
                self.place,
                timeout=self.settings.migrations.timeout,
                progress=tell,
                backup=self.settings.migrations.backup,
            ),
            listener,
        )

    async def _walk(self, work: Callable[[Listener], Outcome], listener: Listener | None) -> Outcome:
        """Runs the work in a thread; while it goes on, systemd is told that it does."""
        loop = asyncio.get_running_loop()

        def told(progress: Progress) -> None:
            self._lifecycle.enter(self._lifecycle.phase, f"Schema: {progress}")
            log.info("Schema: %s", progress)
            if listener is not None:
                listener(progress)

        def tell(progress: Progress) -> None:  # in the thread: what it raises ends the walk
            if self._interrupted.is_set():
                raise _interruption()
            loop.call_soon_threadsafe(told, progress)

        heartbeat = asyncio.create_task(self._ask_for_time())
        try:
            return await self._until_interrupted(_in_thread(work, tell))
        finally:
            heartbeat.cancel()

    async def _until_interrupted(self, walk: asyncio.Future[Outcome]) -> Outcome:
        """Does not wait for ever: a walk that waits for another server's lock cannot be spoken to."""
        interrupted = asyncio.create_task(self._interrupted.wait())
        either: set[asyncio.Future[Any]] = {walk, interrupted}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        interrupted.cancel()
        await asyncio.wait({walk}, timeout=PATIENCE)
        if not walk.done():
            raise _interruption()
        return walk.result()

    async def _ask_for_time(self) -> None:
        while True:
            self._notifier.extend_timeout(EXTENSION)
            await asyncio.sleep(HEARTBEAT)


def _interruption() -> MigrationError:
    return MigrationError("orchd was told to stop: the migration is rolled back.")


def _in_thread(work: Callable[[Listener], Outcome], tell: Listener) -> asyncio.Future[Outcome]:
    """A thread that the end of the process does not wait for: its transaction is rolled back then."""
    future: Future[Outcome] = Future()

    def run() -> None:
        try:
            future.set_result(work(tell))
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, name="schema", daemon=True).start()
    return asyncio.wrap_future(future)
