"""From bytes to structs. Whatever a client sends ends in a value of the declared type or in a 422 that names the place."""

import inspect
import re
from typing import Any

import msgspec
from aiohttp import web

from orchd.api._operation import Operation, Query
from orchd.errors import BodyInvalid

_PLACE = re.compile(r" - at `(?P<path>.+)`$")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]|\[\.\.\.\]")
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def misfit(kind: str, where: list[str | int], message: str) -> BodyInvalid:
    """A 422 with one entry."""
    return BodyInvalid(message, [{"type": kind, "loc": where, "msg": message, "input": None}])


def decode_body(operation: Operation, request: web.BaseRequest, data: bytes) -> Any:
    """The body as its struct. Raises BodyInvalid."""
    assert operation.body is not None
    kind = request.headers.get("Content-Type", "")
    parsed = not kind or "json" in kind
    if not data or not parsed:
        if operation.body_optional:
            return operation.body.decode(b"{}")
        raise misfit("missing", ["body"], "Field required")
    if not data.isascii():
        try:
            data.decode()
        except UnicodeDecodeError as error:
            raise misfit("json_invalid", ["body", error.start], "The body is not valid UTF-8") from error
    if operation.nul == "refuse" and _NUL.search(data):
        raise misfit("string_nul", ["body"], "A string holds the character NUL (\\u0000), which cannot be stored")
    return decode(operation.body, data, "body")


def decode(decoder: msgspec.json.Decoder[Any], data: bytes | str, place: str) -> Any:
    """Decodes and turns every kind of misfit into BodyInvalid."""
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        message, where = _split(str(error))
        kind = "missing" if "missing required field" in message else "value_error"
        if "unknown field" in message:
            kind = "extra_forbidden"
        raise misfit(kind, [place, *where], message) from error
    except msgspec.DecodeError as error:
        raise misfit("json_invalid", [place], f"JSON decode error: {error}") from error
    except RecursionError as error:
        raise misfit("json_invalid", [place], "The JSON is nested too deeply") from error


def _split(text: str) -> tuple[str, list[str | int]]:
    """msgspec's message and the path in it; a missing field is part of its own place."""
    found = _PLACE.search(text)
    message = text[: found.start()] if found else text
    where: list[str | int] = []
    for step in _STEP.finditer(found["path"] if found else ""):
        where.append(step[1] if step[1] else int(step[2]) if step[2] else "...")
    missing = re.search(r"missing required field `(\w+)`|unknown field `(\w+)`", message)
    if missing:
        where.append(missing[1] or missing[2])
    return message, where


def decode_query(query: Query, request: web.Request) -> Any:
    """A parameter of the query string. Raises BodyInvalid."""
    values = request.query.getall(query.name, [])
    if not values:
        if query.default is inspect.Parameter.empty:
            raise misfit("missing", ["query", query.name], "Field required")
        return query.default
    try:
        return msgspec.convert(values[-1], query.type, strict=False)
    except msgspec.ValidationError as error:
        raise misfit("value_error", ["query", query.name], str(error)) from error
