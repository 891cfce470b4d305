"""From a file to settings: read, held to the schema, completed with secrets and defaults."""

import copy
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from orchd.config import faults as fault_lines
from orchd.config import places, secret_files
from orchd.config.faults import Fault, Key
from orchd.config.schema import Option, by_name, options
from orchd.config.settings import Settings
from orchd.config.values import FORMATS, DatabaseUrl, Secret
from orchd.errors import ConfigError

T = TypeVar("T", bound=Struct)

MASK = "***"
DEFAULT = "default"

_FOUND_HERE: Mapping[str, Callable[[], str]] = MappingProxyType(
    {
        "database.url": lambda: f"sqlite:///{places.state_directory() / 'orchd.db'}",
        "control.socket": lambda: str(places.control_socket()),
    }
)
"""Defaults that depend on where orchd runs; null in the schema."""


class Loaded(Struct, frozen=True):
    """A configuration that holds."""

    settings: Settings
    path: Path | None
    origins: dict[str, str]
    """Where each option's value comes from: `FILE:LINE`, `default`, `credential NAME` or `file PATH`."""
    values: dict[str, Any]
    """Each option's value as it is written, by its dotted name. Secrets are in the clear: show `effective`."""
    notes: tuple[str, ...] = ()
    """What was let pass, see `load`."""

    def __repr__(self) -> str:
        return f"Loaded({str(self.path)!r})"

    def keeping(self, old: "Loaded", names: Iterable[str]) -> "Loaded":
        """This configuration with these options as they were: what a reload could not apply."""
        kept = set(names)
        values = {name: old.values[name] if name in kept else value for name, value in self.values.items()}
        origins = {name: old.origins[name] if name in kept else origin for name, origin in self.origins.items()}
        return Loaded(_settings(values), self.path, origins, values)


def load(path: Path | None, *, secrets_may_be_empty: bool = False) -> Loaded:
    """Reads a configuration file; without one, the defaults. Raises ConfigError with every fault and its place.

    `secrets_may_be_empty` lets a secret's file be empty and notes it: a system that is being built knows the names of
    its credentials, but not yet what is in them.
    """
    reading = _Reading(path)
    if path is not None:
        reading.read_file()
        reading.read_secrets(may_be_empty=secrets_may_be_empty)
    if reading.faults:
        raise fault_lines.error(path, reading.faults)
    values, origins = reading.completed()
    return Loaded(_settings(values), path, origins, values, tuple(reading.notes))


def reload_diff(old: Loaded, new: Loaded) -> tuple[list[str], list[str]]:
    """The options that differ: those a reload applies at once, and those that await a restart."""
    changed = [option for option in options() if new.values.get(option.name) != old.values.get(option.name)]
    return [each.name for each in changed if each.live], [each.name for each in changed if not each.live]


def effective(loaded: Loaded) -> dict[str, Any]:
    """Each option's value by its dotted name, as it is written, with secrets masked."""
    return {name: _masked(by_name()[name], value) for name, value in loaded.values.items()}


def _masked(option: Option, value: Any) -> Any:
    if not option.secret or value is None:
        return value
    return str(FORMATS["database-url"](value)) if option.format == "database-url" else MASK


class _Reading:
    """One file on its way to values, with the faults gathered so far."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.values: dict[str, Any] = {}
        self.origins: dict[str, str] = {}
        self.faults: list[Fault] = []
        self.notes: list[str] = []
        self._place: Callable[[Key], fault_lines.Place] = lambda _: fault_lines.Place(1, 1)

    def read_file(self) -> None:
        """Takes over what the file gives, and everything in it that does not fit."""
        from orchd.config import document, validation  # here: a start without a file does without YAML and jsonschema

        assert self.path is not None
        text = document.read_text(self.path)
        found = document.parse(text)
        self._place = found.place
        self.faults += found.faults
        if found.root is None and not found.faults:
            raise ConfigError(
                f"{self.path}:1:1: the file is empty. Write at least one section, such as `server: {{port: 4200}}`, "
                "or start orchd without a file for the defaults."
            )
        if found.root is not None:
            self.faults += validation.faults(found)
        for option in options():
            given, value = _at(found.root, option.key)
            if given:
                self.values[option.name] = value
                self.origins[option.name] = f"{self.path}:{found.place(option.key).line}"

    def read_secrets(self, *, may_be_empty: bool) -> None:
        """Puts in place of each `x_file` the `x` that it leads to."""
        for option in options():
            name_option = by_name().get(fault_lines.dotted(option.file_key))
            if name_option is None or not isinstance(name := self.values.get(name_option.name), str):
                continue
            place = self._place(name_option.key)
            if self.values.get(option.name) is not None:
                message = f"both {option.key[-1]} and {name_option.key[-1]} are given; only one of them may be"
                self.faults.append(Fault(place, name_option.key, message))
                continue
            try:
                found = secret_files.read(name)
                if not found.text and not may_be_empty:
                    raise ValueError(f"the file {name} is empty")
            except ValueError as error:
                self.faults.append(Fault(place, name_option.key, str(error)))
            else:
                self._take_secret(option, name_option, found, place)

    def _take_secret(
        self, option: Option, name_option: Option, found: secret_files.SecretFile, place: fault_lines.Place
    ) -> None:
        from orchd.config import validation

        if not found.text:
            self.notes.append(f"{name_option.name}: the file is empty; orchd will not start until it has content.")
        elif wrong := validation.secret_fault(option, found.text):
            self.faults.append(Fault(place, name_option.key, f"in the file: {wrong}"))
        else:
            self.values[option.name] = found.text
            self.origins[option.name] = found.origin

    def completed(self) -> tuple[dict[str, Any], dict[str, str]]:
        """Every option with its value and its origin; the names of secrets' files have served their purpose."""
        values: dict[str, Any] = {}
        origins: dict[str, str] = {}
        for option in options():
            if option.names_secret_file:
                continue
            value, origin = self.values.get(option.name), self.origins.get(option.name, DEFAULT)
            if option.name not in self.values:
                value = copy.copy(option.default)
            if value is None and option.name in _FOUND_HERE:
                value, origin = _FOUND_HERE[option.name](), DEFAULT
            values[option.name], origins[option.name] = value, origin
        return values, origins


def _at(root: Any, key: Key) -> tuple[bool, Any]:
    """Whether a document has this key, and its value."""
    for part in key:
        if not isinstance(root, dict) or part not in root:
            return False, None
        root = root[part]
    return True, root


def _settings(values: Mapping[str, Any]) -> Settings:
    return _struct(Settings, (), {name: _typed(by_name()[name], value) for name, value in values.items()})


def _struct(kind: type[T], key: Key, values: Mapping[str, Any]) -> T:
    made = {}
    for each in msgspec.structs.fields(kind):
        inner = (*key, each.name)
        name = fault_lines.dotted(inner)
        made[each.name] = values[name] if name in values else _struct(each.type, inner, values)
    return kind(**made)


def _typed(option: Option, value: Any) -> Any:
    if value is None:
        return None
    if option.format is not None:
        value = FORMATS[option.format](value)
    return Secret(value) if option.secret and not isinstance(value, DatabaseUrl) else value
