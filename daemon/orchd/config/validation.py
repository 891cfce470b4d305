"""A document against the schema: every fault at once, each with its place, what was found, what is allowed."""

import difflib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from orchd.config import database_url, values
from orchd.config.document import Document, Key

Schema = dict[str, Any]

_NAMES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a section",
    "array": "a list",
    "null": "nothing",
}


def faults(document: Document, schema: Schema) -> list[str]:
    """Each fault as one line, in the order of the file."""
    from jsonschema import Draft202012Validator  # 50 ms that a start without a file need not spend

    found = [
        line for error in Draft202012Validator(schema).iter_errors(document.content) for line in _lines(document, error)
    ]
    for path, option in options(schema):
        given = _dig(document.content, path)
        if isinstance(given, str) and (text := misread(option, given)):
            shown = "***" if option.get("x-secret") else repr(given)
            found.append((document.values[path], f"{dotted(path)}: found {shown}, {text}"))
    found.sort(key=lambda fault: (fault[0].line, fault[0].column) if fault[0] else (0, 0))
    return [f"{document.at(place)}: {text}." for place, text in found]


def options(schema: Schema, path: Key = ()) -> Iterator[tuple[Key, Schema]]:
    """Every option with its path, sections left out."""
    for name, part in schema["properties"].items():
        if "properties" in part:
            yield from options(part, (*path, name))
        else:
            yield (*path, name), part


def misread(option: Schema, given: str) -> str | None:
    """What is allowed, when text does not fit the option's format or bounds."""
    reader = READERS.get(option.get("format", ""))
    if reader is None:
        return None
    try:
        value = reader(given)
    except ValueError as error:
        return str(error)
    least, most = option.get("x-minimum"), option.get("x-maximum")
    if (least and value < reader(least)) or (most and value > reader(most)):
        return f"expected {least} to {most}"
    return None


def _http_url(text: str) -> str:
    if not text.startswith(("http://", "https://")) or " " in text:
        raise ValueError("expected an address such as https://flows.example.org")
    return text


READERS: dict[str, Callable[[str], Any]] = {
    "duration": values.duration,
    "size": values.size,
    "http-url": _http_url,
    "database-url": lambda text: database_url.parse(text, Path()),
}


def dotted(path: Key) -> str:
    return ".".join(map(str, path))


def _dig(content: Any, path: Key) -> Any:
    for step in path:
        if not isinstance(content, dict) or step not in content:
            return None
        content = content[step]
    return content


def _lines(document: Document, error: Any) -> list[tuple[Any, str]]:
    """The faults that one error of the validator stands for."""
    path: Key = tuple(error.absolute_path)
    if error.validator == "additionalProperties":
        known = list(error.schema["properties"])
        return [_unknown(document, (*path, name), known) for name in error.instance if name not in known]
    place = document.values.get(path)
    shown = "***" if error.schema.get("x-secret") else _shown(error.instance)
    return [(place, f"{dotted(path) or 'the file'}: found {shown}, {_allowed(error)}")]


def _unknown(document: Document, path: Key, known: list[str]) -> tuple[Any, str]:
    near = difflib.get_close_matches(str(path[-1]), known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"
    return document.keys.get(path), f"{dotted(path)}: unknown option; {hint}".rstrip("?.") + ("?" if near else "")


def _shown(value: Any) -> str:
    text = {True: "true", False: "false", None: "nothing"}.get(value) if isinstance(value, bool | None) else repr(value)
    assert text is not None
    return text if len(text) <= 60 else text[:57] + "..."


def _allowed(error: Any) -> str:
    limit = error.validator_value
    match error.validator:
        case "type":
            kinds = [limit] if isinstance(limit, str) else limit
            return "expected " + " or ".join(_NAMES[kind] for kind in kinds)
        case "enum":
            return "expected one of " + ", ".join(map(str, limit))
        case "minimum" | "maximum":
            least, most = error.schema.get("minimum"), error.schema.get("maximum")
            return (
                f"expected {least} to {most}"
                if None not in (least, most)
                else f"expected at {'least' if error.validator == 'minimum' else 'most'} {limit}"
            )
        case "minLength":
            return f"expected at least {limit} character{'s' if limit > 1 else ''}"
        case "pattern":
            return f"expected text of the form {limit}"
    return str(error.message)
