"""Before rows are dropped or rewritten, SQLite's file is copied beside itself."""

import shutil
from pathlib import Path

import pytest

from orchd.db.migrate import Place, current, downgrade, reset, upgrade
from orchd.db.migrate.backup import KEPT, copies
from orchd.errors import MigrationError
from tests.migrations import added as some
from tests.migrations.added import FIRST, NEWEST, Steps
from tests.migrations.filling import fill
from tests.migrations.looking import rows_of, schema_of


@pytest.fixture
def database(sqlite: Place) -> Path:
    """The file of a filled database at orchd's own newest revision."""
    upgrade(sqlite)
    fill(sqlite)
    assert sqlite.path is not None
    return sqlite.path


def test_a_first_start_copies_nothing(database: Path) -> None:
    assert copies(database) == []


def test_an_upgrade_that_rewrites_keeps_the_database_as_it_was(sqlite: Place, added: Steps, database: Path) -> None:
    before = schema_of(sqlite), rows_of(sqlite)
    added.add(some.LOOSEN, some.TIGHTEN, rewrites=True)
    copy = upgrade(sqlite).copy
    assert copy is not None
    assert copy.name.startswith(f"orchd.db.before-{FIRST}.")
    kept = Place.of(f"sqlite:///{copy}")
    assert (schema_of(kept), rows_of(kept)) == before
    assert current(kept) == NEWEST
    assert copy.stat().st_mode == database.stat().st_mode


def test_an_upgrade_that_only_adds_copies_nothing(sqlite: Place, added: Steps, database: Path) -> None:
    added.add(some.CREATE, some.DROP)
    assert upgrade(sqlite).copy is None
    assert copies(database) == []


@pytest.mark.parametrize("backup", [True, False])
def test_a_downgrade_and_a_reset_copy_unless_told_not_to(sqlite: Place, database: Path, backup: bool) -> None:
    before = rows_of(sqlite)
    found = [downgrade(sqlite, "-1", backup=backup).copy, reset(sqlite, backup=backup).copy]
    assert [copy is not None for copy in found] == [backup, backup]
    assert sorted(copies(database)) == sorted(copy for copy in found if copy)
    if found[0] is not None:
        assert rows_of(Place.of(f"sqlite:///{found[0]}")) == before


def test_only_the_newest_copies_are_kept(sqlite: Place, database: Path) -> None:
    made = [downgrade(sqlite, "-1").copy for _ in range(KEPT + 2)]
    assert copies(database) == made[: -KEPT - 1 : -1]


def test_what_a_crash_has_left_of_a_copy_is_removed(sqlite: Place, database: Path) -> None:
    partial = database.with_name(f"{database.name}.before-0013.20260101T000000000000Z.partial")
    partial.touch()
    downgrade(sqlite, "-1")
    assert not partial.exists()


def test_without_room_for_the_copy_nothing_is_done(
    sqlite: Place, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows_of(sqlite)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(total=10, used=10, free=0))
    with pytest.raises(MigrationError, match=r"needs \d+ MiB in .*, where 0 MiB are free"):
        downgrade(sqlite, "-1")
    assert rows_of(sqlite) == before
    assert copies(database) == []


def test_postgresql_is_not_copied(newer: Place, added: Steps) -> None:
    added.add(some.LOOSEN, some.TIGHTEN, rewrites=True)
    upgrade(newer)
    assert (downgrade(newer, "-1").copy is None) == (newer.path is None)
