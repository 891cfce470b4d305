"""What all websockets share: who may open one, how it is greeted, and how it ends."""

import asyncio
import hmac
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import WSMsgType, web

from orchd.api._answer import json_response
from orchd.api._context import Context
from orchd.domain.lifecycle import Phase

log = logging.getLogger(__name__)

PROTOCOL = "prefect"
PING_EVERY = 20.0  # seconds between two PINGs; a peer that is silent after one is gone
HOLD = 15.0  # seconds that a client waits for the end of a maintenance before it is closed and comes again
CLOSE_WITHIN = 2.0  # seconds that a client has to answer a CLOSE
REASON_BYTES = 123  # of a CLOSE frame, at most

PROTOCOL_ERROR = 1002
INVALID_DATA = 1007
REFUSED = 1008
RESTART = 1012
TRY_AGAIN = 1013

Socket = web.WebSocketResponse
Serve = Callable[[Socket, web.Request], Awaitable[None]]


class Ended(Exception):
    """The client has gone, or was sent away."""


def add_socket(
    app: web.Application,
    path: str,
    context: Context,
    serve: Serve,
    *,
    autoping: bool = True,
    refusal_reason: str | None = None,
) -> None:
    """Serves websockets at a path: `serve` is called for each client that has introduced itself.

    Without `autoping`, `serve` answers PINGs itself. With a `refusal_reason` every client must introduce itself, and
    is told no other reason when it does so wrongly.
    """
    open_now = _open_sockets(app, context)

    async def handle(request: web.Request) -> web.StreamResponse:
        if refusal := _refusal(context, request, strict=refusal_reason is not None):
            return refusal
        socket = Socket(
            timeout=CLOSE_WITHIN,
            heartbeat=PING_EVERY,
            autoping=autoping,
            protocols=(PROTOCOL,),
            compress=False,  # what is sent to many listeners is encoded once
            max_msg_size=context.settings.server.limits.websocket_message,
        )
        await socket.prepare(request)
        if not await _serving(context):
            await close(socket, RESTART, context.lifecycle.reason)
            return socket
        open_now.add(socket)
        try:
            if _greets(request):
                await _greet(socket, request, context.settings.auth.auth_string, refusal_reason)
            await serve(socket, request)
        except (Ended, ConnectionError):
            pass
        finally:
            open_now.discard(socket)
        return socket

    app.router.add_get(path, handle)


def _refusal(context: Context, request: web.Request, *, strict: bool) -> web.Response | None:
    """The plain answer to a client that gets no websocket."""
    if request.headers.get("Upgrade", "").lower() != "websocket":
        return json_response(request, 404, {"detail": "Not Found"})
    if (strict or context.settings.auth.auth_string) and not _greets(request):
        return json_response(request, 403, {"detail": f"Offer the sub-protocol {PROTOCOL!r} to authenticate."})
    return None


async def _serving(context: Context) -> bool:
    """Whether there is somebody to talk to, after a time if need be.

    A client takes a refused upgrade for good and a closed socket for a reason to try again, ten times. So it is let in
    during a maintenance, and waits in vain for the PONG that it asks for first.
    """
    lifecycle, changed = context.lifecycle, asyncio.Event()
    stop = lifecycle.listen(lambda _, __: changed.set())
    try:
        async with asyncio.timeout(HOLD):
            while lifecycle.phase is Phase.MAINTENANCE:
                await changed.wait()
                changed.clear()
    except TimeoutError:
        return False
    finally:
        stop()
    return lifecycle.phase is Phase.READY


def _greets(request: web.Request) -> bool:
    """Whether the client will introduce itself. One of the old kind does not, and sends what it has to say at once."""
    offered = request.headers.get("Sec-WebSocket-Protocol", "")
    return PROTOCOL in (each.strip() for each in offered.split(","))


async def _greet(socket: Socket, request: web.Request, expected: str | None, reason: str | None) -> None:
    """Waits for the client to introduce itself. Raises Ended when it does so wrongly."""
    refusal = None if reason is None else (REFUSED, reason)
    fault = _fault(await receive_json(socket, request, refusal), expected)
    if fault is not None:
        await refuse(socket, REFUSED, reason or fault)
    await socket.send_str('{"type":"auth_success"}')


def _fault(message: Any, expected: str | None) -> str | None:
    """What is wrong with a client's introduction."""
    if not isinstance(message, dict) or message.get("type") != "auth":
        return "Expected 'auth' message"
    token = message.get("token")
    if not expected:
        return None
    if not token:
        return "Auth required but no token provided"
    if not isinstance(token, str) or not hmac.compare_digest(token.encode(), expected.encode()):
        return "Invalid token"
    return None


async def receive_json(socket: Socket, request: web.Request, refusal: tuple[int, str] | None = None) -> Any:
    """The next message; PINGs before it are answered.

    Raises Ended when there is none, or one that is not JSON: the connection then breaks off, or is closed by `refusal`.
    """
    while True:
        message = await socket.receive()
        if message.type is WSMsgType.PING:  # clients wait for this PONG before they introduce themselves
            await socket.pong(message.data)
        elif message.type is WSMsgType.TEXT:
            break
        elif message.type is not WSMsgType.PONG:
            raise Ended
    try:
        return msgspec.json.decode(message.data)
    except (ValueError, RecursionError):
        log.info("A websocket of %s is dropped: its message is not JSON.", request.remote)
        if refusal is not None:
            await refuse(socket, *refusal)
        drop(request)
        raise Ended from None


async def refuse(socket: Socket, code: int, reason: str) -> None:
    """Closes and raises Ended."""
    await close(socket, code, reason)
    raise Ended


async def close(socket: Socket, code: int, reason: str) -> None:
    """Closes with a reason, cut to what a CLOSE frame can hold."""
    text = reason.encode()[:REASON_BYTES].decode(errors="ignore").encode()
    await socket.close(code=code, message=text)


def drop(request: web.Request) -> None:
    """Breaks the connection off, without a CLOSE."""
    if request.transport is not None:
        request.transport.abort()


_OPEN = web.AppKey("open_sockets", set[Socket])


def _open_sockets(app: web.Application, context: Context) -> set[Socket]:
    """The application's open sockets. They are closed when it stops serving: clients then come back by themselves."""
    if _OPEN in app:
        return app[_OPEN]
    sockets = app[_OPEN] = set[Socket]()
    closing = set[asyncio.Task[Any]]()

    async def close_all(_: web.Application) -> None:
        await asyncio.gather(*(close(socket, RESTART, "The server restarts.") for socket in list(sockets)))

    def changed(phase: Phase, _: str) -> None:
        if phase is not Phase.READY:
            task = asyncio.get_running_loop().create_task(close_all(app))
            closing.add(task)
            task.add_done_callback(closing.discard)

    async def listen(_: web.Application) -> AsyncIterator[None]:
        stop = context.lifecycle.listen(changed)
        yield
        stop()

    app.cleanup_ctx.append(listen)
    app.on_shutdown.append(close_all)
    return sockets
