"""Where no operation is: a browser's preflight, another method, the other spelling of the slash, or nothing at all."""

import re
from collections.abc import Awaitable, Callable, Iterable

from aiohttp import hdrs, web

from orchd.api._answer import failure, json_response
from orchd.api._context import Context
from orchd.api._gate import gate
from orchd.errors import OrchdError

Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]

PREFLIGHT_AGE = 600  # seconds for which a browser may remember the answer
_PLACE = re.compile(r"{\w+(?::((?:[^{}]|{\d+})+))?}")


def fallback(context: Context, base: str, routes: Iterable[tuple[str, str]]) -> Handle:
    """The handler of everything else, given what there is below `base`."""
    methods: dict[str, list[str]] = {}
    for method, route in routes:
        methods.setdefault(route, []).append(method)
    patterns = [(_pattern(route), found) for route, found in methods.items()]

    def allowed_at(path: str) -> list[str]:
        return sorted({method for pattern, found in patterns if pattern.fullmatch(path) for method in found})

    async def handle(request: web.Request) -> web.StreamResponse:
        if is_preflight(request):
            return preflight(request)
        path, query = request.rel_url.raw_path, request.rel_url.raw_query_string
        try:
            if path.startswith(base + "/"):
                gate(context, request, public=False)
        except OrchdError as error:
            return failure(request, error)
        if allowed := allowed_at(path):
            return json_response(request, 405, {"detail": "Method Not Allowed"}, {hdrs.ALLOW: ", ".join(allowed)})
        other = path[:-1] if path.endswith("/") else path + "/"
        if allowed_at(other):
            return web.Response(status=307, headers={hdrs.LOCATION: f"{other}?{query}" if query else other})
        return json_response(request, 404, {"detail": "Not Found"})

    return handle


def is_preflight(request: web.BaseRequest) -> bool:
    """Whether a browser asks what a page of another site may send."""
    asked = request.headers
    return request.method == "OPTIONS" and hdrs.ORIGIN in asked and hdrs.ACCESS_CONTROL_REQUEST_METHOD in asked


def preflight(request: web.BaseRequest) -> web.Response:
    """Everything may be sent: credentials are never a browser's own here, they are part of what a page sends."""
    headers = {
        hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: "*",
        hdrs.ACCESS_CONTROL_ALLOW_METHODS: "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT",
        hdrs.ACCESS_CONTROL_MAX_AGE: str(PREFLIGHT_AGE),
    }
    if asked := request.headers.get(hdrs.ACCESS_CONTROL_REQUEST_HEADERS):
        headers[hdrs.ACCESS_CONTROL_ALLOW_HEADERS] = asked
    return web.Response(text="OK", headers=headers)


def _pattern(route: str) -> re.Pattern[str]:
    """A route of aiohttp's as a regular expression over the raw path."""
    parts = _PLACE.split(route)
    literal = [re.escape(part or "") for part in parts[::2]]
    places = [part or "[^/]+" for part in parts[1::2]]
    return re.compile("".join(text + place for text, place in zip(literal, [*places, ""], strict=True)))
