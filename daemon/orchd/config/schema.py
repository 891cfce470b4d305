"""`config/schema.json`, the one definition of every option, read."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct

from orchd.config.faults import Key, dotted
from orchd.kit.resources import data_path

FILE_SUFFIX = "_file"


class Option(Struct, frozen=True):
    """One option: where it stands, and what the schema says about it."""

    key: Key
    spec: Mapping[str, Any]

    @property
    def name(self) -> str:
        """`server.port`."""
        return dotted(self.key)

    @property
    def default(self) -> Any:
        return self.spec["default"]

    @property
    def live(self) -> bool:
        """Whether a reload applies a change at once."""
        return bool(self.spec["x-reload"] == "live")

    @property
    def secret(self) -> bool:
        return bool(self.spec.get("x-secret", False))

    @property
    def format(self) -> str | None:
        found: str | None = self.spec.get("format")
        return found

    @property
    def file_key(self) -> Key:
        """Of a secret: the option that names a file with it."""
        return (*self.key[:-1], self.key[-1] + FILE_SUFFIX)

    @property
    def names_secret_file(self) -> bool:
        return self.format == "secret-file"


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema. Do not change it: everybody gets the same one."""
    found: dict[str, Any] = msgspec.json.decode(data_path("schema.json").read_bytes())
    return found


@cache
def options() -> tuple[Option, ...]:
    """Every option, in the schema's order."""
    return tuple(_walk((), schema()))


@cache
def by_name() -> Mapping[str, Option]:
    """Every option by its dotted name."""
    return {option.name: option for option in options()}


def _walk(key: Key, spec: Mapping[str, Any]) -> Iterator[Option]:
    for name, inner in spec["properties"].items():
        if "properties" in inner:
            yield from _walk((*key, name), inner)
        else:
            yield Option((*key, name), inner)
