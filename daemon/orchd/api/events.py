"""Events: clients bring them in over a websocket or by POST, ask for them, count them, and listen to them."""

from datetime import timedelta
from functools import partial
from typing import cast, get_args

from aiohttp import WSMsgType, web
from msgspec import Raw

from orchd.api._context import Call, Context
from orchd.api._decode import misfit
from orchd.api._feed import Feed, Listener
from orchd.api._following import Sent, cut_off, follow, receive_filter, send_live
from orchd.api._intake import INTAKE, Ticket, add_intake, committed
from orchd.api._links import api_base
from orchd.api._operation import operation
from orchd.api._sockets import INVALID_DATA, Socket, add_socket, close
from orchd.domain import event_intake, event_lists, event_matching
from orchd.domain.event_lists import SECONDS, Countable
from orchd.domain.event_matching import SeenEvent
from orchd.domain.events import SIGNAL
from orchd.errors import Invalid
from orchd.kit.clock import utc_now
from orchd.queries import events as query
from orchd.queries.tails import EVENTS
from orchd.wire.event_filters import PAGE, EventCount, EventCounts, EventFilter, EventList, EventPage, TimeUnit

PREFIX = "/events"

BACKFILL_PAGE = 250


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


@operation("POST", "/events/filter", role="viewer")
async def read_events(call: Call, body: EventList) -> EventPage:
    """The first page of the events that match, and the link to the next one."""
    limit = PAGE if body.limit is None else body.limit
    return _page(call, await call.db.read(event_lists.first_page, body.filter or EventFilter(), limit, call.now))


@operation("GET", "/events/filter/next", role="viewer")
async def read_next_events(call: Call) -> EventPage:
    """The page that `page-token` stands for: follow the link in `next_page`."""
    token = call.request.query.get("page-token")
    if token is None:
        raise misfit("missing", ["query", "page-token"], "Field required")
    return _page(call, await call.db.read(event_lists.next_page, event_lists.read_token(token), call.now))


def _page(call: Call, page: event_lists.Page) -> EventPage:
    found, total, token = page
    link = f"{api_base(call)}/events/filter/next?page-token={token}" if token else None
    return EventPage(events=found, total=total, next_page=link)


@operation("POST", "/events/count-by/{countable}", role="viewer")
async def count_events(call: Call, countable: str, body: EventCounts) -> list[EventCount]:
    """How many events match: by `day` or `time` (in steps), by `event` (name) or by `resource`."""
    if countable not in get_args(Countable):
        raise misfit("enum", ["path", "countable"], f"Input should be one of {', '.join(get_args(Countable))}")
    step = timedelta(seconds=SECONDS[body.time_unit or TimeUnit.DAY] * (body.time_interval or 1))
    return await call.db.read(event_lists.count_by, cast("Countable", countable), body.filter, step, call.now)


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


async def events_out(context: Context, feed: Feed[SeenEvent], socket: Socket, request: web.Request) -> None:
    """`/events/out`: what was told lately and matches the filter, then what is told from now on."""
    asked, backfill = await receive_filter(socket, request, EventFilter)
    delivery = context.settings.services.event_delivery
    since, until = event_lists.live_period(asked, utc_now(), delivery.backfill)
    wants = event_matching.matcher(asked, since, until)
    listener = Listener(wants, delivery.subscriber_buffer, partial(cut_off, request))

    async def send() -> None:
        await feed.join(listener)  # first, so that nothing falls between the past and the present
        sent, place, more = Sent(), None, backfill
        while more:
            page, place = await context.db.read(query.told_since, asked, since, until, place, BACKFILL_PAGE)
            for event in page:
                await socket.send_frame(SeenEvent(event).frame, WSMsgType.TEXT)
                sent.add(event.id)
            more = len(page) == BACKFILL_PAGE
        await send_live(socket, listener, sent)

    try:
        await follow(socket, request, send)
    finally:
        feed.leave(listener)


def add_routes(app: web.Application, base: str, context: Context) -> None:
    """The websockets."""
    feed = Feed(context, SIGNAL, EVENTS, lambda row: SeenEvent(query.from_row(row)))
    add_intake(app, context)
    add_socket(app, base + "/events/in", context, events_in, autoping=False)
    add_socket(app, base + "/events/out", context, partial(events_out, context, feed))
