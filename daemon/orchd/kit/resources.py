"""Files that travel with the program: found in an installed package and in a checkout alike."""

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
_CHECKOUT = {"schema.json": "config/schema.json", "migrations": "migrations"}


def data_path(name: str) -> Path:
    """The place of `schema.json` or of the folder `migrations`.

    Raises FileNotFoundError when orchd is not installed whole, ValueError for any other name.
    """
    if name not in _CHECKOUT:
        raise ValueError(f"{name!r} does not travel with orchd; {', '.join(_CHECKOUT)} do.")
    installed = _PACKAGE / "data" / name
    found = installed if installed.exists() else _PACKAGE.parents[1] / _CHECKOUT[name]
    if not found.exists():
        raise FileNotFoundError(f"orchd is not installed whole: neither {installed} nor {found} exists.")
    return found
