"""Log lines of flow runs and task runs: written, read, and listened to."""

from functools import partial

from aiohttp import web

from orchd.api._context import Call, Context
from orchd.api._feed import Feed, Listener
from orchd.api._following import cut_off, follow, receive_filter, send_live
from orchd.api._operation import operation
from orchd.api._sockets import Socket, add_socket
from orchd.domain import log_matching, logs
from orchd.domain.log_matching import SeenLog
from orchd.queries import logs as query
from orchd.queries.tails import LOGS
from orchd.wire.logs import Log, LogCreate, LogFilter, LogList, LogSort

PREFIX = "/logs"


@operation("POST", "/logs/", role="worker", status=201, nul="keep")
async def create_logs(call: Call, body: list[LogCreate]) -> None:
    """Keeps lines that runs have logged."""
    await call.db.write(logs.write, body, call.now)


@operation("POST", "/logs/filter", role="viewer")
async def read_logs(call: Call, body: LogList) -> list[Log]:
    """The lines that match."""
    limit, sort = call.limit(body.limit), body.sort or LogSort.TIMESTAMP_ASC
    return await call.db.read(query.page, body.logs, sort, limit, body.offset or 0)


async def logs_out(context: Context, feed: Feed[SeenLog], socket: Socket, request: web.Request) -> None:
    """`/logs/out`: the lines that match, from now on."""
    asked, _ = await receive_filter(socket, request, LogFilter)
    buffer = context.settings.services.event_delivery.subscriber_buffer
    listener = Listener(log_matching.matcher(asked), buffer, partial(cut_off, request))

    async def send() -> None:
        await feed.join(listener)
        await send_live(socket, listener)

    try:
        await follow(socket, request, send)
    finally:
        feed.leave(listener)


def add_routes(app: web.Application, base: str, context: Context) -> None:
    """The websocket."""
    feed = Feed(context, logs.SIGNAL, LOGS, lambda row: SeenLog(Log(*row)))
    add_socket(app, base + "/logs/out", context, partial(logs_out, context, feed))
