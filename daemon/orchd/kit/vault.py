"""Secrets at rest: authenticated encryption with one key, and the file that a key is kept in."""

import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken


class CannotOpen(Exception):
    """The text was not sealed with this key, or it was changed since."""


class Vault:
    """Seals and opens texts."""

    __slots__ = ("_fernet",)

    def __init__(self, key: str | bytes) -> None:
        """`key`: 32 random bytes in URL-safe base64. Raises ValueError for anything else."""
        self._fernet = Fernet(key)

    def seal(self, text: bytes) -> str:
        """The text, encrypted and authenticated."""
        return self._fernet.encrypt(text).decode()

    def open(self, sealed: str) -> bytes:
        """The text that was sealed. Raises CannotOpen."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken as error:
            raise CannotOpen from error


def kept_key(path: Path) -> tuple[bytes, bool]:
    """The key in a file, made there if there is no such file; whether it was made.

    The file is complete and on the disk before it has its name, and of several that make it at once the first one wins.
    Raises OSError.
    """
    try:
        return path.read_bytes().strip(), False
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(file, "wb") as writing:
            writing.write(Fernet.generate_key() + b"\n")
            writing.flush()
            os.fsync(file)
        made = _given_name(draft, path)
    finally:
        draft.unlink()
    return path.read_bytes().strip(), made


def _given_name(draft: Path, path: Path) -> bool:
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return False
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return True
