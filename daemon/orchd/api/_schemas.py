"""JSON schemas of the types that travel, each struct once."""

from collections.abc import Iterable
from types import UnionType
from typing import Any, Union, get_args, get_origin

import msgspec
from msgspec import Raw
from msgspec import inspect as types

Json = dict[str, Any]

TEMPLATE = "#/components/schemas/{name}"
_TEXT = {"type": "string"}


class Schemas:
    """The schema of each of these types; structs are told by reference to `components`."""

    def __init__(self, kinds: Iterable[Any]) -> None:
        asked = {repr(kind): _without_raw(kind) for kind in kinds}
        made, components = msgspec.json.schema_components(asked.values(), ref_template=TEMPLATE)
        infos = types.multi_type_info(asked.values())
        self._made: dict[str, Json] = dict(zip(asked, made, strict=True))
        self.components: Json = dict(sorted(components.items()))
        seen: set[str] = set()
        for info, schema in zip(infos, made, strict=True):
            self._refine(info, schema, seen)

    def of(self, kind: Any) -> Json:
        """The schema of a type that was given at first. Raises KeyError for any other."""
        return self._made[repr(kind)]

    def _refine(self, info: types.Type, schema: Json, seen: set[str]) -> None:
        """Adds what msgspec leaves out: that a time is a `date-time`, and that `X | Raw` is an X."""
        if isinstance(info, types.DateTimeType):
            schema["format"] = "date-time"
        elif isinstance(info, types.UnionType):
            self._refine_union(info, schema, seen)
        elif isinstance(info, types.CollectionType):
            self._refine(info.item_type, schema.get("items", {}), seen)
        elif isinstance(info, types.DictType):
            self._refine(info.value_type, schema.get("additionalProperties", {}), seen)
        elif isinstance(info, types.StructType) and info.cls.__name__ not in seen:
            seen.add(info.cls.__name__)
            properties = self.components[info.cls.__name__]["properties"]
            for field in info.fields:
                self._refine(field.type, properties[field.encode_name], seen)

    def _refine_union(self, info: types.UnionType, schema: Json, seen: set[str]) -> None:
        alternatives: list[Json] = schema.get("anyOf", [schema])
        if {} in alternatives and len(info.types) > 2:
            alternatives.remove({})
        for each in info.types:
            found = [schema for schema in alternatives if _may_be(each, schema)]
            self._refine(each, found[0] if found else {}, seen)


def _may_be(info: types.Type, schema: Json) -> bool:
    """Whether this alternative is the schema of that type; msgspec allows one of each shape in a union."""
    if isinstance(info, types.DateTimeType):
        return schema == _TEXT
    if isinstance(info, types.CollectionType):
        return schema.get("type") == "array"
    return schema.get("type") == "object"


def _without_raw(kind: Any) -> Any:
    if get_origin(kind) in (Union, UnionType) and Raw in get_args(kind):
        return Union[tuple(each for each in get_args(kind) if each is not Raw)]  # noqa: UP007  (made at run time)
    return kind
