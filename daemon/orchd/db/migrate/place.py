"""Which database, and which steps."""

from pathlib import Path

import msgspec

from orchd.errors import DatabaseRefused
from orchd.kit.resources import data_path


def own_steps() -> Path:
    """The folder of the steps that this orchd brings along."""
    return data_path("migrations") / "versions"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One database and the folder of the steps that lead to its schema.

    Either `path` (SQLite) or `dsn` (PostgreSQL, `postgresql://…`, without a driver) is set.
    """

    path: Path | None = None
    dsn: str | None = None
    steps: Path = msgspec.field(default_factory=own_steps)

    @classmethod
    def of(cls, url: str, steps: Path | None = None) -> "Place":
        """From the url without a driver (`DatabaseUrl.plain`). Raises DatabaseRefused for any other."""
        folder = own_steps() if steps is None else steps
        path = url.removeprefix("sqlite:///")
        if path not in ("", url):
            return cls(path=Path(path), steps=folder)
        if url.startswith("postgresql://"):
            return cls(dsn=url, steps=folder)
        raise DatabaseRefused("database.url must be sqlite:///PATH or postgresql://USER@HOST:PORT/NAME.")
