"""What holds for every request: the caller is known, the version is one we speak, the daemon serves."""

import base64
import hmac
import re

from aiohttp import hdrs, web

from orchd.api._context import Context
from orchd.errors import BadRequest, Unauthorized, Unavailable

OLDEST_API = (0, 8, 0)
_API_VERSION = re.compile(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})", re.ASCII)
MAINTENANCE_RETRY = 2.0  # seconds that a client is asked to wait while the daemon is in maintenance


def gate(context: Context, request: web.BaseRequest, *, public: bool) -> None:
    """Lets a request through, or raises Unauthorized, BadRequest or Unavailable."""
    if not public:
        authorize(context, request)
        version = request.headers.get("X-PREFECT-API-VERSION")
        if version:
            _check_version(version)
    if not context.lifecycle.serving:
        raise Unavailable(context.lifecycle.reason, MAINTENANCE_RETRY, maintenance=True)


def authorize(context: Context, request: web.BaseRequest) -> None:
    """Raises Unauthorized unless the request brings what `auth.auth_string` asks for."""
    expected = context.settings.auth.auth_string
    if not expected:
        return
    wanted = b"Basic " + base64.b64encode(expected.encode())
    given = request.headers.get(hdrs.AUTHORIZATION, "").encode(errors="surrogateescape")
    if not hmac.compare_digest(given, wanted):
        raise Unauthorized("Unauthorized")


def _check_version(version: str) -> None:
    found = _API_VERSION.fullmatch(version)
    if not found:
        raise BadRequest(f"Invalid X-PREFECT-API-VERSION header {version[:40]!r}: three integers are expected.")
    if tuple(map(int, found.groups())) < OLDEST_API:
        raise BadRequest(f"API version {version} is too old for this server; 0.8.0 is the oldest.")
