"""YAML with places: every value knows its line and column, and nothing in a file can make reading it expensive."""

from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

from orchd.errors import ConfigError

LARGEST = 1 << 20  # bytes
DEEPEST = 32
MOST_NODES = 20_000  # what aliases stand for counted in full: a bomb of them ends here

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PLAIN = {f"tag:yaml.org,2002:{kind}" for kind in ("map", "seq", "str", "int", "float", "bool", "null")}

Key = tuple[str | int, ...]


class Place(Struct, frozen=True):
    """Where something stands, counted from 1."""

    line: int
    column: int


class Document(Struct, frozen=True):
    """A file's content, and the place of each value and of each key by its path."""

    name: str
    content: dict[str, Any]
    values: dict[Key, Place]
    keys: dict[Key, Place]

    def at(self, place: Place | None) -> str:
        """`FILE:LINE:COLUMN`."""
        return f"{self.name}:{place.line}:{place.column}" if place else self.name


def read(path: Path) -> Document:
    """Reads a file. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}.") from error
    if len(data) > LARGEST:
        raise ConfigError(f"{path}: is larger than {LARGEST >> 20} MiB; a configuration of orchd is a few kB.")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        raise ConfigError(f"{path}:{line}:{column}: is not UTF-8 text.") from error
    return parse(text, str(path))


def parse(text: str, name: str) -> Document:
    """Reads text. Raises ConfigError."""
    try:
        node = _compose(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        hint = (
            " YAML is indented with blanks, not with tabs."
            if "\t" in str(error.problem) or "'\\t'" in str(error)
            else ""
        )
        raise ConfigError(f"{place}: is not YAML: {error.problem or error.context}.{hint}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigError(f"{name}: is not YAML: {error}.") from error
    if node is None:
        raise ConfigError(
            f"{name}: is empty. Write at least one option, such as `server: {{port: 4200}}`, or start orchd without a file."
        )
    reader = _Reader(name)
    content = reader.value(node, ())
    if reader.faults:
        raise ConfigError("\n".join(reader.faults))
    if not isinstance(content, dict):
        raise ConfigError(
            f"{name}:{node.start_mark.line + 1}:{node.start_mark.column + 1}: expected sections, such as `server:`."
        )
    return Document(name, content, reader.values, reader.keys)


def _compose(text: str) -> Any:
    loader = _Loader(text)
    try:
        return loader.get_single_node()
    finally:
        loader.dispose()


class _Reader:
    """Turns nodes into values and notes where each stood."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes = 0
        self.values: dict[Key, Place] = {}
        self.keys: dict[Key, Place] = {}
        self.faults: list[str] = []

    def value(self, node: Any, path: Key) -> Any:
        self._count(node, path)
        self.values[path] = _place(node)
        if node.tag not in _PLAIN and node.tag != "tag:yaml.org,2002:merge":
            self._fault(
                node, f"the type {node.tag.removeprefix('tag:yaml.org,2002:')!r} is not allowed; quote the value"
            )
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*path, at)) for at, child in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: Any, path: Key) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, child in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is None:
                self._fault(key_node, "a key must be a plain word")
                continue
            if key in found:
                first = self.keys[(*path, key)]
                self._fault(key_node, f"the key {key!r} stands here twice; first in line {first.line}")
                continue
            self.keys[(*path, key)] = _place(key_node)
            found[key] = self.value(child, (*path, key))
        return found

    def _scalar(self, node: Any) -> Any:
        try:
            return yaml.SafeLoader("").construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            self._fault(node, f"{node.value!r} cannot be read: {error}")
            return None

    def _count(self, node: Any, path: Key) -> None:
        self._nodes += 1
        place = _place(node)
        if self._nodes > MOST_NODES:
            raise ConfigError(
                f"{self._name}:{place.line}:{place.column}: holds more than {MOST_NODES} values, aliases counted in full."
            )
        if len(path) > DEEPEST:
            raise ConfigError(f"{self._name}:{place.line}:{place.column}: is nested deeper than {DEEPEST} levels.")

    def _fault(self, node: Any, text: str) -> None:
        place = _place(node)
        self.faults.append(f"{self._name}:{place.line}:{place.column}: {text}.")


def _place(node: Any) -> Place:
    return Place(node.start_mark.line + 1, node.start_mark.column + 1)
