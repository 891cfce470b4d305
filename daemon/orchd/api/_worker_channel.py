"""A worker at the other end of `/work_pools/{name}/workers/connect`: heartbeats, its pool as it changes, cleanups."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import msgspec
from aiohttp import WSMsgType, web

from orchd.api._context import Context
from orchd.api._sockets import PROTOCOL_ERROR, REFUSED, TRY_AGAIN, Socket, close, receive_json
from orchd.db.wakeups import wait
from orchd.domain import cleanups, work_pools, worker_channel
from orchd.domain.cleanups import Consumer, Outcome, Terms
from orchd.domain.worker_channel import Abilities, UnsupportedVersion
from orchd.errors import Forbidden, Invalid, NotFound, OrchdError, Unavailable
from orchd.kit.clock import utc_now
from orchd.kit.ids import uuid7
from orchd.wire.work_pools import WorkPool
from orchd.wire.worker_channel import (
    VERSION,
    AckFrame,
    BeatFrame,
    CleanupFrame,
    CleanupResult,
    CleanupResultFrame,
    Frame,
    FromWorker,
    Hello,
    HelloFrame,
    Queue,
    Ready,
    ReadyFrame,
    ReleaseFrame,
    RenewFrame,
    Snapshot,
    SnapshotFrame,
)

log = logging.getLogger(__name__)

INTERNAL = 1011
AUTHENTICATION_FAILED = "authentication_failed"
GATHER = 0.05  # seconds in which changes of the pool are gathered into one snapshot
LOOK_EVERY = 5.0  # seconds after which cleanups are looked for without a wake-up

_frames = msgspec.json.Decoder(FromWorker, strict=False)
_encode = msgspec.json.Encoder().encode


class Refused(Exception):
    """The worker is sent away, with a code and a reason that it knows."""

    def __init__(self, code: int, reason: str, cause: str) -> None:
        super().__init__(cause)
        self.code, self.reason, self.cause = code, reason, cause


def _protocol(cause: str) -> Refused:
    return Refused(PROTOCOL_ERROR, "protocol_error", cause)


async def serve(context: Context, socket: Socket, request: web.Request) -> None:
    """A worker from its hello to its end."""
    try:
        channel = await _admitted(context, socket, request)
        await channel.run()
    except Refused as refusal:
        log.info("A worker of %s is sent away (%s): %s", request.path, refusal.reason, refusal.cause)
        await close(socket, refusal.code, refusal.reason)


async def _admitted(context: Context, socket: Socket, request: web.Request) -> "Channel":
    """Waits for the worker's hello, and greets it. Raises Refused."""
    frame = _decoded(msgspec.json.encode(await receive_json(socket, request, (PROTOCOL_ERROR, "protocol_error"))))
    if not isinstance(frame, HelloFrame):
        raise _protocol("its first frame is no hello")
    hello, name = frame.payload, request.match_info["name"]
    try:
        able = worker_channel.abilities(hello)
        admission = await context.db.write(worker_channel.admit, name, hello, utc_now())
    except UnsupportedVersion as error:
        raise Refused(REFUSED, "unsupported_version", error.message) from error
    except Forbidden as error:
        raise Refused(REFUSED, "authorization_failed", error.message) from error
    except (Invalid, NotFound) as error:
        raise _protocol(error.message) from error
    except OrchdError as error:
        raise Refused(INTERNAL, "transient_server_error", error.message) from error
    channel = Channel(context, socket, hello, able, admission.pool, admission.queues)
    await channel.greet()
    return channel


def _decoded(data: bytes | str) -> FromWorker:
    try:
        frame: FromWorker = _frames.decode(data)
    except (ValueError, RecursionError) as error:
        raise _protocol(str(error)) from error
    return frame


class Channel:
    """The connection of an admitted worker."""

    def __init__(
        self,
        context: Context,
        socket: Socket,
        hello: Hello,
        able: Abilities,
        pool: WorkPool,
        queues: list[Queue],
    ) -> None:
        self._context, self._db = context, context.db  # a reset closes every socket before there is another database
        self._socket, self._hello, self._able = socket, hello, able
        self._pool, self._queues = pool, queues
        self._snapshots = 0
        own = [each.id for each in queues]
        self._consumer = Consumer(uuid7(), pool.id, own, able.cleanup_kinds, able.most_cleanups)
        self._free = asyncio.Event()  # a message was given back: there may be room for the next

    async def greet(self) -> None:
        """Tells the worker what it gets."""
        hello, able = self._hello, self._able
        ready = Ready(
            consumer_id=hello.consumer_id,
            worker_id=None,
            selected_channel_version=VERSION,
            effective_heartbeat_interval_seconds=hello.heartbeat_interval_seconds,
            accepted_capabilities=able.accepted,
            rejected_capabilities=able.rejected,
            effective_max_cleanup_concurrency=able.most_cleanups,
            resolved_work_queues=self._queues,
            initial_snapshot=self._snapshot("initial"),
        )
        await self._send(ReadyFrame(**_head(), payload=ready))

    async def run(self) -> None:
        """Listens and sends until one side has enough. Raises Refused."""
        parts: list[Callable[[], Awaitable[None]]] = [self._listen, self._tell_of_changes]
        if self._able.most_cleanups:
            parts.append(self._hand_out)
        tasks = [asyncio.create_task(self._part(each)) for each in parts]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
        for end in ends:
            if isinstance(end, Refused):
                raise end

    async def _part(self, part: Callable[[], Awaitable[None]]) -> None:
        try:
            await part()
        except Unavailable as error:
            await close(self._socket, TRY_AGAIN, error.message)
        except ConnectionError:
            pass
        except Forbidden as error:
            raise Refused(REFUSED, "authorization_failed", error.message) from error
        except Refused:
            raise
        except Exception as error:
            log.exception("The channel of worker %r failed", self._hello.worker_name)
            raise Refused(INTERNAL, "transient_server_error", str(error)) from error

    # What the worker says

    async def _listen(self) -> None:
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                raise _protocol("it sent a frame that is no text")
            frame = _decoded(message.data)
            if isinstance(frame, BeatFrame):
                await self._heartbeat(frame)
            elif isinstance(frame, AckFrame | RenewFrame | ReleaseFrame):
                await self._answer(frame)
            else:
                raise _protocol("it said hello a second time")

    async def _heartbeat(self, frame: BeatFrame) -> None:
        beat, hello = frame.payload, self._hello
        if beat.consumer_id != hello.consumer_id or beat.worker_name != hello.worker_name:
            raise _protocol("its heartbeat is another worker's")
        try:
            await self._db.write(
                worker_channel.beat,
                self._pool.name,
                self._pool.id,
                beat.worker_name,
                beat.heartbeat_interval_seconds,
                utc_now(),
            )
        except Unavailable as error:
            raise Refused(INTERNAL, "heartbeat_persistence_failed", error.message) from error
        await self._tell_if_changed("heartbeat_reconciliation")

    async def _answer(self, frame: AckFrame | RenewFrame | ReleaseFrame) -> None:
        said = frame.payload
        outcome = await self._outcome(frame)
        result = CleanupResult(
            request_frame_id=frame.id,
            message_id=said.message_id,
            operation=frame.operation,
            status=outcome.status,
            lease_expires_at=outcome.lease_expires_at,
            reason=outcome.reason,
        )
        await self._send(CleanupResultFrame(**_head(), payload=result))
        self._free.set()

    async def _outcome(self, frame: AckFrame | RenewFrame | ReleaseFrame) -> Outcome:
        if not self._able.most_cleanups:
            return Outcome("unauthorized", "cleanup_delivery_not_accepted")
        said, now, terms = frame.payload, utc_now(), self._terms()
        which = said.message_id, said.reservation_token, self._pool.id
        try:
            if isinstance(frame, AckFrame):
                return await self._db.write(cleanups.acknowledge, *which, now)
            change = cleanups.renew if isinstance(frame, RenewFrame) else cleanups.release
            return await self._db.write(change, *which, terms, now)
        except Unavailable:
            return Outcome("error", "cleanup_queue_operation_failed")

    # What the worker is told

    async def _tell_of_changes(self) -> None:
        signal = work_pools.signal(self._pool.id)
        bell = self._db.wakeups.subscribe(signal)
        try:
            while True:
                await bell.wait()
                await asyncio.sleep(GATHER)
                bell.clear()
                await self._tell_if_changed("work_pool_updated")
        finally:
            self._db.wakeups.unsubscribe(signal, bell)

    async def _tell_if_changed(self, reason: str) -> None:
        pool = await self._db.read(worker_channel.pool_now, self._pool.name, self._pool.id)
        if pool.updated != self._pool.updated:
            self._pool = pool
            await self._send(SnapshotFrame(**_head(), payload=self._snapshot(reason)))

    def _snapshot(self, reason: str) -> Snapshot:
        self._snapshots += 1
        return Snapshot(snapshot_sequence=self._snapshots, reason=reason, work_pool=self._pool)

    async def _hand_out(self) -> None:
        signal = cleanups.signal(self._pool.id)
        bell = self._db.wakeups.subscribe(signal)
        self._free = bell  # both mean: look again
        try:
            while True:
                while (
                    given := await self._db.write(cleanups.reserve, self._consumer, self._terms(), utc_now())
                ) is not None:
                    await self._send(CleanupFrame(**_head(), payload=given))
                await wait(bell, LOOK_EVERY)
        finally:
            self._db.wakeups.unsubscribe(signal, bell)

    def _terms(self) -> Terms:
        chosen = self._context.settings.services.cleanup_delivery
        return Terms(chosen.lease, chosen.attempts)

    async def _send(self, frame: Frame) -> None:
        await self._socket.send_frame(_encode(frame), WSMsgType.TEXT)


def _head() -> dict[str, Any]:
    now: datetime = utc_now()
    return {"id": uuid7(), "sent_at": now}
