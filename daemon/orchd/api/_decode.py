"""From bytes to structs: whatever a client sends ends in a value of its declared type, or in a 422 naming the place."""

import inspect
import re
from typing import Any

import msgspec
from aiohttp import hdrs, web

from orchd.api._operation import Operation, Query
from orchd.errors import BodyInvalid
from orchd.kit.jsontext import deeper_than, holds_nul

_PLACE = re.compile(r" - at `(?:key in )?(?P<path>.+)`$")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]|\[\.\.\.\]")
_FIELD = re.compile(r"missing required field `(\w+)`|unknown field `(\w+)`")


def misfit(kind: str, where: list[str | int], message: str) -> BodyInvalid:
    """A 422 with one entry."""
    return BodyInvalid(message, [{"type": kind, "loc": where, "msg": message, "input": None}])


def decode_body(operation: Operation, request: web.BaseRequest, data: bytes, depth: int) -> Any:
    """The body as its struct. Raises BodyInvalid; nesting deeper than `depth` is a misfit, too."""
    assert operation.body is not None
    kind = request.headers.get(hdrs.CONTENT_TYPE, "")
    null = operation.body_optional and data.strip() == b"null"  # stands for no body, as each key's null does for no key
    if not data or null or (kind and "json" not in kind):
        if operation.body_optional:
            return operation.body.decode(b"{}")
        raise misfit("missing", ["body"], "Field required")
    if not data.isascii():
        try:
            data.decode()
        except UnicodeDecodeError as error:
            raise misfit("json_invalid", ["body", error.start], "The body is not valid UTF-8") from error
    if operation.nul == "refuse" and holds_nul(data):
        raise misfit("string_nul", ["body"], "A string holds the character NUL (\\u0000), which cannot be stored")
    if deeper_than(depth, data):
        raise misfit("json_invalid", ["body"], f"The JSON is nested deeper than {depth} levels")
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
    except ValueError as error:
        raise misfit("json_invalid", [place], f"JSON decode error: {error}") from error
    except RecursionError as error:
        raise misfit("json_invalid", [place], "The JSON is nested too deeply") from error


def _split(text: str) -> tuple[str, list[str | int]]:
    """msgspec's message and the path in it; a missing field is part of its own place."""
    found = _PLACE.search(text)
    message = text[: found.start()] if found else text
    steps = _STEP.finditer(found["path"] if found else "")
    where: list[str | int] = [step[1] or (int(step[2]) if step[2] else "...") for step in steps]
    if field := _FIELD.search(message):
        where.append(field[1] or field[2])
    return message, where


def path_text(name: str, value: str) -> str:
    """A text from the path. Raises BodyInvalid when no stored text can equal it."""
    if not _storable(value):
        raise misfit("value_error", ["path", name], "The text holds a character that cannot be stored")
    return value


def decode_query(query: Query, request: web.Request) -> Any:
    """A parameter of the query string. Raises BodyInvalid."""
    values = request.query.getall(query.name, [])
    if not values:
        if query.default is inspect.Parameter.empty:
            raise misfit("missing", ["query", query.name], "Field required")
        return query.default
    if not _storable(values[-1]):
        raise misfit("value_error", ["query", query.name], "The text holds a character that cannot be stored")
    try:
        return msgspec.convert(values[-1], query.type, strict=False)
    except ValueError as error:
        raise misfit("value_error", ["query", query.name], str(error)) from error


def _storable(text: str) -> bool:
    """NUL and halves of surrogate pairs are no text for a database."""
    return text.isprintable() or ("\0" not in text and not any("\ud800" <= each <= "\udfff" for each in text))
