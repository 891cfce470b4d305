"""Which key seals the secrets in blocks: the configured one, else one that is made at first use and kept in a file."""

import logging
import os
from collections.abc import Mapping
from pathlib import Path

from orchd.config.settings import Settings
from orchd.errors import OrchdError
from orchd.kit.vault import CannotOpen, Vault, kept_key

log = logging.getLogger(__name__)

KEY_FILE = "encryption.key"


class KeyMissing(OrchdError):
    """Secrets cannot be sealed or opened, because the key is not the right one or cannot be read."""


def vault(settings: Settings, environment: Mapping[str, str] = os.environ) -> Vault:
    """What seals and opens the data of blocks. Raises KeyMissing."""
    configured = settings.encryption.key
    if configured is not None:
        return Vault(configured)
    path = key_path(settings, environment)
    try:
        key, made = kept_key(path)
        found = Vault(key)
    except OSError as error:
        raise KeyMissing(f"The encryption key {path} cannot be read or made: {error.strerror}.") from error
    except ValueError as error:
        raise KeyMissing(f"The file {path} holds no encryption key. Restore it from a copy.") from error
    if made:
        _announce(path, shared=not settings.database.url.is_sqlite)
    return found


def key_path(settings: Settings, environment: Mapping[str, str]) -> Path:
    """Where a key that orchd makes is kept: beside an SQLite database, else in the state directory."""
    database = settings.database.url.path
    if database is not None:
        return database.parent / KEY_FILE
    given = environment.get("STATE_DIRECTORY", "").split(":")[0]
    if given:
        return Path(given) / KEY_FILE
    state = environment.get("XDG_STATE_HOME") or Path(environment.get("HOME") or "/") / ".local/state"
    return Path(state) / "orchd" / KEY_FILE


def opened(vault: Vault, sealed: str, name: str) -> bytes:
    """The data of the block document of this name. Raises KeyMissing."""
    try:
        return vault.open(sealed)
    except CannotOpen as error:
        message = f"The block document {name!r} was sealed with another encryption key: set encryption.key to that one."
        raise KeyMissing(message) from error


def _announce(path: Path, *, shared: bool) -> None:
    if shared:
        log.warning(
            "A new encryption key for blocks is in %s. Other servers on this database need the same: "
            "give it to all of them with encryption.key_file",
            path,
        )
    else:
        log.info("A new encryption key for blocks is in %s: keep a copy, without it their secrets are lost", path)
