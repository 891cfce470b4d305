"""What lies outside of /api: the first page, the API's reference, and what a user interface asks before it starts."""

from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from orchd.api._answer import bytes_response, encode, failure, json_response, unforeseen
from orchd.api._context import Context
from orchd.api._docs_page import docs_page
from orchd.api._gate import MAINTENANCE_RETRY, authorize
from orchd.api._html import html_response
from orchd.api._index_page import index_page, public_url
from orchd.api._openapi import document
from orchd.api._operation import Operation
from orchd.errors import Unauthorized

Handle = Callable[[web.Request], Awaitable[web.Response]]

CHALLENGE = {"WWW-Authenticate": 'Basic realm="orchd", charset="UTF-8"'}
UI_SETTINGS = {
    "csrf_enabled": False,
    "flags": [],
    "default_ui": "v2",
    "available_uis": ["v1", "v2"],
    "v1_base_url": "/",
    "v2_base_url": "/v2",
}
"""What the client's own user interfaces want to know beside the address of the API and the kind of login."""


def add_routes(app: web.Application, base: str, context: Context, operations: Sequence[Operation]) -> None:
    """The document is there for programs in any case, the pages as long as `ui.enabled` says so."""
    reference = Reference(operations, base)

    async def openapi(request: web.Request) -> web.Response:
        return bytes_response(request, 200, reference.document(), "application/json")

    async def docs(request: web.Request) -> web.Response:
        return html_response(request, 200, reference.page())

    async def index(request: web.Request) -> web.Response:
        status, data = await index_page(context, request)
        again = {"Retry-After": f"{MAINTENANCE_RETRY:g}"} if status == 503 else {}
        return html_response(request, status, data, {"Cache-Control": "no-store", **again})

    async def ui_settings(request: web.Request) -> web.Response:
        auth = "BASIC" if context.settings.auth.auth_string else None
        told = {"api_url": f"{public_url(context, request)}/api", "auth": auth, **UI_SETTINGS}
        return json_response(request, 200, told)

    for path in ("/openapi.json", "/api/openapi.json"):
        app.router.add_get(base + path, _guarded(context, openapi))
    if context.settings.ui.enabled:
        for path in ("/docs", "/api/docs"):
            app.router.add_get(base + path, _guarded(context, docs))
        app.router.add_get(base + "/", _guarded(context, index))
        app.router.add_get(base + "/ui-settings", ui_settings)


class Reference:
    """The document and its page, each made when it is first asked for."""

    def __init__(self, operations: Sequence[Operation], base: str) -> None:
        self._operations, self._base = operations, base
        self._document = self._page = b""

    def document(self) -> bytes:
        self._document = self._document or encode(document(self._operations, self._base + "/api"))
        return self._document

    def page(self) -> bytes:
        self._page = self._page or docs_page(document(self._operations, self._base + "/api"), self._base)
        return self._page


def _guarded(context: Context, make: Handle) -> Handle:
    """As for operations, but a browser is asked for the password."""

    async def handle(request: web.Request) -> web.Response:
        context.under_way += 1
        try:
            authorize(context, request)
            return await make(request)
        except Unauthorized as error:
            refusal = failure(request, error)
            refusal.headers.update(CHALLENGE)
            return refusal
        except Exception:
            return unforeseen(request)
        finally:
            context.under_way -= 1

    return handle
