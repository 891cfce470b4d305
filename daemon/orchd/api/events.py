"""Events: clients bring them in over a websocket or by POST, ask for them, count them, and listen to them."""

from aiohttp import WSMsgType, web
from msgspec import Raw

from orchd.api._context import Call, Context
from orchd.api._decode import misfit
from orchd.api._intake import INTAKE, Ticket, add_intake, committed
from orchd.api._operation import operation
from orchd.api._sockets import INVALID_DATA, Socket, add_socket, close
from orchd.domain import event_intake
from orchd.errors import Invalid

PREFIX = "/events"


@operation("POST", "/events", status=204, role="worker", nul="keep")
async def create_events(call: Call, body: list[Raw]) -> None:
    """Takes events in. All of them are kept when the answer comes; one that is not valid refuses them all."""
    accepted = []
    for at, each in enumerate(body):
        try:
            accepted.append(event_intake.accept(each))
        except Invalid as error:
            raise misfit("value_error", ["body", at], error.message) from error
    tickets = {await call.request.app[INTAKE].add(each) for each in accepted if each is not None}
    for ticket in tickets:
        await committed(ticket, call.settings.database.timeout.total_seconds())


async def events_in(socket: Socket, request: web.Request) -> None:
    """`/events/in`: one frame is one event. A PONG says that all events before its PING are kept."""
    intake = request.app[INTAKE]
    ticket: Ticket | None = None
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            try:
                accepted = event_intake.accept(message.data)
            except Invalid as error:
                await close(socket, INVALID_DATA, error.message)
                return
            if accepted is not None:
                ticket = await intake.add(accepted)
        elif message.type is WSMsgType.PING:
            if ticket is not None:
                await committed(ticket)
            await socket.pong(message.data)


def add_routes(app: web.Application, base: str, context: Context) -> None:
    """The websockets."""
    add_intake(app, context)
    add_socket(app, base + "/events/in", context, events_in, autoping=False)
