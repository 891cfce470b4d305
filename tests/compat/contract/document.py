"""Reading an OpenAPI document: operations by method and path, and schemas that answers are checked against."""

import copy
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import jsonschema

FORMATS = jsonschema.FormatChecker(formats=())
METHODS = {"get", "post", "put", "patch", "delete"}
UNIMPLEMENTED = ("x-orchd-status", "unimplemented")


@FORMATS.checks("uuid", raises=ValueError)
def _is_uuid(value: object) -> bool:
    return not isinstance(value, str) or bool(UUID(value))


@FORMATS.checks("date-time", raises=ValueError)
def _is_moment(value: object) -> bool:
    """A moment without a zone is an error: clients would read it as local time."""
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def same_path(path: str) -> str:
    """The path without its base and without the names of its parameters."""
    return re.sub(r"{[^}]*}", "{}", path.removeprefix("/api"))


@dataclass(frozen=True)
class Described:
    """One operation of a document."""

    method: str
    path: str
    success: int
    schema: dict[str, Any] | None
    implemented: bool

    @property
    def name(self) -> str:
        """METHOD /path, as documents write it."""
        return f"{self.method} {self.path}"


class Document:
    """An OpenAPI document. Every property of an answer counts as required: an empty one is sent as null.

    But for settings: each server has those that it has.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        self.components = copy.deepcopy(document.get("components", {}))
        for name, schema in self.components.get("schemas", {}).items():
            if "properties" in schema and not name.endswith("Settings"):
                schema["required"] = sorted(schema["properties"])
        described = [
            _described(method, path, operation)
            for path, operations in document["paths"].items()
            for method, operation in operations.items()
            if method in METHODS
        ]
        self.operations = {(each.method, same_path(each.path)): each for each in described}

    def find(self, method: str, path: str) -> Described | None:
        """The operation at a path, whatever its parameters are called."""
        return self.operations.get((method, same_path(path)))

    def problems(self, operation: Described, answer: Any) -> list[str]:
        """How an answer differs from the operation's schema: place and reason of each."""
        if operation.schema is None:
            return []
        checker = jsonschema.Draft202012Validator(
            {**operation.schema, "components": self.components}, format_checker=FORMATS
        )
        return [f"{operation.name}: {error.json_path}: {error.message[:300]}" for error in checker.iter_errors(answer)]


def _described(method: str, path: str, operation: dict[str, Any]) -> Described:
    success, response = next((int(code), r) for code, r in operation["responses"].items() if code.startswith("2"))
    schema = response.get("content", {}).get("application/json", {}).get("schema") or None
    name, value = UNIMPLEMENTED
    return Described(method.upper(), path, success, schema, operation.get(name) != value)
