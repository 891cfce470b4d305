"""Which database, and which steps."""

from pathlib import Path

import msgspec

from orchd.errors import DatabaseRefused


def own_steps() -> Path:
    """The folder of the steps that this orchd brings along."""
    return Path(__file__).parents[4] / "migrations" / "versions"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One database and the folder of the steps that lead to its schema.

    Either `path` (SQLite) or `dsn` (PostgreSQL, `postgresql://…`, without a driver) is set.
    """

    path: Path | None = None
    dsn: str | None = None
    steps: Path = msgspec.field(default_factory=own_steps)

    @classmethod
    def of(cls, url: str, steps: Path | None = None) -> "Place":
        """From the url as the configuration has it. Raises DatabaseRefused for any other kind of database."""
        kind, _, rest = url.partition("://")
        folder = own_steps() if steps is None else steps
        match kind.partition("+")[0]:
            case "sqlite" if rest.startswith("/") and len(rest) > 1:
                return cls(path=Path(rest[1:]), steps=folder)
            case "postgresql" | "postgres":
                return cls(dsn=f"postgresql://{rest}", steps=folder)
        raise DatabaseRefused("database.url must be sqlite:///PATH or postgresql://USER@HOST:PORT/NAME.")
