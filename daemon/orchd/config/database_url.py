"""`database.url`: an SQLite file or a PostgreSQL database."""

from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from msgspec import Struct

FORMS = "sqlite:///PATH or postgresql://USER@HOST:PORT/NAME"


class DatabaseUrl(Struct, frozen=True):
    """Where the data lies. Either `path` (SQLite) or `address` (PostgreSQL: what follows `postgresql://`) is set."""

    path: str | None
    address: str | None

    @property
    def is_sqlite(self) -> bool:
        return self.path is not None

    @property
    def plain(self) -> str:
        """The url without a driver."""
        return f"sqlite:///{self.path}" if self.path is not None else f"postgresql://{self.address}"

    @property
    def async_dsn(self) -> str:
        """The url for SQLAlchemy's asyncpg dialect."""
        return f"postgresql+asyncpg://{self.address}"

    @property
    def masked(self) -> str:
        """The url for people: without the password."""
        if self.path is not None:
            return self.plain
        parts = urlsplit(self.plain)
        if parts.password is None:
            return self.plain
        user, host = quote(unquote(parts.username or "")), parts.netloc.rpartition("@")[2]
        return parts._replace(netloc=f"{user}:***@{host}").geturl()


def parse(text: str, folder: Path) -> DatabaseUrl:
    """Reads the url; a relative SQLite path is taken from `folder`. Raises ValueError with what is allowed."""
    kind, found, rest = text.partition("://")
    name = kind.partition("+")[0]
    if not found or name not in ("sqlite", "postgresql", "postgres"):
        raise ValueError(f"expected {FORMS}")
    if name == "sqlite":
        path = rest[1:] if rest.startswith("/") else ""
        if not path or path.startswith(":memory:"):
            raise ValueError("expected sqlite:///PATH with the path of a file")
        return DatabaseUrl(str((folder / path).absolute()), None)
    try:
        parts = urlsplit(f"postgresql://{rest}")
        parts.port  # noqa: B018  (raises for what is no port)
    except ValueError as error:
        raise ValueError(f"expected {FORMS}; {error}") from error
    if not parts.path.strip("/"):
        raise ValueError("expected the name of a database at the end: postgresql://USER@HOST:PORT/NAME")
    return DatabaseUrl(None, rest)
