"""`/task_runs/subscriptions/scheduled`: background task runs are sent to those who listen for them.

One reader of the queue serves everybody who is connected to this process: a new task run costs one look at the
database, however many wait for it. Nobody is connected: nobody looks.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from aiohttp import WSMessage, WSMsgType, web

from orchd.api._context import Context
from orchd.api._sockets import TRY_AGAIN, Socket, close, drop, receive_json, refuse
from orchd.db import Database
from orchd.db.wakeups import wait
from orchd.domain import task_deliveries, task_workers
from orchd.domain.task_deliveries import SIGNAL, Taker
from orchd.domain.task_workers import Connection
from orchd.errors import Unavailable
from orchd.kit.clock import utc_now
from orchd.kit.ids import uuid7
from orchd.kit.jsontext import encode
from orchd.wire.task_runs import TaskRun

log = logging.getLogger(__name__)

VIOLATION = 4001
DONE = 1000
MOST_KEYS = 1000
MOST_TEXT = 1000  # characters of a key or a client's id
MOST_AT_ONCE = 100  # workers that one transaction provides for
RENEW_EVERY = 10.0  # seconds; also the net below the wake-ups
PAUSE = 1.0  # seconds until a database that is away is tried again


class Desk:
    """Hands task runs out to the workers that are connected to this process."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._present: dict[UUID, Connection] = {}
        self._waiting: dict[UUID, asyncio.Future[TaskRun]] = {}  # in the order in which they shall be served
        self._bell = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None

    async def join(self, connection: Connection) -> None:
        """From now on the worker is known to all servers. Raises Unavailable."""
        await self._context.db.write(task_workers.renew, [connection], utc_now())
        self._present[connection.id] = connection
        if self._reader is None:
            self._reader = asyncio.create_task(self._read(), name="orchd-task-delivery")

    async def leave(self, connection: Connection) -> None:
        """The worker has gone; what it has not confirmed is for others."""
        self._present.pop(connection.id, None)
        if not self._present and self._reader is not None:
            self._reader.cancel()
            self._reader = None
        try:
            await self._context.db.write(task_workers.leave, [connection.id])
        except Unavailable as error:  # by and by it counts as gone, because nobody renews it
            log.warning("A task worker has left, which cannot be written down: %s", error.message)

    async def next(self, connection: Connection) -> TaskRun:
        """Waits for a task run, which is this worker's until it is confirmed or given back."""
        turn: asyncio.Future[TaskRun] = asyncio.get_running_loop().create_future()
        self._waiting[connection.id] = turn
        self._bell.set()
        try:
            return await turn
        finally:
            self._waiting.pop(connection.id, None)

    async def confirm(self, connection: Connection, run: UUID) -> None:
        """The worker has the run. Raises Unavailable."""
        await self._context.db.write(task_deliveries.confirm, connection.id, run)

    async def give_back(self, connection: Connection) -> None:
        """The worker does not want the run. Raises Unavailable."""
        await self._context.db.write(task_deliveries.take_back, [connection.id])

    async def _read(self) -> None:
        while True:
            db = self._context.db  # another one after a reset
            self._bell = bell = db.wakeups.subscribe(SIGNAL)
            try:
                await self._follow(db)
            except Unavailable as error:
                log.warning("Background task runs wait: %s", error.message)
            except Exception:
                log.exception("Delivery of background task runs failed, and begins again.")
            finally:
                db.wakeups.unsubscribe(SIGNAL, bell)
            await asyncio.sleep(PAUSE)

    async def _follow(self, db: Database) -> None:
        renew_at = 0.0
        while self._context.db is db:
            if time.monotonic() >= renew_at:
                await db.write(task_workers.renew, list(self._present.values()), utc_now())
                renew_at = time.monotonic() + RENEW_EVERY
            waiting = list(self._waiting)
            for first in range(0, len(waiting), MOST_AT_ONCE):
                await self._provide(db, waiting[first : first + MOST_AT_ONCE])
            await wait(self._bell, max(0.0, renew_at - time.monotonic()))

    async def _provide(self, db: Database, workers: Sequence[UUID]) -> None:
        there = [self._present[id] for id in workers if id in self._waiting and id in self._present]
        takers = [Taker(each.id, each.keys) for each in there]
        given = await db.write(task_deliveries.hand_out, takers, utc_now())
        for id, run in given.items():
            turn = self._waiting.pop(id, None)
            if turn is not None and not turn.done():  # one who left meanwhile gives it back in leaving
                turn.set_result(run)


async def serve(desk: Desk, socket: Socket, request: web.Request) -> None:
    """A task worker from its subscription to its end."""
    connection = await _subscribed(socket, request)
    try:
        await desk.join(connection)
        try:
            await _Delivery(desk, connection, socket, request).run()
        finally:
            await desk.leave(connection)
    except Unavailable as error:
        await close(socket, TRY_AGAIN, error.message)


async def _subscribed(socket: Socket, request: web.Request) -> Connection:
    """Waits for the worker to say what it serves. Raises Ended when it says anything else."""
    said = await receive_json(socket, request)
    if not isinstance(said, dict) or said.get("type") != "subscribe":
        await refuse(socket, VIOLATION, "Protocol violation: expected 'subscribe' message")
    keys, client = said.get("keys"), said.get("client_id")
    if not isinstance(keys, list) or not 0 < len(keys) <= MOST_KEYS or not all(map(_is_name, keys)):
        await refuse(socket, VIOLATION, "Protocol violation: expected 'keys' in subscribe message")
    if not _is_name(client):
        await refuse(socket, VIOLATION, "Protocol violation: expected 'client_id' in subscribe message")
    return Connection(uuid7(), str(client), frozenset(map(str, keys or ())))


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MOST_TEXT and "\0" not in value


class _Delivery:
    """Sends one task run after the other, each when the worker has confirmed the one before."""

    def __init__(self, desk: Desk, connection: Connection, socket: Socket, request: web.Request) -> None:
        self._desk, self._connection, self._socket, self._request = desk, connection, socket, request
        self._sent: UUID | None = None  # what is to be confirmed
        self._answered = asyncio.Event()

    async def run(self) -> None:
        """Until the worker leaves."""
        sending = asyncio.create_task(self._send())
        try:
            async for message in self._socket:
                if self._sent is not None and not await self._hear(_word(message)):
                    break
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def _send(self) -> None:
        try:
            while True:
                run = await self._desk.next(self._connection)
                self._answered.clear()
                self._sent = run.id
                await self._socket.send_frame(encode(run), WSMsgType.TEXT)
                await self._answered.wait()
        except ConnectionError:
            pass
        except Exception:
            log.exception("A task worker is dropped.")
            drop(self._request)

    async def _hear(self, word: str | None) -> bool:
        """What the worker says to the run that it was sent. False: it has enough."""
        run, self._sent = self._sent, None
        assert run is not None
        if word == "ack":
            await self._confirm(run)
        else:
            await self._desk.give_back(self._connection)
        if word == "quit":
            await close(self._socket, DONE, "")
            return False
        self._answered.set()
        return True

    async def _confirm(self, run: UUID) -> None:
        """Writes down that the worker has the run, as soon as the database is there and as long as the worker is."""
        while True:
            try:
                await self._desk.confirm(self._connection, run)
            except Unavailable:
                if self._socket.closed:
                    raise
                await asyncio.sleep(PAUSE)
            else:
                return


def _word(message: WSMessage) -> str | None:
    """The type of what a worker says."""
    try:
        said = msgspec.json.decode(message.data) if message.type is WSMsgType.TEXT else None
    except (ValueError, RecursionError):
        return None
    word = said.get("type") if isinstance(said, dict) else None
    return word if isinstance(word, str) else None
