"""Values with a written form of their own: durations, sizes, addresses of databases, secrets.

Each `parse_*` raises ValueError with a message that never repeats the value, which may be a secret.
"""

import base64
import binascii
import os
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from msgspec import Struct

_DURATION_UNITS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_DURATION = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,7})h)?(?:(\d{1,9})m)?(?:(\d{1,10})s)?(?:(\d{1,13})ms)?", re.ASCII)
_SIZE_UNITS = {"B": 0, "KiB": 10, "MiB": 20, "GiB": 30, "TiB": 40}
_SIZE = re.compile(r"(\d{1,15})(B|KiB|MiB|GiB|TiB)", re.ASCII)
_SOCKET_PATH_MOST = 107  # bytes: the kernel's sun_path
_FERNET_KEY_BYTES = 32
_URLSAFE = re.compile(r"[A-Za-z0-9_-]+={0,2}", re.ASCII)
_POSTGRES_OPTIONS = frozenset({"host", "port", "ssl", "sslmode"})


class Secret(str):
    """A text that does not show in a representation, and so not in a log line or a trace."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


class DatabaseUrl(Struct, frozen=True, repr_omit_defaults=True):
    """Where the database is: `path` for SQLite, `dsn` for PostgreSQL, which may hold a password."""

    dialect: Literal["sqlite", "postgresql"]
    path: Path | None = None
    dsn: str | None = None

    @property
    def is_sqlite(self) -> bool:
        return self.dialect == "sqlite"

    @property
    def plain(self) -> str:
        """`sqlite:///PATH` or `postgresql://…`, without a driver, the password included."""
        return self.dsn if self.dsn is not None else f"sqlite:///{self.path}"

    def __str__(self) -> str:
        """For people: the password is masked."""
        return re.sub(r"^(\w+://[^/@]*?):[^/]*@", r"\1:***@", self.plain)

    def __repr__(self) -> str:
        return f"DatabaseUrl({str(self)!r})"


def parse_duration(text: str) -> timedelta:
    """`90s`, `10m`, `1h30m`, `7d`, `250ms`: units from large to small, each at most once."""
    found = _DURATION.fullmatch(text)
    if not text or not found:
        raise ValueError("this is no duration")
    return timedelta(
        milliseconds=sum(int(n or 0) * unit for n, unit in zip(found.groups(), _DURATION_UNITS.values(), strict=True))
    )


def parse_size(text: str) -> int:
    """`512MiB` in bytes; the units are powers of 1024."""
    found = _SIZE.fullmatch(text)
    if not found:
        raise ValueError("this is no size")
    return int(found[1]) << _SIZE_UNITS[found[2]]


def parse_file_mode(text: str) -> int:
    """`0660`, always octal."""
    if not re.fullmatch(r"0?[0-7]{3}", text, re.ASCII):
        raise ValueError("this is no file mode")
    return int(text, 8)


def parse_path(text: str) -> Path:
    """A path; a relative one counts from the working directory, `~` is the home directory."""
    if not text or "\0" in text:
        raise ValueError("this is no path")
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError as error:
        raise ValueError("the home directory is not known") from error


def parse_socket_path(text: str) -> Path:
    """A path short enough for the kernel."""
    path = parse_path(text)
    if len(os.fsencode(path)) > _SOCKET_PATH_MOST:
        raise ValueError(f"the path of a socket has at most {_SOCKET_PATH_MOST} bytes")
    return path


def parse_http_url(text: str) -> str:
    """`http://HOST…` or `https://HOST…`, without a slash at the end."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("this is no address of a web site")
    if parts.username is not None or parts.password is not None:
        raise ValueError("a name or password has no place in it")
    return text.rstrip("/")


def parse_fernet_key(text: str) -> Secret:
    """32 bytes in URL-safe base64."""
    try:
        key = base64.urlsafe_b64decode(text) if _URLSAFE.fullmatch(text) else None
    except binascii.Error:
        key = None
    if key is None:
        raise ValueError("the key is not in URL-safe base64")
    if len(key) != _FERNET_KEY_BYTES:
        raise ValueError(f"the key has {len(key)} bytes, not {_FERNET_KEY_BYTES}")
    return Secret(text)


def parse_database_url(text: str) -> DatabaseUrl:
    """See `database.url` in the schema."""
    scheme, separator, rest = text.partition("://")
    dialect, _, driver = scheme.partition("+")
    if not separator:
        raise ValueError("the url has no ://")
    if dialect == "sqlite" and driver in {"", "aiosqlite", "pysqlite"}:
        return DatabaseUrl("sqlite", path=_sqlite_path(rest))
    if dialect in {"postgresql", "postgres"} and driver in {"", "asyncpg", "psycopg", "psycopg2"}:
        return DatabaseUrl("postgresql", dsn=_postgres_dsn(rest))
    raise ValueError("the database or driver is not supported")


def _sqlite_path(rest: str) -> Path:
    path = rest.removeprefix("/")
    if path == rest or not path:
        raise ValueError("three slashes and a path must follow `sqlite:`")
    if path.startswith((":memory:", "file:")) or "?" in path or "mode=memory" in path:
        raise ValueError("orchd needs a plain file, neither :memory: nor parameters")
    return parse_path(path)


def _postgres_dsn(rest: str) -> str:
    try:
        parts = urlsplit(f"postgresql://{rest}")
        port, options = parts.port, parse_qsl(parts.query, strict_parsing=bool(parts.query), keep_blank_values=True)
    except ValueError as error:
        raise ValueError("the host, the port (1 to 65535) or the parameters are not well formed") from error
    if port == 0 or parts.fragment:
        raise ValueError("the port must be from 1 to 65535; a `#` in a password is written %23")
    if unknown := {name for name, _ in options} - _POSTGRES_OPTIONS:
        raise ValueError(f"the parameter {min(unknown)!r} is not known; {', '.join(sorted(_POSTGRES_OPTIONS))} are")
    if not parts.hostname and not any(name == "host" for name, _ in options):
        raise ValueError("the host is missing (for a Unix socket: ?host=/run/postgresql)")
    if not unquote(parts.path.strip("/")) or "/" in parts.path[1:]:
        raise ValueError("the name of the database is missing after the host")
    query = urlencode([("sslmode" if name == "ssl" else name, value) for name, value in options], safe="/")
    return f"postgresql://{parts.netloc}{parts.path}{'?' if query else ''}{query}"


FORMATS: Mapping[str, Callable[[str], Any]] = MappingProxyType(
    {
        "duration": parse_duration,
        "size": parse_size,
        "file-mode": parse_file_mode,
        "socket-path": parse_socket_path,
        "http-url": parse_http_url,
        "fernet-key": parse_fernet_key,
        "database-url": parse_database_url,
        "secret-file": parse_path,
    }
)
"""The formats that the schema names, each with what turns a text into a value."""
