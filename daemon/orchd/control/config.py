"""`config show`, `config reload`."""

from orchd.config import effective
from orchd.control.operated import Operated
from orchd.wire.control import Configuration, Option, Reloaded


def show(daemon: Operated) -> Configuration:
    """Every option with the value in force and its origin; secrets masked."""
    loaded = daemon.loaded
    options = {name: Option(value, loaded.origins[name]) for name, value in effective(loaded).items()}
    return Configuration(None if loaded.path is None else str(loaded.path), options)


async def reload(daemon: Operated) -> Reloaded:
    """Reads the file again. Raises ConfigError with every fault and its place; nothing has changed then."""
    return Reloaded(*await daemon.reload())
