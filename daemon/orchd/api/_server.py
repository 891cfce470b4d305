"""The HTTP application: every operation behind the same gate, and what happens where no operation is."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from orchd.api import _modules
from orchd.api._answer import failure, json_response, success, unforeseen
from orchd.api._catalogue import Known, unbuilt
from orchd.api._context import Call, Context
from orchd.api._decode import decode_body, decode_query, path_text
from orchd.api._fallback import fallback
from orchd.api._gate import gate
from orchd.api._operation import NotBuilt, Operation, operations_of
from orchd.errors import OrchdError

Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]


def all_operations() -> list[Operation]:
    """Every operation that is built."""
    return [each for module in _modules.OPERATIONS for each in operations_of(module)]


def application(context: Context) -> web.Application:
    """The aiohttp application that serves the API below `server.base_path`, and the pages."""
    logging.getLogger("aiohttp.server").addFilter(_BLAMELESS)
    app = web.Application(client_max_size=context.settings.server.limits.body)
    root = context.settings.server.base_path.rstrip("/")
    base = root + "/api"
    operations = all_operations()
    routes = [(each.method, base + each.route, _handler(context, each)) for each in operations]
    routes += [(each.method, base + each.route, _unbuilt(context, each)) for each in unbuilt(operations)]
    for route in routes:
        app.router.add_route(*route)
    for module in _modules.SOCKETS:
        module.add_routes(app, base, context)
    for module in _modules.PAGES:
        module.add_routes(app, root, context, operations)
    app.on_response_prepare.append(_end_what_was_not_unpacked)
    app.router.add_route("*", "/{tail:.*}", fallback(context, base, [(method, path) for method, path, _ in routes]))
    return app


async def _end_what_was_not_unpacked(request: web.Request, response: web.StreamResponse) -> None:
    """A compressed body that nobody read may be none, and aiohttp hangs up then: the client is told beforehand."""
    if hdrs.CONTENT_ENCODING in request.headers and not request.content.at_eof():
        response.force_close()
        response.headers[hdrs.CONNECTION] = "close"


class _Blameless(logging.Filter):
    """Keeps out of the log what a scanner or a broken client provokes in aiohttp: they have their answer, a 400."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError | web.RequestPayloadError))


_BLAMELESS = _Blameless()


def _handler(context: Context, operation: Operation) -> Handle:
    """The aiohttp handler of one operation."""
    public = operation.role == "public"
    uuids = [name for name, kind in operation.path_types.items() if kind is UUID]
    texts = [name for name in operation.path_types if name not in uuids]
    limits = context.settings.server.limits

    async def handle(request: web.Request) -> web.StreamResponse:
        data: bytes | None = None
        context.under_way += 1
        try:
            gate(context, request, public=public)
            arguments: dict[str, Any] = {name: UUID(request.match_info[name]) for name in uuids}
            for name in texts:
                arguments[name] = path_text(name, request.match_info[name])
            for query in operation.query:
                arguments[query.name] = decode_query(query, request)
            if operation.body is not None:
                if (request.content_length or 0) > limits.body:  # said beforehand: none of it is read
                    return _too_large(request)
                data = await request.read()
                arguments["body"] = decode_body(operation, request, data, limits.json_depth)
            result = await operation.handler(Call(context, request), **arguments)
            return success(request, operation.status, result)
        except OrchdError as error:
            return failure(request, error, data)
        except web.HTTPRequestEntityTooLarge:
            return _too_large(request)
        except (web.RequestPayloadError, HttpProcessingError) as error:
            return _unreadable(request, error)
        except (asyncio.CancelledError, ConnectionError):
            raise
        except Exception:
            return unforeseen(request)
        finally:
            context.under_way -= 1

    return handle


def _too_large(request: web.BaseRequest) -> web.Response:
    return json_response(request, 413, {"detail": "The body is larger than server.limits.body allows."})


def _unreadable(request: web.BaseRequest, error: Exception) -> web.Response:
    """Where the next request begins cannot be known: the connection ends with this answer."""
    answer = json_response(request, 400, {"detail": f"The body cannot be read: {error}"})
    answer.force_close()
    return answer


def _unbuilt(context: Context, known: Known) -> Handle:
    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            gate(context, request, public=False)
            raise NotBuilt(
                f"{known.method} {known.path} is part of the API, but this version of orchd does not carry it out yet."
            )
        except OrchdError as error:
            return failure(request, error)

    return handle
