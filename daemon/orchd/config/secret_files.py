"""Secrets that stand in files of their own: systemd's credentials, or any file."""

import os
from pathlib import Path

from msgspec import Struct

SECRET_MOST = 64 << 10  # bytes


class SecretFile(Struct, frozen=True):
    """What a `*_file` option leads to. `text` is empty when the file is."""

    text: str
    origin: str


def read(name: str) -> SecretFile:
    """Reads the file; line breaks and spaces around the secret do not count.

    Raises ValueError with what is wrong, and never the content.
    """
    path, origin = _locate(name)
    try:
        with path.open("rb") as file:
            content = file.read(SECRET_MOST + 1)
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > SECRET_MOST:
        raise ValueError(f"{path} is larger than {SECRET_MOST >> 10} KiB")
    try:
        text = content.decode().strip()
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8") from None  # the cause would show the content
    if any(each < " " for each in text):
        raise ValueError(f"{path} has more than one line, or control characters")
    return SecretFile(text, origin)


def _locate(name: str) -> tuple[Path, str]:
    path = Path(name)
    if path.is_absolute():
        return path, f"file {path}"
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        raise ValueError(
            f"the credential {name} is looked up in $CREDENTIALS_DIRECTORY, which is not set; systemd sets it for "
            "LoadCredential in the unit, and without systemd a path from the root works"
        )
    return Path(folder) / path, f"credential {name}"
