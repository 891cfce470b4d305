"""What all websockets share: who may open one, how it is greeted, and how it ends."""

import hmac
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import WSMsgType, web

from orchd.api._answer import failure, json_response
from orchd.api._context import Context
from orchd.domain.lifecycle import Phase
from orchd.errors import Unavailable

log = logging.getLogger(__name__)

PROTOCOL = "prefect"
PING_EVERY = 20.0  # seconds between two PINGs; a peer that is silent after one is gone
CLOSE_WITHIN = 2.0  # seconds that a client has to answer a CLOSE
REASON_BYTES = 123  # of a CLOSE frame, at most

PROTOCOL_ERROR = 1002
INVALID_DATA = 1007
REFUSED = 1008
RESTART = 1012

Serve = Callable[[web.WebSocketResponse, web.Request], Awaitable[None]]


class Ended(Exception):
    """The client has gone, or has been sent away."""


def add_socket(app: web.Application, path: str, context: Context, serve: Serve, *, autoping: bool = True) -> None:
    """Serves websockets at a path: `serve` is called for each that has introduced itself.

    Without `autoping`, `serve` answers PINGs itself.
    """
    open_now: set[web.WebSocketResponse] = set()

    async def handle(request: web.Request) -> web.StreamResponse:
        if not context.lifecycle.serving or context.lifecycle.phase is Phase.DRAINING:
            return failure(request, Unavailable(context.lifecycle.reason, maintenance=True))
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return json_response(request, 404, {"detail": "Not Found"})
        offered = request.headers.get("Sec-WebSocket-Protocol", "")
        greets = PROTOCOL in (each.strip() for each in offered.split(","))
        if not greets and context.settings.auth.auth_string:
            return json_response(request, 403, {"detail": "The sub-protocol 'prefect' is needed to authenticate."})
        socket = web.WebSocketResponse(
            timeout=CLOSE_WITHIN,
            heartbeat=PING_EVERY,
            autoping=autoping,
            protocols=(PROTOCOL,),
            compress=False,  # one encoded frame is sent to every listener as it is
            max_msg_size=context.settings.server.limits.websocket_message,
        )
        await socket.prepare(request)
        open_now.add(socket)
        try:
            if greets:
                await _greet(socket, request, context.settings.auth.auth_string)
            await serve(socket, request)
        except (Ended, ConnectionError):
            pass
        finally:
            open_now.discard(socket)
        return socket

    async def send_away(_: web.Application) -> None:
        for socket in list(open_now):
            await close(socket, RESTART, "The server restarts.")

    app.router.add_get(path, handle)
    app.on_shutdown.append(send_away)
    _send_away_when_not_serving(app, context, send_away)


def _send_away_when_not_serving(
    app: web.Application, context: Context, send_away: Callable[[web.Application], Awaitable[None]]
) -> None:
    """Clients come back by themselves, and are answered 503 until there is a server again."""

    async def watch(app: web.Application) -> Any:
        tasks: set[asyncio.Task[None]] = set()

        def changed(phase: Phase, _: str) -> None:
            if phase is not Phase.READY:
                task = asyncio.ensure_future(send_away(app))
                tasks.add(task)
                task.add_done_callback(tasks.discard)

        stop = context.lifecycle.listen(changed)
        yield
        stop()

    app.cleanup_ctx.append(watch)
