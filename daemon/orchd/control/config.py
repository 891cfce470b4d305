"""`config show`, `config reload`."""

from typing import Any

from orchd.config import effective
from orchd.control.operated import Operated
from orchd.wire.control import Configuration, Option, Reloaded


def show(daemon: Operated) -> Configuration:
    """Every option with the value in force and its origin; secrets masked."""
    loaded = daemon.loaded
    shown = effective(loaded)
    options = {name: Option(_at(shown, name), loaded.origins[name]) for name in loaded.values}
    return Configuration(None if loaded.path is None else str(loaded.path), options)


def _at(sections: dict[str, Any], name: str) -> Any:
    found: Any = sections
    for part in name.split("."):
        found = found[part]
    return found


async def reload(daemon: Operated) -> Reloaded:
    """Reads the file again. Raises ConfigError with every fault and its place; nothing has changed then."""
    return Reloaded(*await daemon.reload())
