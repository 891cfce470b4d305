"""The steps on disk: `NNNN_subject.py`, one after the other.

The number in the file's name is the revision, so the newest one is known without reading a file.
"""

import ast
import re
from pathlib import Path
from typing import Any

import msgspec

from orchd.db.migrate.place import own_steps
from orchd.errors import MigrationError

_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.py")


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """One step. `rewrites`: going up drops or rewrites rows, so a copy of the database is worth keeping."""

    revision: str
    down_revision: str | None
    title: str
    loses: str
    rewrites: bool
    file: Path


def numbers(steps: Path) -> list[str]:
    """All revisions, oldest first, from the names of the files."""
    return sorted(found[1] for file in steps.iterdir() if (found := _NAME.fullmatch(file.name)))


def head(steps: Path | None = None) -> str:
    """The newest revision: what this orchd needs."""
    folder = own_steps() if steps is None else steps
    known = numbers(folder)
    if not known:
        raise MigrationError(f"There are no migrations in {folder}: orchd is not installed whole.")
    return known[-1]


def history(steps: Path | None = None) -> list[Revision]:
    """Every step, oldest first. Raises MigrationError when they do not form one line."""
    folder = own_steps() if steps is None else steps
    found = [_read(file) for file in sorted(folder.iterdir()) if _NAME.fullmatch(file.name)]
    below: str | None = None
    for step in found:
        if step.down_revision != below:
            raise MigrationError(f"{step.file.name} follows {step.down_revision}, but the one before it is {below}.")
        below = step.revision
    return found


def _read(file: Path) -> Revision:
    tree = ast.parse(file.read_text(), file.name)
    title, loses = _described(ast.get_docstring(tree) or "")
    stated = _stated(tree)
    if stated.get("revision") != file.name[:4]:
        raise MigrationError(f"{file.name} states the revision {stated.get('revision')!r}.")
    return Revision(
        revision=file.name[:4],
        down_revision=stated.get("down_revision"),
        title=title,
        loses=loses,
        rewrites=bool(stated.get("rewrites")),
        file=file,
    )


def _described(docstring: str) -> tuple[str, str]:
    """The first sentence says what the step is about; the rest says what going down loses."""
    title, _, rest = " ".join(docstring.split()).partition(". ")
    return title.removesuffix("."), rest


def _stated(tree: ast.Module) -> dict[str, Any]:
    """The constants that the module assigns, `a, b = 1, 2` included."""
    stated: dict[str, Any] = {}
    for node in tree.body:
        if not isinstance(node, ast.Assign):
            continue
        target = node.targets[0]
        pairs = (
            zip(target.elts, node.value.elts, strict=False)
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
            else [(target, node.value)]
        )
        stated.update({n.id: v.value for n, v in pairs if isinstance(n, ast.Name) and isinstance(v, ast.Constant)})
    return stated
