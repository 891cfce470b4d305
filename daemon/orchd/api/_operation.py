"""One declaration for each operation. Routing, decoding, the check of the role and the OpenAPI document follow from it.

    @operation("GET", "/flows/{id}", role="viewer")
    async def read_flow(call: Call, id: UUID) -> Flow: ...

A parameter named in the path comes from there, `body` from the body, every keyword-only one from the query string.
"""

import inspect
import re
from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any, Literal, get_type_hints
from uuid import UUID

import msgspec
from msgspec import Struct

from orchd.errors import OrchdError

Role = Literal["public", "viewer", "worker", "operator", "admin"]
Handler = Callable[..., Awaitable[Any]]

UUID_TEXT = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_PLACE = re.compile(r"{(\w+)}")


class Query(Struct, frozen=True):
    """A parameter of the query string."""

    name: str
    type: Any
    default: Any


class Operation(Struct, frozen=True):
    """What one route does."""

    method: str
    path: str
    handler: Handler
    status: int
    role: Role
    path_types: dict[str, Any]
    body: msgspec.json.Decoder[Any] | None
    body_type: Any
    body_optional: bool
    query: tuple[Query, ...]
    answer_type: Any
    summary: str
    nul: Literal["refuse", "keep"]
    media: str

    @property
    def route(self) -> str:
        """The path as aiohttp writes it: a UUID parameter matches the syntax of a UUID and nothing else."""

        def place(found: re.Match[str]) -> str:
            name = found[1]
            return f"{{{name}:{UUID_TEXT}}}" if self.path_types[name] is UUID else f"{{{name}}}"

        return _PLACE.sub(place, self.path)


def operation(
    method: str,
    path: str,
    *,
    role: Role,
    status: int = 200,
    nul: Literal["refuse", "keep"] = "refuse",
    media: str = "application/json",
) -> Callable[[Handler], Handler]:
    """Declares the function below it as an operation.

    `status` is the one of success, `media` the type of its answer. `nul="keep"` lets `\\u0000` in strings through to
    the operation, which then has to deal with it: PostgreSQL cannot store it.
    """

    def declare(handler: Handler) -> Handler:
        hints = get_type_hints(handler, include_extras=True)
        parameters = inspect.signature(handler).parameters
        body_type = hints.get("body")
        handler.operation = Operation(  # type: ignore[attr-defined]
            method=method,
            path=path,
            handler=handler,
            status=status,
            role=role,
            path_types={name: hints[name] for name in _PLACE.findall(path)},
            # not strict: clients send moments as seconds since 1970 too
            body=None if body_type is None else msgspec.json.Decoder(body_type, strict=False),
            body_type=body_type,
            body_optional=body_type is not None and _all_optional(body_type),
            query=tuple(
                Query(name, hints[name], p.default) for name, p in parameters.items() if p.kind is p.KEYWORD_ONLY
            ),
            answer_type=hints.get("return"),
            summary=inspect.getdoc(handler) or handler.__name__.replace("_", " ").capitalize() + ".",
            nul=nul,
            media=media,
        )
        return handler

    return declare


def operations_of(module: ModuleType) -> list[Operation]:
    """The operations that a module declares, in the order of its text."""
    found = (getattr(member, "operation", None) for member in vars(module).values() if callable(member))
    return [each for each in found if isinstance(each, Operation) and each.handler.__module__ == module.__name__]


def _all_optional(body_type: Any) -> bool:
    if not (isinstance(body_type, type) and issubclass(body_type, Struct)):
        return False
    return all(not field.required for field in msgspec.structs.fields(body_type))


class NotBuilt(OrchdError):
    """The operation belongs to the API, but this version of orchd does not carry it out yet."""
