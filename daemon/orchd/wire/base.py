"""Types that every wire module shares."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

__all__ = [
    "UNSET",
    "UUID",
    "Answer",
    "Body",
    "Filter",
    "Json",
    "JsonObject",
    "Labels",
    "Limit",
    "Meta",
    "Offset",
    "PageNumber",
    "Patch",
    "Raw",
    "Struct",
    "Tags",
    "UnsetType",
    "changes",
    "datetime",
]

Json = Any
JsonObject = dict[str, Any]
Tags = list[str]
Labels = dict[str, str | int | float | bool]
Limit = int  # bounds are checked against server.page_limit, with the plain 422 that clients know
Offset = Annotated[int, Meta(ge=0, le=2**63 - 1)]
PageNumber = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class Body(Struct, kw_only=True, frozen=True):
    """A request body. Unknown fields of a newer client are ignored."""


class Patch(Body, kw_only=True, frozen=True):
    """A change: a field left out stays `UNSET` and is not touched; null writes null where that is allowed."""


class Filter(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Part of a filter. An unknown key is an error: ignored, it would widen what a bulk operation touches."""


class Answer(Struct, kw_only=True, frozen=True):
    """An answer body."""


def changes(patch: Struct) -> dict[str, Any]:
    """The fields that a patch carries."""
    found = ((name, getattr(patch, name)) for name in patch.__struct_fields__)
    return {name: value for name, value in found if value is not msgspec.UNSET}
