"""Placeholders in parameters: objects with the key `__prefect_kind` stand for what they describe."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from orchd.db import Tx
from orchd.errors import BadRequest
from orchd.kit.jsontext import Raw, decode
from orchd.queries import variables

KIND = "__prefect_kind"


class _Gone:
    """What a placeholder leaves that is removed from its parent."""


_GONE = _Gone()


class Fault(Struct, frozen=True):
    """Why a placeholder cannot be filled."""

    message: str


def hydrated(tx: Tx, values: dict[str, Any], what: str) -> dict[str, Any]:
    """The values with all placeholders filled. Raises BadRequest, naming `what` they are."""
    found = filled(tx, values)
    if isinstance(found, Fault):
        raise BadRequest(f"Error hydrating {what}: {found.message}")
    return found


def filled(tx: Tx, values: dict[str, Any]) -> dict[str, Any] | Fault:
    """The same, or the first fault."""
    try:
        names = set(_variables(values))
        known = variables.values(tx, names) if names else {}
        found = _filled(values, known)
    except _Unfillable as error:
        return Fault(str(error))
    return found if isinstance(found, dict) else {}


class _Unfillable(Exception):
    pass


def _variables(value: Any) -> Iterator[str]:
    """The names of the variables that are asked for; those that are placeholders themselves come to nothing."""
    if isinstance(value, dict):
        name = value.get("variable_name")
        if value.get(KIND) == "workspace_variable" and isinstance(name, str):
            yield name
        for each in value.values():
            yield from _variables(each)
    elif isinstance(value, list):
        for each in value:
            yield from _variables(each)


def _filled(value: Any, known: Mapping[str, Raw]) -> Any:
    if isinstance(value, list):
        return [each for each in (_filled(item, known) for item in value) if each is not _GONE]
    if not isinstance(value, dict):
        return value
    if KIND in value:
        return _placeholder(value, known)
    pairs = ((key, _filled(item, known)) for key, item in value.items())
    return {key: item for key, item in pairs if item is not _GONE}


def _placeholder(value: dict[str, Any], known: Mapping[str, Raw]) -> Any:
    match value[KIND]:
        case "none":
            if "value" not in value:
                raise _Unfillable("Missing 'value' key in __prefect object")
            return _filled(value["value"], known)
        case "json":
            return _parsed(_filled(value["value"], known)) if "value" in value else _GONE
        case "workspace_variable":
            return _variable(value.get("variable_name"), known)
        case "jinja":
            if "template" not in value:
                raise _Unfillable("Missing 'template' key in __prefect object")
            raise _Unfillable("Invalid jinja: this server does not render templates in parameters")
        case _:
            return value.get("value")


def _parsed(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _Unfillable(f"Invalid JSON: {error}") from error


def _variable(name: Any, known: Mapping[str, Raw]) -> Any:
    if name is None or name is _GONE:
        return _GONE
    if not isinstance(name, str) or name not in known:
        raise _Unfillable(f"Variable {name!r} not found in workspace.")
    return decode(known[name])
