"""Files that travel with the code: beside it in a checkout, inside the package in a wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_CHECKOUT = {"schema.json": "config/schema.json", "migrations": "migrations"}


def data_path(name: str) -> Path:
    """The path of `schema.json` or `migrations`. Raises FileNotFoundError in a broken installation."""
    for found in (_PACKAGE / "data" / name, _PACKAGE.parents[1] / _CHECKOUT[name]):
        if found.exists():
            return found
    raise FileNotFoundError(f"{name} is missing from this installation of orchd; install it again.")
