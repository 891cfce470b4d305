"""Reads on SQLite: the short ones on the event loop's own connection, the long ones on threads.

A thread is no help to a short read. The driver gives Python's lock up at every row and has to win it back, and SQLite's
memory allocator has one lock for all connections: two threads took twice the processor time of one for the same pages
(4.5 ms instead of 2.3 ms for 200 runs), and handing a read over and back costs as much as reading one run. So a read
begins where it is asked for, with a budget. One that uses it up is broken off and run again on a thread, and its
function goes there directly for a while.
"""

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from orchd.db.sqlite_link import Job, SqliteTx, connect, limit_time, post, translated

STEPS = 1_000  # virtual-machine steps between two looks: some 30 microseconds
BUDGET = 100  # looks: 3 ms of SQL. Counted in steps, so that a busy machine does not make short reads long
PATIENCE = 0.05  # seconds: when the disk, not the processor, is what takes so long
LONG = 0.010  # seconds, Python's part included; a function that takes so long twice in a row is a long one
REMEMBERED = 5.0  # seconds that a long function goes to a thread at once


class Readers:
    """The connection of the loop and the threads beside it."""

    def __init__(self, path: Path, settings: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._path, self._settings, self._loop = path, settings, loop
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._read_loop, name=f"orchd-read-{n}", daemon=True)
            for n in range(settings.sqlite.readers)
        ]
        self._link: tuple[Connection, sqlite3.Connection] | None = None
        self._looks, self._deadline = 0, 0.0
        self._broken_off = False
        self._long: dict[Any, float] = {}
        self._suspected: set[Any] = set()

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    async def run(self, fn: Callable[[SqliteTx], Any], kind: Any) -> Any:
        """What the function returns. `kind` is what tells long functions from short ones."""
        if self._long and self._loop.time() < self._long.get(kind, 0.0):
            return await self._on_thread(fn)
        try:
            return self._at_once(fn, kind)
        except TookTooLong:
            return await self._on_thread(fn)

    async def close(self) -> None:
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            await asyncio.to_thread(thread.join)
        if self._link is not None:
            self._link[0].close()

    def _at_once(self, fn: Callable[[SqliteTx], Any], kind: Any) -> Any:
        """Runs the function here and now. Raises TookTooLong when it has to go to a thread."""
        began = time.monotonic()
        try:
            connection, raw = self._link or self._connected()
            self._looks, self._deadline, self._broken_off = 0, began + PATIENCE, False
            raw.execute("BEGIN")
            try:
                return fn(SqliteTx(connection, raw))
            finally:
                raw.execute("ROLLBACK")
        except Exception as error:
            if self._broken_off:
                raise TookTooLong from error
            raise translated(error) from error.__cause__
        finally:
            self._learn(kind, time.monotonic() - began)

    def _learn(self, kind: Any, took: float) -> None:
        """Once may be chance: a statement that was compiled, a processor that was busy with something else."""
        if self._broken_off or (took > LONG and kind in self._suspected):
            self._long[kind] = self._loop.time() + REMEMBERED
        elif took > LONG:
            self._suspected.add(kind)
        else:
            self._suspected.discard(kind)

    def _connected(self) -> tuple[Connection, sqlite3.Connection]:
        self._link = connect(self._path, self._settings, writing=False)
        self._link[1].set_progress_handler(self._look, STEPS)
        return self._link

    def _look(self) -> bool:
        self._looks += 1
        self._broken_off = self._looks > BUDGET or time.monotonic() > self._deadline
        return self._broken_off

    # Threads

    async def _on_thread(self, fn: Callable[[SqliteTx], Any]) -> Any:
        future = self._loop.create_future()
        self._jobs.put(Job(fn, future))
        return await future

    def _read_loop(self) -> None:
        link: tuple[Connection, sqlite3.Connection] | None = None
        while (job := self._jobs.get()) is not None:
            try:
                link = link or connect(self._path, self._settings, writing=False)
                outcome = (job.future, self._read_one(*link, job), None)
            except BaseException as error:
                post(self._loop, [(job.future, None, translated(error))])
            else:
                post(self._loop, [outcome])
        if link is not None:
            link[0].close()

    def _read_one(self, connection: Connection, raw: sqlite3.Connection, job: Job) -> Any:
        limit_time(raw, self._settings.timeout.total_seconds())
        raw.execute("BEGIN")
        try:
            return job.fn(SqliteTx(connection, raw))
        finally:
            raw.execute("ROLLBACK")


class TookTooLong(Exception):
    """A read has used its budget up; it is run again on a thread."""
