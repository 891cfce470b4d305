"""What is wrong with a configuration, and where."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from orchd.errors import ConfigError

Key = tuple[str, ...]
"""The path of a key: `("server", "port")`; list items by their number."""


class Place(NamedTuple):
    """Both counted from 1, as editors do."""

    line: int
    column: int


class Fault(NamedTuple):
    """One thing that is wrong. `key` is empty when it is about the file as a whole or its syntax."""

    place: Place | None
    key: Key
    message: str


def dotted(key: Key) -> str:
    """`server.port`."""
    return ".".join(key)


def error(path: Path | None, faults: Iterable[Fault]) -> ConfigError:
    """All faults in one error, one line each, in the order of the file."""
    ordered = sorted(faults, key=lambda fault: (fault.place or Place(0, 0), fault.key))
    return ConfigError("\n".join(_line(path, fault) for fault in ordered))


def _line(path: Path | None, fault: Fault) -> str:
    where = "" if path is None else f"{path}:{fault.place.line}:{fault.place.column}: " if fault.place else f"{path}: "
    key = f"{_printable(dotted(fault.key))}: " if fault.key else ""
    return f"{where}{key}{fault.message}{'' if fault.message.endswith('?') else '.'}"


def _printable(text: str) -> str:
    """A key is somebody's text: no control characters reach a terminal, and not too much of it."""
    shown = "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in text)
    return shown if len(shown) <= 120 else shown[:117] + "..."
