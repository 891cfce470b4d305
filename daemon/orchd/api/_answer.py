"""Answers and errors as they go out. The one table from meanings to statuses is here."""

import logging
from typing import Any
from uuid import uuid4

import msgspec
from aiohttp import hdrs, web
from isal import igzip

from orchd.api._context import Reply
from orchd.api._operation import NotBuilt
from orchd.errors import (
    BadRequest,
    BodyInvalid,
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    Locked,
    NotFound,
    ObjectMissing,
    OrchdError,
    Unauthorized,
    Unavailable,
)

log = logging.getLogger(__name__)

COMPRESS_ABOVE = 1000  # bytes; below it the headers cost more than is saved
COMPRESSION_LEVEL = 1

STATUSES: dict[type[OrchdError], int] = {
    BadRequest: 400,
    Unauthorized: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Gone: 410,
    Invalid: 422,
    BodyInvalid: 422,
    Locked: 423,
    NotBuilt: 501,
    Unavailable: 503,
}

encode = msgspec.json.Encoder().encode


def json_response(
    request: web.BaseRequest, status: int, body: Any, headers: dict[str, str] | None = None
) -> web.Response:
    """An answer in JSON, compressed when it is large and the client takes gzip."""
    return bytes_response(request, status, encode(body), "application/json", headers)


def bytes_response(
    request: web.BaseRequest, status: int, data: bytes, content_type: str, headers: dict[str, str] | None = None
) -> web.Response:
    """An answer of given bytes, compressed likewise."""
    sent = _headers(request, headers)
    sent[hdrs.CONTENT_TYPE] = content_type
    if len(data) > COMPRESS_ABOVE and _takes_gzip(request.headers.get(hdrs.ACCEPT_ENCODING, "")):
        data = igzip.compress(data, COMPRESSION_LEVEL)
        sent[hdrs.CONTENT_ENCODING] = "gzip"
        sent[hdrs.VARY] = hdrs.ACCEPT_ENCODING
    return web.Response(status=status, body=data, headers=sent)


def empty_response(request: web.BaseRequest, status: int, headers: dict[str, str] | None = None) -> web.Response:
    """An answer without a body."""
    return web.Response(status=status, headers=_headers(request, headers))


def _headers(request: web.BaseRequest, headers: dict[str, str] | None) -> dict[str, str]:
    """With what a browser needs to hand an answer to a page of another site, and no versions in the server's name."""
    sent = {hdrs.SERVER: "orchd", **(headers or {})}
    if hdrs.ORIGIN in request.headers:
        sent[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = "*"
    return sent


def _takes_gzip(accepted: str) -> bool:
    """Whether a client asks for gzip: `gzip;q=0` says that it must not come."""
    if ";" not in accepted:
        return "gzip" in accepted
    for each in accepted.lower().replace(" ", "").split(","):
        coding, _, weight = each.partition(";q=")
        if coding == "gzip":
            return not weight or weight.strip("0.") != ""
    return False


def success(request: web.BaseRequest, usual_status: int, result: Any) -> web.StreamResponse:
    """The answer for what an operation returned."""
    if isinstance(result, web.StreamResponse):
        return result
    if not isinstance(result, Reply):
        if usual_status == 204:
            return empty_response(request, 204)
        return json_response(request, usual_status, result)
    status = result.status or usual_status
    if status == 204:
        return empty_response(request, 204, result.headers)
    if result.content_type == "application/json":
        return json_response(request, status, result.body, result.headers)
    data = result.body if isinstance(result.body, bytes) else str(result.body).encode()
    return bytes_response(request, status, data, result.content_type, result.headers)


def failure(request: web.BaseRequest, error: OrchdError, body: bytes | None = None) -> web.Response:
    """The answer for an error, in the shape that clients read."""
    status = next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 500)
    headers: dict[str, str] = {}
    answer: dict[str, Any] = {"detail": error.message}
    if isinstance(error, BodyInvalid):
        answer = {
            "exception_message": "Invalid request received.",
            "exception_detail": error.details,
            "request_body": _echo(body),
        }
    elif isinstance(error, Unauthorized | ObjectMissing):
        answer = {"exception_message": error.message}
    elif isinstance(error, Locked) and error.retry_after is not None:
        headers["Retry-After"] = f"{error.retry_after:.4f}"
    elif isinstance(error, Unavailable):
        answer = {"exception_message": "Service Unavailable", "detail": error.message}
        headers["Retry-After"] = f"{error.retry_after:g}"
        if error.maintenance:
            headers["Prefect-Maintenance"] = "true"
    return json_response(request, status, answer, headers)


def unforeseen(request: web.BaseRequest) -> web.Response:
    """A 500: the client gets a number, the log gets the rest."""
    number = uuid4().hex[:12]
    log.exception("Request %s failed: %s %s", number, request.method, request.path, extra={"request_id": number})
    return json_response(
        request, 500, {"exception_message": "Internal Server Error", "request_id": number}, {"X-Request-Id": number}
    )


def _echo(body: bytes | None) -> Any:
    """The refused body, parsed where it can be; a large one is not sent back."""
    if not body or len(body) > 100_000:
        return None
    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")
