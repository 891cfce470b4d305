"""Every operator of every filter, as the peer's own document lists them: alone, then combined by chance."""

import random
from collections.abc import Iterator
from typing import Any

from tests.compat.differential.steps import Case, Step, at, post
from tests.compat.differential.values import values_of
from tests.compat.differential.world import DAY, HISTORY

LISTING = ("/filter", "/count", "/paginate", "/lateness", "/history")
LESS = {
    "/artifacts/filter": 0.3,
    "/latest/filter": 0.3,
    "/count": 0.15,
    "/paginate": 0.1,
    "/lateness": 0.3,
    "/history": 0.15,
}
"""The same conditions as in `/filter`: a part of them shows that they are asked."""
NEEDED: dict[str, dict[str, Any]] = {
    "/flow_runs/history": HISTORY,
    "/task_runs/history": HISTORY,
    "/ui/task_runs/dashboard/counts": {"task_runs": {"start_time": {"after_": at(0), "before_": at(24)}}},
    "/events/filter": {"filter": {"occurred": DAY}},
    "/events/count-by/{countable}": {"filter": {"occurred": DAY}, "time_unit": "hour", "time_interval": 6},
}
TOTAL = ("NAME_ASC", "TIMESTAMP_ASC", "CREATED_DESC")
"""Orders that leave nothing open in the world."""
Operator = tuple[str, ...]


class Schemas:
    """The parts of the peer's document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.parts = document["components"]["schemas"]

    def resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The schema itself, where only its name stands."""
        while "$ref" in schema:
            schema = self.parts[schema["$ref"].rpartition("/")[2]]
        return schema

    def bodies(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Method, path and schema of each JSON body."""
        for path, operations in self.document["paths"].items():
            for method, operation in operations.items():
                content = operation.get("requestBody", {}).get("content", {})
                if schema := content.get("application/json", {}).get("schema"):
                    yield method.upper(), path.removeprefix("/api"), self.resolved(schema)

    def leaves(self, schema: dict[str, Any], path: Operator = ()) -> Iterator[tuple[Operator, dict[str, Any]]]:
        """Each member at the end of a way through the objects, with its schema."""
        schema = self.resolved(schema)
        choices = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
        if choices:
            for each in choices:
                if each.get("type") != "null":
                    yield from self.leaves(each, path)
        elif schema.get("type") == "object" and "properties" in schema:
            for key, each in schema["properties"].items():
                yield from self.leaves(each, (*path, key))
        else:
            yield path, schema

    def orders(self, schema: dict[str, Any]) -> list[str]:
        """What a list can be sorted by."""
        sort = schema.get("properties", {}).get("sort", {})
        choices = [self.resolved(each) for each in sort.get("anyOf", sort.get("allOf", [sort]))]
        return [name for each in choices for name in each.get("enum", [])]


def nested(path: Operator, value: Any) -> dict[str, Any]:
    """An object with the value at the end of a way."""
    for key in reversed(path):
        value = {key: value}
    return value


def merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Both objects in one; of two values the second."""
    both = dict(one)
    for key, value in other.items():
        own = both.get(key)
        both[key] = merged(own, value) if isinstance(own, dict) and isinstance(value, dict) else value
    return both


def filter_cases(document: dict[str, Any], seed: int) -> Iterator[Case]:
    """Each value of each operator, objects without any operator, and combinations."""
    schemas, chance = Schemas(document), random.Random(seed)
    for method, path, schema in schemas.bodies():
        ending = next((each for each in LISTING if each in path), None)
        share = next((share for part, share in LESS.items() if part in path), 1.0)
        if method != "POST" or ending is None or "input" in path or path.startswith(("/automations", "/task_workers")):
            continue
        leaves = [
            (way, each) for way, each in schemas.leaves(schema) if way and way[0] not in ("sort", "limit", "offset")
        ]
        leaves = [(way, each) for way, each in leaves if len(way) > 1]
        bodies = list(_alone(leaves))
        bodies = [each for each in bodies if chance.random() < share]
        bodies += [_combined(leaves, chance) for _ in range(max(6, len(leaves) // 3) if leaves else 0)]
        for number, body in enumerate(bodies):
            step = _asked(schemas, path, schema, body)
            yield Case(f"filter {path} {number}", [step])


def _alone(leaves: list[tuple[Operator, dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    for way, schema in leaves:
        for value in values_of(way, schema):
            yield nested(way, value)
    for part in sorted({way[:depth] for way, _ in leaves for depth in range(1, len(way))}):
        yield nested(part, {})
        if part != ("filter",):  # every event: orchd has some of its own at the first start
            yield nested(part, None)


def _combined(leaves: list[tuple[Operator, dict[str, Any]]], chance: random.Random) -> dict[str, Any]:
    """Two to five operators, most of them of one noun, where they may be joined by `or_`."""
    noun = chance.choice(sorted({way[0] for way, _ in leaves}))
    body: dict[str, Any] = {}
    for number in range(chance.randint(2, 5)):
        near = [each for each in leaves if each[0][0] == noun or number == 3]
        way, schema = chance.choice(near)
        body = merged(
            body, nested(way, chance.choice([each for each in values_of(way, schema) if each != []] or [None]))
        )
    return body


def _asked(schemas: Schemas, path: str, schema: dict[str, Any], body: dict[str, Any]) -> Step:
    body = merged(NEEDED.get(path, {}), body)
    if sort := next((each for each in TOTAL if each in schemas.orders(schema)), None):
        body["sort"] = sort
    address = path.replace("{work_pool_name}", "pool_1").replace("{countable}", "event")
    return post(address, body)
