"""Whether values fit a schema, told in the shape of the values: for forms, before anything runs.

A schema here comes with the request that asks. Its cost is counted, and patterns that may take long are passed over.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any, cast

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.validators import extend
from referencing.exceptions import Unresolvable

from orchd.domain.hydration import Fault, Rendered
from orchd.domain.parameter_schemas import NO_REFERENCES
from orchd.errors import Invalid

STEPS = 50_000
"""Of one validation: a keyword of the schema that is applied to one value. About a second."""
ERRORS = 1000
MESSAGE = 1000
PATTERN = 200
"""Characters of a pattern, and of the text that it is held against."""

_GROUP_REPEATED = re.compile(r"\)[*+{]")
_REPEATED = re.compile(r"(?<!\\)[*+{]")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_FORMATS = FormatChecker(["date", "email", "ipv4", "ipv6", "regex", "uuid"])


@_FORMATS.checks("date-time", ValueError)
def _is_moment(value: object) -> bool:
    if isinstance(value, str):
        return _MOMENT.fullmatch(value) is not None and datetime.fromisoformat(value.upper()) is not None
    return True


@_FORMATS.checks("time", ValueError)
def _is_time(value: object) -> bool:
    return _is_moment(f"1970-01-01T{value}") if isinstance(value, str) else True


Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError]]


def faults(schema: dict[str, Any], values: Any) -> list[Any]:
    """What does not fit: texts, and `{property or index, errors}` along the path. Raises Invalid for an unfit schema.

    Fault and Rendered in the values stand for placeholders: the one is what does not fit, the other fits everything.
    """
    if isinstance(values, Fault):
        return [values.message]
    if isinstance(values, Rendered):
        return []
    found: list[Any] = []
    try:
        Draft202012Validator.check_schema(schema)
        validator = _validator()(_nullable(schema), registry=NO_REFERENCES, format_checker=_FORMATS)
        for error in islice(validator.iter_errors(values), ERRORS):
            _place(found, list(error.absolute_path), str(error.message)[:MESSAGE])
    except (SchemaError, Unresolvable, ValueError) as error:
        raise Invalid(f"Invalid schema: {str(error).splitlines()[0][:MESSAGE]}") from error
    except RecursionError as error:
        raise Invalid("Invalid schema: it refers to itself in a circle") from error
    return found


def _place(found: list[Any], path: list[str | int], message: str) -> None:
    """Puts a message where it belongs. Those of one place stand one by one, those below it together."""
    if not path:
        found.append(message)
        return
    first, *rest = path
    key = "index" if isinstance(first, int) else "property"
    entry = next((each for each in found if isinstance(each, dict) and each.get(key) == first), None) if rest else None
    if entry is None:
        entry = {key: first, "errors": []}
        found.append(entry)
    _place(entry["errors"], rest, message)


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with null for what need not be given, in objects within objects and in definitions."""
    required = schema.get("required", [])
    made = dict(schema)
    for name in ("definitions", "$defs"):
        if isinstance(schema.get(name), dict):
            made[name] = {key: _inner(each) for key, each in schema[name].items()}
    if isinstance(schema.get("properties"), dict):
        made["properties"] = {
            key: _inner(each) if key in required else _optional(_inner(each))
            for key, each in schema["properties"].items()
        }
    return made


def _inner(schema: Any) -> Any:
    return _nullable(schema) if isinstance(schema, dict) else schema


def _optional(schema: Any) -> Any:
    if not isinstance(schema, dict) or "type" not in schema:
        return schema
    if "anyOf" in schema:
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        return {**schema, "type": [*kinds, *(["null"] if "null" not in kinds else [])]}
    choice = [{"type": schema["type"]}, {"type": "null"}]
    return {("anyOf" if key == "type" else key): (choice if key == "type" else each) for key, each in schema.items()}


def _validator() -> Any:
    """A class of validators that share one count of steps."""
    counter = _Counter()
    plain = cast("dict[str, Keyword]", Draft202012Validator.VALIDATORS) | {"required": _required}
    keywords = {name: counter.counted(name, each, plain) for name, each in plain.items()}
    return extend(Draft202012Validator, keywords)  # type: ignore[no-untyped-call]


class _Counter:
    def __init__(self) -> None:
        self.left = STEPS

    def spend(self, steps: int) -> None:
        """Takes steps off. Raises Invalid when none are left."""
        self.left -= steps
        if self.left < 0:
            raise Invalid("Invalid schema: it takes too much work to hold these values against it")

    def counted(self, name: str, plain: Keyword, all_keywords: dict[str, Keyword]) -> Keyword:
        """A keyword that knows placeholders, and whose steps are counted."""

        def keyword(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
            self.spend(_cost(name, wanted, instance))
            if isinstance(instance, Fault):
                if name == next(key for key in schema if key in all_keywords):
                    yield ValidationError(instance.message)
            elif not isinstance(instance, Rendered) and not _passed_over(name, wanted, instance, schema):
                yield from plain(validator, wanted, instance, schema) or ()

        return keyword


def _cost(name: str, wanted: Any, instance: Any) -> int:
    if name == "uniqueItems" and isinstance(instance, list):
        return 1 + len(instance) ** 2 // 100
    if name == "enum":
        return 1 + len(wanted) // 10
    if name in ("patternProperties", "additionalProperties") and isinstance(instance, dict):
        return 1 + len(instance) * (len(wanted) if isinstance(wanted, dict) else 1) // 10
    return 1


def _passed_over(name: str, wanted: Any, instance: Any, schema: dict[str, Any]) -> bool:
    """What may take very long, or cannot be told while a placeholder is in the value."""
    if name == "uniqueItems" and isinstance(instance, list):
        return any(isinstance(each, Rendered | Fault) for each in instance)
    if name == "pattern":
        return _costly(wanted) or (isinstance(instance, str) and len(instance) > PATTERN)
    if name in ("patternProperties", "additionalProperties", "unevaluatedProperties") and isinstance(instance, dict):
        patterns = schema.get("patternProperties", ())
        return any(map(_costly, patterns)) or (bool(patterns) and any(len(each) > PATTERN for each in instance))
    return False


def _costly(pattern: str) -> bool:
    """Whether it may try the same text in very many ways: a group that is repeated, or many repetitions in a row."""
    return len(pattern) > PATTERN or _GROUP_REPEATED.search(pattern) is not None or len(_REPEATED.findall(pattern)) > 3


def _required(validator: Any, required: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """A property that is missing is at fault itself, not the object that lacks it."""
    if isinstance(instance, dict):
        for name in required:
            if name not in instance:
                yield ValidationError(f"{name!r} is a required property", path=(name,))
