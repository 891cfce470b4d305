"""What `/events/out` and `/logs/out` share: the filter that opens them, and sending until somebody leaves."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

import msgspec
from aiohttp import WSMsgType, web

from orchd.api._feed import Item, Listener
from orchd.api._sockets import PROTOCOL_ERROR, TRY_AGAIN, Ended, Socket, close, drop, receive_json, refuse
from orchd.errors import Unavailable

log = logging.getLogger(__name__)

F = TypeVar("F")
T = TypeVar("T", bound=Item)


async def receive_filter(socket: Socket, request: web.Request, kind: type[F]) -> tuple[F, bool]:
    """The client's filter, and whether it wants to hear of the past. Raises Ended when it sends anything else."""
    message = await receive_json(socket, request)
    if not isinstance(message, dict) or message.get("type") != "filter":
        await refuse(socket, PROTOCOL_ERROR, "Expected 'filter' message")
    if "filter" not in message:
        await refuse(socket, PROTOCOL_ERROR, "Invalid filter: 'filter'")
    try:
        return msgspec.convert(message["filter"], kind), message.get("backfill") is not False
    except (ValueError, RecursionError) as error:
        await refuse(socket, PROTOCOL_ERROR, f"Invalid filter: {error}")
        raise Ended from error


async def follow(socket: Socket, request: web.Request, send: Callable[[], Awaitable[None]]) -> None:
    """Sends until the client leaves; what it says meanwhile is not listened to."""

    async def sending() -> None:
        try:
            await send()
        except Unavailable as error:
            await close(socket, TRY_AGAIN, error.message)
        except ConnectionError:
            pass
        except Exception:
            log.exception("A listener of %s is dropped.", request.path)
            drop(request)

    task = asyncio.create_task(sending())
    try:
        async for _ in socket:
            pass
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def send_live(socket: Socket, listener: Listener[T], sent: "Sent | frozenset[UUID]" = frozenset()) -> None:
    """Sends what the listener gets to hear, but for what was sent already."""
    listener.catching_up = False
    while True:
        for item in await listener.take():
            if item.id not in sent:
                await socket.send_frame(item.frame, WSMsgType.TEXT)


class Sent:
    """The last ids that were sent from storage: some of them may come from the feed as well."""

    MOST = 10_000

    def __init__(self) -> None:
        self._ids: dict[UUID, None] = {}

    def add(self, id: UUID) -> None:
        self._ids[id] = None
        if len(self._ids) > self.MOST:
            del self._ids[next(iter(self._ids))]

    def __contains__(self, id: object) -> bool:
        return id in self._ids


def cut_off(request: web.Request) -> None:
    """Ends the connection of a listener that does not keep up. A CLOSE would not reach it."""
    log.warning("A listener of %s at %s does not keep up and is cut off.", request.path, request.remote)
    drop(request)
