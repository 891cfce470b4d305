"""A YAML file read with the place of everything in it, and with nothing in it that could do harm.

The scalars are those of YAML 1.2: only `true` and `false` are booleans, so that `off` and `no` stay words. Tags are
refused, nesting and the number of values are bounded (with aliases counted at what they stand for).
"""

import math
import re
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from msgspec import Struct, field

from orchd.config.faults import Fault, Key, Place
from orchd.errors import ConfigError

FILE_MOST = 1 << 20  # bytes
DEPTH_MOST = 32
VALUES_MOST = 10_000

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C is there unless PyYAML was built without libyaml
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]{1,30}", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)


class Document(Struct, frozen=True):
    """What a file says. `places` has the place of each value, `keys` that of each key; `faults` is what is wrong."""

    root: Any
    places: dict[Key, Place] = field(default_factory=dict)
    keys: dict[Key, Place] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def place(self, key: Key) -> Place:
        """Of a value, or of the nearest thing around it: values under an alias have no place of their own."""
        while key not in self.places and key:
            key = key[:-1]
        return self.places.get(key, Place(1, 1))


def read_text(path: Path) -> str:
    """The file's text. Raises ConfigError when it cannot be read, is too large or is not UTF-8."""
    try:
        with path.open("rb") as file:
            content = file.read(FILE_MOST + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}.") from error
    if len(content) > FILE_MOST:
        raise ConfigError(f"{path}: the file is larger than 1 MiB, which no configuration of orchd is.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        raise ConfigError(f"{path}:{line}:{column}: byte 0x{content[error.start]:02x} is not UTF-8.") from error


def parse(text: str) -> Document:
    """Reads one YAML document. What is wrong with it is in `faults`; where reading had to stop, `root` is None."""
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except _Stop:
        builder.root = None
    except yaml.YAMLError as error:
        builder.root = None
        builder.faults.append(_syntax_fault(error, text))
    return Document(builder.root, builder.places, builder.keys, builder.faults)


class _Stop(Exception):
    """No use reading on."""


class _Frame:
    """A mapping or list that is not complete yet."""

    def __init__(self, content: dict[str, Any] | list[Any], key: Key, anchor: str | None, began: int) -> None:
        self.content, self.key, self.anchor, self.began = content, key, anchor, began
        self.pending: str | None = None

    @property
    def wants_key(self) -> bool:
        return isinstance(self.content, dict) and self.pending is None


class _Anchor(NamedTuple):
    value: Any
    weight: int


class _Builder:
    """Turns the parser's events into values. It does not recurse, whatever the file does."""

    def __init__(self) -> None:
        self.root: Any = None
        self.places: dict[Key, Place] = {}
        self.keys: dict[Key, Place] = {}
        self.faults: list[Fault] = []
        self._frames: list[_Frame] = []
        self._anchors: dict[str, _Anchor] = {}
        self._count = 0
        self._documents = 0

    def take(self, event: Any) -> None:
        place = Place(event.start_mark.line + 1, event.start_mark.column + 1)
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    self._stop(place, "a second document begins here; a configuration is one document")
            case yaml.ScalarEvent():
                self._check_tag(event, place)
                self._scalar(event, place)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._check_tag(event, place)
                self._open({} if isinstance(event, yaml.MappingStartEvent) else [], event.anchor, place)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._close()
            case yaml.AliasEvent():
                self._alias(event.anchor, place)

    def _stop(self, place: Place, message: str) -> None:
        self.faults.append(Fault(place, (), message))
        raise _Stop

    def _check_tag(self, event: Any, place: Place) -> None:
        if event.tag is not None:
            self._stop(place, "tags (`!…`) are not allowed; a text that begins with `!` is put in quotes")

    def _weigh(self, weight: int, place: Place) -> None:
        self._count += weight
        if self._count > VALUES_MOST:
            self._stop(place, f"more than {VALUES_MOST} values up to here, an alias counted as what it stands for")

    def _scalar(self, event: yaml.ScalarEvent, place: Place) -> None:
        if self._frames and self._frames[-1].wants_key:
            self._key(event.value, place)
            return
        self._weigh(1, place)
        value = _resolve(event.value) if event.implicit[0] else event.value
        if event.anchor:
            self._anchors[event.anchor] = _Anchor(value, 1)
        self._place(value, place)

    def _key(self, name: str, place: Place) -> None:
        frame = self._frames[-1]
        assert isinstance(frame.content, dict)
        key = (*frame.key, name)
        if name in frame.content:
            self.faults.append(Fault(place, key, f"given twice; the first is in line {self.keys[key].line}"))
        else:
            self.keys[key] = place
        frame.pending = name

    def _place(self, value: Any, place: Place) -> Key:
        """Puts a value where it belongs."""
        if not self._frames:
            self.root, self.places[()] = value, place
            return ()
        frame = self._frames[-1]
        if isinstance(frame.content, list):
            key: Key = (*frame.key, str(len(frame.content)))
            frame.content.append(value)
        elif frame.pending is None:
            self._stop(place, "a key must be plain text")
        else:
            key = (*frame.key, frame.pending)
            frame.content[frame.pending], frame.pending = value, None
        self.places[key] = place
        return key

    def _open(self, content: dict[str, Any] | list[Any], anchor: str | None, place: Place) -> None:
        if len(self._frames) == DEPTH_MOST:
            self._stop(place, f"mappings and lists are nested more than {DEPTH_MOST} deep")
        began = self._count
        self._weigh(1, place)
        self._frames.append(_Frame(content, self._place(content, place), anchor, began))

    def _close(self) -> None:
        frame = self._frames.pop()
        if frame.anchor:
            self._anchors[frame.anchor] = _Anchor(frame.content, self._count - frame.began)

    def _alias(self, name: str | None, place: Place) -> None:
        found = self._anchors.get(name or "")
        if found is None:
            self._stop(
                place, "the alias (`*…`) refers to nothing before it; a text that begins with `*` is put in quotes"
            )
            return
        self._weigh(found.weight, place)
        self._place(found.value, place)


def _resolve(text: str) -> Any:
    """The value of a scalar without quotes."""
    if text in _NULL:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text


def _syntax_fault(error: yaml.YAMLError, text: str) -> Fault:
    """What the parser says, at the place where it gave up."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:  # a character that YAML does not allow at all
        found = re.search("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
        start = found.start() if found else 0
        place = Place(text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start))
        return Fault(place, (), f"the control character U+{ord(found[0]):04X} is not allowed" if found else str(error))
    place = Place(mark.line + 1, mark.column + 1)
    lines = text.splitlines()
    if "\t" in (lines[mark.line][: mark.column + 1] if mark.line < len(lines) else ""):
        column = lines[mark.line].index("\t") + 1
        return Fault(Place(place.line, column), (), "a tab stands here; YAML is indented with spaces")
    problem = getattr(error, "problem", None) or "not well formed"
    context = getattr(error, "context", None)
    return Fault(place, (), f"this is no YAML: {problem}{f' ({context})' if context else ''}")
