"""Puts the parts together: the one file that knows them all.

sockets bound → control socket open → schema current → database open → services → listening → READY=1
"""

import asyncio
import contextlib
import gc
import logging
import signal
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import uvloop
from aiohttp import web

from orchd import __version__
from orchd.api._context import Context
from orchd.api._server import application
from orchd.config import Loaded, load, reload_diff
from orchd.control.server import ControlServer
from orchd.db.database import open_database
from orchd.domain import block_types
from orchd.domain.lifecycle import Lifecycle, Phase
from orchd.errors import ConfigError, DatabaseRefused, MigrationError, OrchdError, Unavailable
from orchd.kit import listeners, logs
from orchd.kit.clock import utc_now
from orchd.kit.systemd import Notifier, watchdog_interval
from orchd.schema import Schema
from orchd.services import all_services
from orchd.services.loop import Report, Runner

log = logging.getLogger("orchd")

EXIT_OK = 0
EXIT_UNEXPECTED = 1  # a fault of orchd; the log has its place
EXIT_DATABASE_REFUSED = 65  # EX_DATAERR: another program's database, an unknown revision, a network file system
EXIT_UNAVAILABLE = 69  # EX_UNAVAILABLE: the database does not answer
EXIT_MIGRATION = 70  # EX_SOFTWARE: a step failed or took too long; the database is as it was
EXIT_ADDRESS = 71  # EX_OSERR: the address is taken
EXIT_CONFIG = 78  # EX_CONFIG
GRACE = 5.0  # seconds that systemd is asked for on top of the drain
CUT_OFF = 1.0  # seconds for what still goes on after the drain, such as a websocket whose client does not answer


def run(loaded: Loaded) -> int:
    """Runs the daemon until it is told to stop; returns its exit status."""
    logs.configure(loaded.settings.logging.level, loaded.settings.logging.format)
    try:
        return uvloop.run(Daemon(loaded).main())
    except KeyboardInterrupt:
        return EXIT_OK


class Daemon:
    """The process: its phases, and what an operator may ask of it."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self.lifecycle = Lifecycle()
        self.notifier = Notifier()
        self.schema = Schema(loaded.settings.database, self.lifecycle, self.notifier)
        self.context: Context | None = None
        self.runner: Runner | None = None
        self.addresses: list[str] = []
        self._stop = asyncio.Event()
        self._busy = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def main(self) -> int:
        """From start to end. Whatever fails before readiness is told in one line, with a status of its own."""
        self.lifecycle.listen(self._tell)
        try:
            return await self._main()
        except ConfigError as error:
            return self._failed(error, EXIT_CONFIG)
        except DatabaseRefused as error:
            return self._failed(error, EXIT_DATABASE_REFUSED)
        except MigrationError as error:
            return EXIT_OK if self._stop.is_set() else self._failed(error, EXIT_MIGRATION)
        except listeners.CannotListen as error:
            return self._failed(error, EXIT_ADDRESS)
        except Unavailable as error:
            return self._failed(error, EXIT_UNAVAILABLE)
        except Exception as error:
            log.critical("orchd failed unexpectedly", exc_info=error)
            self.notifier.status(f"Failed unexpectedly: {type(error).__name__}.")
            return EXIT_UNEXPECTED

    def _failed(self, error: Exception, status: int) -> int:
        log.error("%s", error)
        self.notifier.status(f"Failed: {error}")
        return status

    def _tell(self, phase: Phase, reason: str) -> None:
        self.notifier.status(_status(phase, reason))

    async def _main(self) -> int:
        settings = self.loaded.settings
        server = settings.server
        sockets, handed = listeners.bind_all(server.host, server.port, server.unix_socket, server.unix_socket_mode)
        self._catch_signals()
        control = ControlServer(self, settings.control)
        await control.start()
        try:
            self._in_background(self._feed_watchdog())
            await self.schema.prepare()
            await self._open()
            return await self._serve(sockets, handed=handed)
        finally:
            await control.stop()
            await self._close()
            for task in self._tasks:
                task.cancel()
            self.lifecycle.enter(Phase.STOPPED, "Stopped.")

    async def _serve(self, sockets: list[socket.socket], *, handed: bool) -> int:
        """Accepts clients, says so, and drains when told to stop."""
        assert self.context is not None
        server = self.loaded.settings.server
        app = application(self.context)
        app.on_response_prepare.append(self._last_of_its_connection)
        web_runner = web.AppRunner(
            app,
            access_log=None,
            handle_signals=False,
            keepalive_timeout=server.keepalive_timeout.total_seconds(),
            shutdown_timeout=CUT_OFF,
        )
        await web_runner.setup()
        if not handed:
            listeners.listen(sockets)
        for each in sockets:
            await web.SockSite(web_runner, each).start()
        self.addresses = listeners.addresses(sockets)
        _settle_memory()
        self.lifecycle.enter(Phase.READY, self._ready())
        log.info("orchd %s is ready on %s", __version__, ", ".join(self.addresses))
        self.notifier.ready()
        await self._stop.wait()
        await self._drain(web_runner, self.context)
        return EXIT_OK

    async def _drain(self, web_runner: web.AppRunner, context: Context) -> None:
        """Accepts nobody any more and answers what is under way; what takes too long is cut off."""
        limit = self.loaded.settings.server.shutdown_timeout.total_seconds()
        self.notifier.stopping()
        self.notifier.extend_timeout(limit + GRACE)
        self.lifecycle.enter(Phase.DRAINING, "Finishing the requests under way.")
        for site in list(web_runner.sites):
            await site.stop()
        await context.quiet(limit)  # not left to `cleanup`: it would not even read the rest of a body
        if context.under_way:
            log.warning("Requests that did not end within server.shutdown_timeout (%g s): %d", limit, context.under_way)
        await web_runner.cleanup()
        log.info("orchd has answered what was under way and stops")

    async def _last_of_its_connection(self, _: web.Request, response: web.StreamResponse) -> None:
        """While draining, clients are told not to send another request by the same connection."""
        if self.lifecycle.phase is Phase.DRAINING:
            response.force_close()
            response.headers["Connection"] = "close"

    def _ready(self) -> str:
        return f"Ready on {', '.join(self.addresses)}."

    async def _open(self) -> None:
        """Opens the database and starts what works on it."""
        settings = self.loaded.settings
        db = await open_database(settings.database)
        await db.write(block_types.install_system, utc_now())
        if self.context is None:
            self.context = Context(settings=settings, db=db, lifecycle=self.lifecycle)
        else:
            self.context.db = db
        self._start_services()

    def _start_services(self) -> None:
        assert self.context is not None
        self.runner = Runner(self.context.db, all_services(self.loaded.settings))
        self.runner.start()

    async def _close(self) -> None:
        """The reverse of `_open`; harmless when nothing is open."""
        if self.runner is not None:
            await self.runner.stop()
            self.runner = None
        if self.context is not None:
            await self.context.db.close()

    # What an operator may ask for

    def stop(self) -> None:
        """Begins to drain; a migration under way is rolled back at its next step."""
        self._stop.set()
        self.schema.interrupt()

    def services(self) -> list[Report]:
        """How each service fares."""
        return [] if self.runner is None else self.runner.reports

    async def reload(self) -> tuple[list[str], list[str]]:
        """Reads the configuration again: what changed at once, and what awaits a restart.

        Raises ConfigError with every fault and its place; nothing has changed then.
        """
        announced = self.lifecycle.phase in (Phase.READY, Phase.MAINTENANCE)  # before, it would count as readiness
        if announced:
            self.notifier.reloading()
        try:
            fresh = await asyncio.to_thread(load, self.loaded.path)
        except ConfigError as error:
            log.error("The configuration is not reloaded, the old one stays in force: %s", error)
            raise
        else:
            return await self._apply(fresh)
        finally:
            if announced:
                self.notifier.ready()

    async def _apply(self, fresh: Loaded) -> tuple[list[str], list[str]]:
        live, restart = reload_diff(self.loaded, fresh)
        self.loaded = fresh.keeping(self.loaded, restart)
        logs.configure(fresh.settings.logging.level, fresh.settings.logging.format)
        if self.context is not None:
            self.context.settings = self.loaded.settings
        if self.runner is not None and any(key.startswith("services.") for key in live):
            await self.runner.stop()
            self._start_services()
        log.info("Configuration reloaded; changed: %s; awaiting a restart: %s", live or "nothing", restart or "nothing")
        return live, restart

    async def maintain(self, reason: str, work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """Runs work on the schema while nothing else touches the database, then serves again if the schema allows.

        Raises Unavailable when other maintenance is under way, and what the work raises.
        """
        if self._busy.locked():
            raise Unavailable(f"Other maintenance is under way: {self.lifecycle.reason}")
        async with self._busy:
            self.lifecycle.enter(Phase.MAINTENANCE, reason)
            log.warning("Maintenance: %s", reason)
            try:
                if self.context is not None:
                    await self.context.quiet(self.loaded.settings.server.shutdown_timeout.total_seconds())
                await self._close()
                return await work()
            finally:
                await self._resume()

    async def _resume(self) -> None:
        """Serves again when the schema is the code's own, else says what is missing."""
        if self._stop.is_set():
            return
        try:
            missing = await self.schema.mismatch()
            if missing is None:
                await self._open()
        except OrchdError as error:
            missing = error.message
        if missing is None:
            self.lifecycle.enter(Phase.READY, self._ready())
        else:
            log.warning("Maintenance goes on: %s", missing)
            self.lifecycle.enter(Phase.MAINTENANCE, missing)

    # Signals and the watchdog

    def _catch_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, lambda: self._in_background(self._reload_quietly()))

    async def _reload_quietly(self) -> None:
        with contextlib.suppress(ConfigError):  # logged by `reload`
            await self.reload()

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _feed_watchdog(self) -> None:
        """Pings systemd only when the loop has turned and, while the daemon serves, the database has answered."""
        interval = watchdog_interval()
        while interval is not None:
            await asyncio.sleep(interval / 2)
            if self.lifecycle.phase is Phase.READY and self.context is not None:
                try:
                    async with asyncio.timeout(interval):
                        await self.context.db.ping()
                except (Unavailable, TimeoutError) as error:
                    log.warning("No sign of life for the watchdog, the database does not answer: %s", error)
                    continue
            self.notifier.watchdog()


def _status(phase: Phase, reason: str) -> str:
    """For `systemctl status`; the reasons of these three say by themselves what the daemon is doing."""
    plain = phase in (Phase.STARTING, Phase.READY, Phase.STOPPED)
    return reason if plain else f"{phase.value.capitalize()}. {reason}"


def _settle_memory() -> None:
    """What is loaded by now stays: the collector need not look at it again and again.

    With Python's own thresholds a full collection came every few thousand events and held everything up for 80 ms.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
