"""Placeholders in parameters: objects with the key `__prefect_kind` stand for what they describe."""

from collections.abc import Iterator
from typing import Any, Literal

from msgspec import Struct

from orchd import templates
from orchd.db import Tx
from orchd.errors import BadRequest
from orchd.kit.jsontext import Raw, decode, holds_nul
from orchd.queries import variables

KIND = "__prefect_kind"
MOST_TEXT = 500_000
"""Characters that all templates of one set of values come to. Their sources and their work are bounded likewise."""
MOST_NAMES = 100
"""Of variables that are known only after other placeholders are filled; each is a query."""


class _Gone:
    """What a placeholder leaves that is removed from its parent."""


_GONE = _Gone()


class Fault(Struct, frozen=True):
    """Why a placeholder cannot be filled. Left in the values, it stands where the placeholder was."""

    message: str


class Rendered(Struct, frozen=True):
    """A template that is valid and is not rendered now; what it will come to is not known yet."""

    template: str


def hydrated(tx: Tx, values: dict[str, Any], what: str) -> dict[str, Any]:
    """The values with all placeholders filled. Raises BadRequest, naming `what` they are."""
    found = filled(tx, values)
    if isinstance(found, Fault):
        raise BadRequest(f"Error hydrating {what}: {found.message}")
    return found


def filled(tx: Tx, values: dict[str, Any]) -> dict[str, Any] | Fault:
    """The same, or the first fault."""
    try:
        found = _Filling(tx, values, "render").fill(values)
    except _Unfillable as error:
        return Fault(str(error))
    return found if isinstance(found, dict) else {}


def looked_through(tx: Tx, values: dict[str, Any]) -> Any:
    """The values as far as they are known before anything runs: with Rendered for templates, and faults left in."""
    found = _Filling(tx, values, "check").fill(values)
    return {} if found is _GONE else found


class _Unfillable(Exception):
    pass


class _Filling:
    """One walk through values."""

    def __init__(self, tx: Tx, values: Any, mode: Literal["render", "check"]) -> None:
        self.tx = tx
        self.mode = mode
        self.known: dict[str, Raw | None] = {}
        self.source = self.text = self.asked = 0
        self.budget = templates.Budget()
        if names := set(_variables(values)):
            self.known = dict.fromkeys(names) | variables.values(tx, names)

    def fill(self, value: Any) -> Any:
        """The value with its placeholders filled; itself, where it has none."""
        if isinstance(value, list):
            return [each for each in map(self.fill, value) if each is not _GONE]
        if not isinstance(value, dict):
            return value
        if KIND not in value:
            pairs = ((key, self.fill(item)) for key, item in value.items())
            return {key: item for key, item in pairs if item is not _GONE}
        try:
            return self._placeholder(value)
        except _Unfillable as error:
            if self.mode == "render":
                raise
            return Fault(str(error))

    def _placeholder(self, value: dict[str, Any]) -> Any:
        match value[KIND]:
            case "none":
                return self._inner(value, "value", required=True)
            case "json":
                return _parsed(self._inner(value, "value"))
            case "workspace_variable":
                return self._variable(self._inner(value, "variable_name"))
            case "jinja":
                return self._template(self._inner(value, "template", required=True))
            case _:
                return value.get("value")

    def _inner(self, value: dict[str, Any], key: str, *, required: bool = False) -> Any:
        if key in value:
            return self.fill(value[key])
        if required:
            raise _Unfillable(f"Missing '{key}' key in __prefect object")
        return _GONE

    def _variable(self, name: Any) -> Any:
        if name is _GONE or isinstance(name, Fault | Rendered):
            return name
        if isinstance(name, str) and name not in self.known:
            self.asked += 1
            if self.asked > MOST_NAMES:
                raise _Unfillable(f"More than {MOST_NAMES} variables are named by other placeholders")
            self.known[name] = variables.values(self.tx, {name}).get(name)
        found = self.known.get(name) if isinstance(name, str) else None
        if found is None:
            raise _Unfillable(f"Variable '{name}' not found in workspace.")
        return decode(found)

    def _template(self, source: Any) -> Any:
        if source is _GONE or isinstance(source, Fault | Rendered):
            return source
        if not isinstance(source, str):
            raise _Unfillable("Invalid jinja: the template is not a text")
        self.source += len(source) if templates.is_template(source) else 0
        if self.source > templates.SOURCE:
            raise _Unfillable(f"Invalid jinja: the templates have more than {templates.SOURCE} characters")
        if found := templates.fault(source):
            raise _Unfillable(f"Invalid jinja: {found.message}")
        if self.mode == "check":
            return Rendered(source)
        return self._rendered(source)

    def _rendered(self, source: str) -> str:
        try:
            text = templates.render(source, {}, budget=self.budget)
        except templates.TemplateError as error:
            said = f"Failed to render template due to the following error: {error.message}"
            raise _Unfillable(f"Invalid jinja: {said}") from error
        self.text += len(text)
        if self.text > MOST_TEXT:
            raise _Unfillable(f"Invalid jinja: the templates write more than {MOST_TEXT} characters")
        return text


def _variables(value: Any) -> Iterator[str]:
    """The names of the variables that are asked for, where they are not placeholders themselves."""
    if isinstance(value, dict):
        name = value.get("variable_name")
        if value.get(KIND) == "workspace_variable" and isinstance(name, str):
            yield name
        for each in value.values():
            yield from _variables(each)
    elif isinstance(value, list):
        for each in value:
            yield from _variables(each)


def _parsed(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        data = text.encode()
        if holds_nul(data):
            raise _Unfillable("Invalid JSON: a string holds the character NUL, which cannot be stored")
        return decode(data)
    except (ValueError, RecursionError) as error:
        raise _Unfillable(f"Invalid JSON: {error}") from error
