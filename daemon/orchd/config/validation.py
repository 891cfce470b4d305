"""Holds a document to the schema and says, of everything that does not fit, what was found and what is allowed."""

import difflib
import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from orchd.config.document import Document
from orchd.config.faults import Fault, Key
from orchd.config.phrases import allowed
from orchd.config.schema import Option, options, schema
from orchd.config.values import FORMATS

_SHOWN_MOST = 60  # characters of a wrong value that are repeated


def faults(document: Document) -> list[Fault]:
    """Everything in the document that the schema does not allow."""
    found = [fault for error in _validator(schema()).iter_errors(document.root) for fault in _faults(error, document)]
    return list(dict.fromkeys(found))  # a value that breaks two bounds is one fault


def secret_fault(option: Option, value: str) -> str | None:
    """What is wrong with a secret that came from a file; None when it fits."""
    error = next(_validator(option.spec).iter_errors(value), None)
    return None if error is None else _misfit(error)


def _faults(error: ValidationError, document: Document) -> Iterator[Fault]:
    key = tuple(str(part) for part in error.absolute_path)
    if error.validator == "additionalProperties":
        section: Any = error.schema
        value: Any = error.instance
        for name in value.keys() - section["properties"].keys():
            inner = (*key, name)
            yield Fault(document.keys.get(inner) or document.place(key), inner, _unknown(inner, section))
    else:
        yield Fault(document.place(key), key, _misfit(error))


def _misfit(error: ValidationError) -> str:
    spec: Any = error.schema
    why = f" ({error.cause})" if error.cause is not None and error.validator == "format" else ""
    shown = _kind(error.instance) if spec.get("x-secret") or "properties" in spec else _shown(error.instance)
    return f"found {shown}{why}; allowed is {allowed(spec)}"


def _shown(value: Any) -> str:
    """A wrong value, if it is short enough to help."""
    if isinstance(value, str):
        text = json.dumps(value[: _SHOWN_MOST + 1], ensure_ascii=not value.isprintable())
        return text if len(value) <= _SHOWN_MOST else text[:_SHOWN_MOST] + '…"'
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"the number {value}"
    return _kind(value)


def _kind(value: Any) -> str:
    """What sort of a value it is, for those that are not repeated."""
    match value:
        case None:
            return "nothing (null)"
        case bool():
            return str(value).lower()
        case int() | float():
            return "a number"
        case str():
            return "a text" if value else "an empty text"
        case list():
            return "a list"
    return "a mapping"


def _unknown(key: Key, section: Mapping[str, Any]) -> str:
    """What may have been meant: an option here with a similar name, else one elsewhere with this name."""
    near = difflib.get_close_matches(key[-1], section["properties"], 1)
    guess = ".".join((*key[:-1], near[0])) if near else _elsewhere(key)
    if guess:
        return f"no such option; did you mean {guess}?"
    return f"no such option; here are {', '.join(section['properties'])}"


def _elsewhere(key: Key) -> str | None:
    names = [option.name for option in options() if option.key[-1] == key[-1]]
    if not names:
        written = ".".join(key)
        names = difflib.get_close_matches(written, [option.name for option in options()], 1, 0.75)
    return names[0] if len(names) == 1 else None


@cache
def _formats() -> FormatChecker:
    checker = FormatChecker(formats=())
    for name, parse in FORMATS.items():
        checker.checks(name, raises=ValueError)(_check(parse))
    return checker


def _check(parse: Callable[[str], Any]) -> Callable[[object], bool]:
    def check(value: object) -> bool:
        if isinstance(value, str):
            parse(value)
        return True

    return check


def _bound(sign: int) -> Callable[..., Iterator[ValidationError]]:
    """`x-minimum` (-1) and `x-maximum` (+1): bounds of what is written as a text."""

    def check(_: Validator, bound: str, value: Any, spec: Mapping[str, Any]) -> Iterator[ValidationError]:
        if not isinstance(value, str):
            return
        parse = FORMATS[spec["format"]]
        try:
            difference = (parse(value) > parse(bound)) - (parse(value) < parse(bound))
        except ValueError:
            return  # the format's own fault
        if difference == sign:
            yield ValidationError("out of bounds")

    return check


def _is_integer(_: Any, value: Any) -> bool:
    """`4200.0` is none, unlike in JSON Schema."""
    return isinstance(value, int) and not isinstance(value, bool)


_Kind: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {"x-minimum": _bound(-1), "x-maximum": _bound(+1)},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)


def _validator(spec: Mapping[str, Any]) -> Validator:
    found: Validator = _Kind(spec, format_checker=_formats())
    return found
