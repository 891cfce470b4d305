"""The identity of a block schema: a hash that clients compute as well, to ask whether the server knows it."""

import hashlib
import json
from typing import Any

Fields = dict[str, Any]


def checksum(fields: Fields) -> str:
    """`sha256:...` of the fields. Definitions of other blocks do not count: those are named by their own checksums."""
    counted: Fields = _without_secret_fields(fields)
    definitions = counted.get("definitions")
    if definitions:
        kept = _kept(counted, definitions)
        counted = {key: value for key, value in counted.items() if key != "definitions"}
        if kept:
            counted["definitions"] = kept
    text = json.dumps([[counted], {}], sort_keys=True)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def referenced(value: Any) -> set[str]:
    """The names of the definitions that are referred to anywhere in a value."""
    if isinstance(value, list):
        return {name for each in value for name in referenced(each)}
    if not isinstance(value, dict):
        return set()
    found = {name for each in value.values() for name in referenced(each)}
    target = value.get("$ref")
    if isinstance(target, str):
        found.add(target.rpartition("/")[2])
    return found


def _kept(fields: Fields, definitions: Fields) -> Fields:
    wanted = referenced(fields)
    return {
        name: each
        for name, each in definitions.items()
        if name in wanted and isinstance(each, dict) and each and "block_type_slug" not in each
    }


def _without_secret_fields(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: _without_secret_fields(each) for key, each in value.items() if key != "secret_fields"}
