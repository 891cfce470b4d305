"""The OpenAPI 3.1 document, made from the declarations of the operations: nothing about the API is written twice."""

import inspect
import re
from collections.abc import Sequence
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin
from uuid import UUID

import msgspec
from aiohttp.web import StreamResponse

from orchd import __version__
from orchd.api._catalogue import Known, known_operations, same_place, unbuilt
from orchd.api._context import Reply
from orchd.api._operation import Operation
from orchd.api._schemas import Json, Schemas

_PLACE = re.compile(r"{(\w+)}")


class Problem(msgspec.Struct):
    """What went wrong, as a sentence."""

    detail: str


class Failure(msgspec.Struct):
    """What went wrong, in the other shape that clients know."""

    exception_message: str


class Misfit(msgspec.Struct):
    """One place of a request that does not fit its type. `loc` begins with body, query or path."""

    type: str
    loc: list[str | int]
    msg: str
    input: Any


class Refusal(msgspec.Struct):
    """Every misfit of a request, with its body where that is not too large to be sent back."""

    exception_message: str
    exception_detail: list[Misfit]
    request_body: Any


class Unserved(msgspec.Struct):
    """Why the daemon does not serve this now. Nothing was changed."""

    exception_message: str
    detail: str


_ERRORS: dict[str, tuple[str, tuple[type, ...]]] = {
    "400": ("A header is wrong, or the request cannot be carried out as asked.", (Problem,)),
    "401": ("No credentials, or wrong ones.", (Failure,)),
    "404": ("There is no such object.", (Problem, Failure)),
    "409": ("The object exists already, or its present state forbids this.", (Problem,)),
    "422": ("The request does not fit its type, or a value in it is not allowed.", (Refusal, Problem)),
    "501": ("The operation is part of the API, but not carried out yet.", (Problem,)),
    "503": ("The daemon is in maintenance, or its database does not answer: ask again.", (Unserved,)),
}


def document(operations: Sequence[Operation], base: str) -> Json:
    """The whole document. `base` is the path below which the operations are."""
    schemas = Schemas(_types(operations))
    promised = {same_place(each.method, each.path): each.status for each in known_operations()}
    paths: dict[str, Json] = {}
    for each in operations:
        status = promised.get(same_place(each.method, each.path), each.status)
        paths.setdefault(each.path, {})[each.method.lower()] = _built(each, status, schemas)
    names = {_PLACE.sub("{}", path): path for path in paths}
    for known in unbuilt(operations):
        path = names.setdefault(_PLACE.sub("{}", known.path), known.path)
        paths.setdefault(path, {})[known.method.lower()] = _unbuilt(known)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "orchd",
            "version": __version__,
            "summary": "Workflow orchestration: flows, their runs and states, and what they leave behind.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": base}],
        "tags": [{"name": name} for name in sorted({tag_of(path) for path in paths})],
        "paths": dict(sorted(paths.items(), key=lambda item: (tag_of(item[0]), item[0]))),
        "components": {
            "schemas": schemas.components,
            "responses": {status: _error(status, schemas) for status in _ERRORS},
            "securitySchemes": {"basic": {"type": "http", "scheme": "basic"}},
        },
    }


def tag_of(path: str) -> str:
    """The resource that a path belongs to; `server` for what belongs to none."""
    parts = path.strip("/").split("/")
    if parts[0] in {"v2", "ui"}:
        return "/".join(parts[:2])
    return parts[0] if len(parts) > 1 or path.endswith("/") or parts[0] == "events" else "server"


def _types(operations: Sequence[Operation]) -> list[Any]:
    """All that travels."""
    types = [kind for each in operations for kind in (each.body_type, *_answer_types(each)) if kind is not None]
    types += [query.type for each in operations for query in each.query]
    return types + [kind for _, kinds in _ERRORS.values() for kind in kinds]


def _answer_types(operation: Operation) -> list[Any]:
    """What the operation returns, `Reply[X]` being an X and a stream a text; empty when it answers nothing."""
    kind = operation.answer_type
    parts = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    bare = [get_args(each)[0] if get_origin(each) is Reply else each for each in parts]
    bare = [str if isinstance(each, type) and issubclass(each, StreamResponse) else each for each in bare]
    if set(bare) <= {None, NoneType}:
        return []
    return [Union[tuple(bare)]]  # noqa: UP007  (made at run time)


def _built(operation: Operation, promised: int, schemas: Schemas) -> Json:
    made: Json = {
        "operationId": operation.handler.__name__,
        "summary": operation.summary.partition("\n")[0].rstrip("."),
        "description": operation.summary,
        "tags": [tag_of(operation.path)],
        "x-orchd-role": operation.role,
    }
    if parameters := [*_path_parameters(operation), *_query_parameters(operation, schemas)]:
        made["parameters"] = parameters
    if operation.body_type is not None:
        body = _content(schemas.of(operation.body_type))
        made["requestBody"] = {"required": not operation.body_optional, "content": body}
    if operation.role != "public":
        made["security"] = [{"basic": []}, {}]
    made["responses"] = _successes(operation, promised, schemas) | {
        status: {"$ref": f"#/components/responses/{status}"} for status in _errors_of(operation)
    }
    return made


def _successes(operation: Operation, promised: int, schemas: Schemas) -> Json:
    """Both statuses where clients' documents know another one than the operation's usual."""
    content = [_content(schemas.of(kind), operation.media) for kind in _answer_types(operation)]
    made: Json = {}
    for status in sorted({operation.status, promised}):
        told = "It was there already, or nothing had to be done." if status != operation.status else "Success."
        made[str(status)] = {"description": told, **({"content": content[0]} if content else {})}
    return made


def _errors_of(operation: Operation) -> list[str]:
    found = ["503"] if operation.role == "public" else ["400", "401", "503"]
    if operation.path_types:
        found.append("404")
    if operation.body_type is not None or operation.query:
        found.append("422")
    if operation.method != "GET" and operation.role != "viewer":
        found.append("409")
    return sorted(found)


def _error(status: str, schemas: Schemas) -> Json:
    text, kinds = _ERRORS[status]
    shapes = [schemas.of(kind) for kind in kinds]
    schema = shapes[0] if len(shapes) == 1 else {"anyOf": shapes}
    made: Json = {"description": text, "content": _content(schema)}
    if status == "503":
        made["headers"] = {
            "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "number"}},
            "Prefect-Maintenance": {
                "description": "`true` while the daemon is in maintenance: clients then ask again without limit.",
                "schema": {"type": "string"},
            },
        }
    return made


def _content(schema: Json, media: str = "application/json") -> Json:
    return {media: {"schema": schema}}


def _path_parameters(operation: Operation) -> list[Json]:
    return [_place(name, is_uuid=kind is UUID) for name, kind in operation.path_types.items()]


def _place(name: str, *, is_uuid: bool) -> Json:
    schema = {"type": "string", "format": "uuid"} if is_uuid else {"type": "string"}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _query_parameters(operation: Operation, schemas: Schemas) -> list[Json]:
    made = []
    for query in operation.query:
        required = query.default is inspect.Parameter.empty
        schema = dict(schemas.of(query.type))
        if not required:
            schema["default"] = msgspec.to_builtins(query.default)
        made.append({"name": query.name, "in": "query", "required": required, "schema": schema})
    return made


def _unbuilt(known: Known) -> Json:
    name = re.sub(r"\W+", "_", f"{known.method.lower()}{known.path}").strip("_")
    made: Json = {
        "operationId": name,
        "summary": "Not carried out yet",
        "tags": [tag_of(known.path)],
        "x-orchd-status": "unimplemented",
        "responses": {
            str(known.status): {"description": "Success, once this is built."},
            "501": {"$ref": "#/components/responses/501"},
        },
    }
    if parameters := [_place(found[1], is_uuid=known.is_uuid(found[1])) for found in _PLACE.finditer(known.path)]:
        made["parameters"] = parameters
    return made
