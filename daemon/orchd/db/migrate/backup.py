"""A copy of the SQLite file beside it, taken before rows are dropped or rewritten."""

import contextlib
import os
import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from orchd.db.migrate.progress import Deadline
from orchd.errors import MigrationError
from orchd.kit.ownership import create

KEPT = 3  # copies, the newest
PROGRESS_STEPS = 50_000  # of SQLite's machine between two looks at the clock: about a millisecond


def keep_copy(database: Path, going_to: str, deadline: Deadline) -> Path:
    """Writes `<database>.before-<going_to>.<time>` and removes the oldest copies. The caller keeps writers away."""
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    target = database.with_name(f"{database.name}.before-{going_to}.{moment}")
    partial = target.with_name(target.name + ".partial")
    for left_by_a_crash in database.parent.glob(f"{database.name}.before-*.partial"):
        left_by_a_crash.unlink()
    with contextlib.closing(sqlite3.connect(database, isolation_level=None, timeout=deadline.left())) as source:
        source.set_progress_handler(deadline.passed, PROGRESS_STEPS)
        _require_room(source, database)
        os.close(create(partial, database.stat().st_mode & 0o777))
        try:
            source.execute("VACUUM INTO ?", (str(partial),))
            _sync(partial)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    partial.rename(target)
    _sync(target.parent)
    for old in copies(database)[KEPT:]:
        old.unlink()
    return target


def copies(database: Path) -> list[Path]:
    """The copies there are, newest first."""
    found = [file for file in database.parent.glob(f"{database.name}.before-*") if file.suffix != ".partial"]
    return sorted(found, key=lambda file: file.name.rpartition(".")[2], reverse=True)


def _require_room(source: sqlite3.Connection, database: Path) -> None:
    pages, unused, size = (
        source.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    needed = (pages - unused) * size
    free = shutil.disk_usage(database.parent).free
    if free < needed * 1.1:
        raise MigrationError(
            f"A copy of the database needs {needed / 2**20:.0f} MiB in {database.parent}, where "
            f"{free / 2**20:.0f} MiB are free. Make room, or set database.migrations.backup to false."
        )


def _sync(path: Path) -> None:
    """To the disk: a file's content, or a folder's names."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
