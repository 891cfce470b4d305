"""The HTTP application: every operation behind the same gate, and what happens where no operation is."""

import asyncio
import base64
import hmac
import logging
import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from uuid import UUID, uuid4

from aiohttp import web

from orchd.api import _modules
from orchd.api._answer import failure, json_response, success
from orchd.api._context import Call, Context
from orchd.api._decode import decode_body, decode_query
from orchd.api._operation import UUID_TEXT, NotBuilt, Operation, operations_of
from orchd.errors import BadRequest, OrchdError, Unauthorized, Unavailable

log = logging.getLogger(__name__)

Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]

OLDEST_API = (0, 8, 0)
_API_VERSION = re.compile(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})", re.ASCII)
MAINTENANCE_RETRY = 2.0  # seconds that a client is asked to wait while the daemon is in maintenance


def all_operations() -> list[Operation]:
    """Every operation that is built."""
    return [each for module in _modules.OPERATIONS for each in operations_of(module)]


def application(context: Context) -> web.Application:
    """The aiohttp application that serves the API below `server.base_path`, and the pages."""
    app = web.Application(client_max_size=context.settings.server.limits.body)
    base = context.settings.server.base_path.rstrip("/") + "/api"
    operations = all_operations()
    routes = [(each.method, base + each.route) for each in operations]
    for each in operations:
        app.router.add_route(each.method, base + each.route, _handler(context, each))
    for method, path in _modules.UNBUILT:
        routes.append((method, base + _uuid_places(path)))
        app.router.add_route(*routes[-1], _unbuilt(context, method, path))
    for module in _modules.SOCKETS:
        module.add_routes(app, base, context)
    for module in _modules.PAGES:
        module.add_routes(app, context.settings.server.base_path.rstrip("/"), context, operations)
    app.router.add_route("*", "/{tail:.*}", _fallback(routes))
    return app


def gate(context: Context, request: web.BaseRequest, *, public: bool) -> None:
    """What holds for every request: the daemon serves, the caller is known, the version is one we speak."""
    if not context.lifecycle.serving:
        raise Unavailable(context.lifecycle.reason, MAINTENANCE_RETRY, maintenance=True)
    if public:
        return
    expected = context.settings.auth.auth_string
    if expected and not _authorized(request.headers.get("Authorization", ""), expected):
        raise Unauthorized("Unauthorized")
    version = request.headers.get("X-PREFECT-API-VERSION")
    if version:
        _check_version(version)


def _authorized(header: str, expected: str) -> bool:
    wanted = "Basic " + base64.b64encode(expected.encode()).decode()
    return hmac.compare_digest(header.encode(), wanted.encode())


def _check_version(version: str) -> None:
    found = _API_VERSION.fullmatch(version)
    if not found:
        raise BadRequest(f"Invalid X-PREFECT-API-VERSION header {version[:40]!r}: three integers are expected.")
    if tuple(map(int, found.groups())) < OLDEST_API:
        raise BadRequest(f"API version {version} is too old for this server; 0.8.0 is the oldest.")


def _handler(context: Context, operation: Operation) -> Handle:
    """The aiohttp handler of one operation."""
    public = operation.role == "public"
    uuids = [name for name, kind in operation.path_types.items() if kind is UUID]
    texts = [name for name in operation.path_types if name not in uuids]

    async def handle(request: web.Request) -> web.StreamResponse:
        data: bytes | None = None
        context.under_way += 1
        try:
            gate(context, request, public=public)
            arguments: dict[str, Any] = {name: UUID(request.match_info[name]) for name in uuids}
            for name in texts:
                arguments[name] = request.match_info[name]
            for query in operation.query:
                arguments[query.name] = decode_query(query, request)
            if operation.body is not None:
                data = await request.read()
                arguments["body"] = decode_body(operation, request, data)
            result = await operation.handler(Call(context, request), **arguments)
            return success(request, operation.status, result)
        except OrchdError as error:
            return failure(request, error, data)
        except web.HTTPException as error:
            return _http_error(request, error)
        except (asyncio.CancelledError, ConnectionError):
            raise
        except Exception:
            return _unforeseen(request)
        finally:
            context.under_way -= 1

    return handle


def _unforeseen(request: web.BaseRequest) -> web.Response:
    """A 500: the client gets a number, the log gets the rest."""
    number = uuid4().hex[:12]
    log.exception("Request %s failed: %s %s", number, request.method, request.path, extra={"request_id": number})
    return json_response(
        request, 500, {"exception_message": "Internal Server Error", "request_id": number}, {"X-Request-Id": number}
    )


def _http_error(request: web.BaseRequest, error: web.HTTPException) -> web.Response:
    detail = error.reason
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        detail = "The body is larger than server.limits.body allows."
    return json_response(request, error.status, {"detail": detail})


def _unbuilt(context: Context, method: str, path: str) -> Handle:
    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            gate(context, request, public=False)
            raise NotBuilt(f"{method} {path} is part of the API, but this version of orchd does not carry it out yet.")
        except OrchdError as error:
            return failure(request, error)

    return handle


def _uuid_places(path: str) -> str:
    return re.sub(r"{(id|\w+_id)}", lambda found: f"{{{found[1]}:{UUID_TEXT}}}", path)


def _fallback(routes: Iterable[tuple[str, str]]) -> Handle:
    """No operation at this path: the other spelling of the slash, another method, or nothing at all."""
    methods: dict[str, set[str]] = {}
    for method, route in routes:
        methods.setdefault(route, set()).add(method)
    patterns = [(re.compile(_pattern(route)), sorted(found)) for route, found in methods.items()]

    def allowed_at(path: str) -> list[str]:
        return [method for pattern, found in patterns if pattern.fullmatch(path) for method in found]

    async def handle(request: web.Request) -> web.StreamResponse:
        path, query = request.rel_url.raw_path, request.rel_url.raw_query_string
        if allowed := allowed_at(path):
            return json_response(request, 405, {"detail": "Method Not Allowed"}, {"Allow": ", ".join(allowed)})
        other = path[:-1] if path.endswith("/") else path + "/"
        if other and allowed_at(other):
            return web.Response(status=307, headers={"Location": f"{other}?{query}" if query else other})
        return json_response(request, 404, {"detail": "Not Found"})

    return handle


def _pattern(route: str) -> str:
    """A route of aiohttp's as a regular expression over the raw path."""
    parts = re.split(r"{\w+(?::((?:[^{}]|{\d+})+))?}", route)
    literal = [re.escape(part or "") for part in parts[::2]]
    places = [part or "[^/]+" for part in parts[1::2]]
    return "".join(text + place for text, place in zip(literal, [*places, ""], strict=True))
