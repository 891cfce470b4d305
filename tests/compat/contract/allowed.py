"""Bodies that an OpenAPI document allows: the least of each, all of it, and each field alone in each of its types."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

A_WHILE = {"since": "2026-01-01T00:00:00Z", "until": "2026-01-01T00:10:00Z"}
ALSO: dict[str, dict[str, Any]] = {
    "/block_documents/": {"name": "text"},
    "/events": {"resource": {"prefect.resource.id": "text"}, "related": []},
    "/events/count-by/{countable}": {"filter": {"occurred": A_WHILE}},
    "/ui/task_runs/dashboard/counts": {"task_runs": {"start_time": {"after_": "2026-01-01T00:00:00Z"}}},
}
"""What the peer insists on besides what its document says is required."""
NIL = "00000000-0000-4000-8000-000000000000"
PLAIN = {
    "rrule": "FREQ=DAILY", "cron": "0 9 * * *", "timezone": "UTC", "interval": 3600, "lease_duration": 60,
    "key": "text", "block_type_slug": "text", "url": "http://localhost/", "within": 60, "names": "absent",
    "require": "all",
}  # fmt: skip
"""What fits where the document says less than is meant: `cron` is any string to it."""


@dataclass(frozen=True)
class Request:
    """An operation and a body that it must accept."""

    method: str
    path: str
    what: str
    body: Any


class Allowed:
    """What the schemas of a document allow."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.parts = document["components"]["schemas"]

    def requests(self) -> Iterator[Request]:
        """All bodies of all operations."""
        for path, operations in self.document["paths"].items():
            for method, operation in operations.items():
                content = operation.get("requestBody", {}).get("content", {}).get("application/json")
                if content:
                    name = path.removeprefix("/api")
                    for what, body in self._bodies(content["schema"]):
                        yield Request(method.upper(), name, what, _with(body, ALSO.get(name)))

    def _bodies(self, schema: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        schema = self.resolved(schema)
        if schema.get("type") == "array":
            for what, body in self._bodies(schema["items"]):
                yield what, [body]
            return
        known = schema.get("properties")
        if known is None:
            yield "all", self.values(schema)[-1]
            return
        least = {name: self.values(known[name], name)[0] for name in schema.get("required", [])}
        yield "the least", least
        yield "all", {name: self.values(each, name)[-1] for name, each in known.items()} | least
        for name, each in known.items():
            for value in self.values(each, name):
                yield name, {**least, name: value}

    def resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The schema itself, where only its name stands."""
        while "$ref" in schema:
            schema = self.parts[schema["$ref"].rpartition("/")[2]]
        return schema

    def values(self, schema: dict[str, Any], name: str = "", depth: int = 0) -> list[Any]:
        """A value of each type that a schema allows; never none."""
        schema = self.resolved(schema)
        choices = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
        if choices:
            return [value for each in choices for value in self.values(each, name, depth + 1)]
        if "const" in schema or "enum" in schema:
            return list(schema.get("enum", [schema.get("const")]))
        kind = schema.get("type")
        if kind == "object":
            return self._objects(schema, depth)
        if kind == "array":
            return self._arrays(schema, name, depth)
        return [PLAIN[name]] if name in PLAIN and kind != "null" else _plain(schema, kind)

    def _arrays(self, schema: dict[str, Any], name: str, depth: int) -> list[Any]:
        least = schema.get("minItems", 0)
        if "prefixItems" in schema:
            return [[self.values(each, "", depth + 1)[0] for each in schema["prefixItems"]]]
        one = [] if depth > 8 else [self.values(schema.get("items", {}), name, depth + 1)[0]]
        return [one * least, one]

    def _objects(self, schema: dict[str, Any], depth: int) -> list[Any]:
        known = schema.get("properties", {})
        # Which of several kinds an object is, clients always say.
        said = [
            *schema.get("required", []),
            *({"type"} & {name for name in known if {"const", "enum"} & set(known[name])}),
        ]
        least = {name: self.values(known[name], name, depth + 1)[0] for name in said}
        if depth > 4:
            return [least]
        whole = {name: self.values(each, name, depth + 1)[0] for name, each in known.items()}
        more = schema.get("additionalProperties")
        if not known and isinstance(more, dict):
            whole = {"a": self.values(more, "", depth + 1)[0]}
        return [least, whole]


def _with(body: Any, more: dict[str, Any] | None) -> Any:
    if not more:
        return body
    if isinstance(body, list):
        return [_with(each, more) for each in body]
    return {**body, **more} if isinstance(body, dict) else body


def _plain(schema: dict[str, Any], kind: str | None) -> list[Any]:
    lowest = schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
    most = schema.get("maximum", math.inf)
    if kind == "string":
        known = {"uuid": NIL, "date-time": "2026-01-01T00:00:00Z", "uri": "http://localhost/"}
        return [known.get(schema.get("format", ""), "text")]
    if kind == "integer":
        return [int(lowest)]
    if kind == "number":
        return [min(most, lowest + 0.5), math.ceil(lowest)]
    return {"boolean": [True, False], "null": [None]}.get(kind or "", [{"a": 1}, "text", None])
