"""A migration that fails, or takes too long, or is stopped, leaves the database as it was and says what to do."""

from datetime import timedelta

import pytest

from orchd.db.migrate import Phase, Place, Progress, current, downgrade, upgrade
from orchd.errors import MigrationError
from tests.migrations import added as some
from tests.migrations.added import FIRST, NEWEST, SECOND, Steps
from tests.migrations.filling import fill
from tests.migrations.looking import rows_of, schema_of


def test_a_failing_step_undoes_the_ones_before_it_too(newer: Place, place: Place, added: Steps) -> None:
    upgrade(place)
    fill(place)
    before = schema_of(place), rows_of(place)
    added.add(some.ADD_COLUMN, some.DROP_COLUMN)
    added.add(some.FAIL, some.NOTHING, title="Something impossible.")
    with pytest.raises(MigrationError) as failure:
        upgrade(newer)
    assert failure.value.message.startswith(f"Migration {SECOND} (Something impossible) failed: ")
    assert "no_such_column" in failure.value.message
    assert failure.value.message.endswith("Nothing was changed.")
    assert "\n" not in failure.value.message
    assert (schema_of(place), rows_of(place)) == before


def test_a_first_start_that_fails_leaves_an_empty_database(newer: Place, added: Steps) -> None:
    added.add(some.FAIL, some.NOTHING)
    with pytest.raises(MigrationError):
        upgrade(newer)
    assert schema_of(newer) == set()
    assert current(newer) is None


def test_a_step_over_the_timeout_is_cut_off(newer: Place, place: Place, added: Steps) -> None:
    upgrade(place)
    fill(place)
    before = schema_of(place), rows_of(place)
    added.add(some.ADD_COLUMN, some.DROP_COLUMN)
    added.add(some.ENDLESS, some.NOTHING, title="Something endless.")
    with pytest.raises(MigrationError) as failure:
        upgrade(newer, timeout=timedelta(seconds=2))
    assert failure.value.message == (
        f"Migration {SECOND} (Something endless) did not end within 2 s. Nothing was changed. "
        "Raise database.migrations.timeout and start again."
    )
    assert (schema_of(place), rows_of(place)) == before


def test_a_downgrade_over_the_timeout_is_cut_off(newer: Place, added: Steps) -> None:
    added.add(some.CREATE, some.LONG)
    added.add(some.NOTHING, some.NOTHING)
    upgrade(newer)
    fill(newer)
    with pytest.raises(MigrationError, match=rf"Migration {FIRST} .* did not end within 1 s"):
        downgrade(newer, NEWEST, timeout=timedelta(seconds=1))
    assert current(newer) == SECOND


def test_an_exception_from_progress_stops_it(place: Place) -> None:
    def stop_in_the_middle(at: Progress) -> None:
        if at.revision == "0005":
            raise InterruptedError("The server is stopping")

    with pytest.raises(MigrationError, match="The server is stopping"):
        upgrade(place, progress=stop_in_the_middle)
    assert schema_of(place) == set()


def test_a_broken_reference_is_not_left_behind(sqlite: Place, added: Steps) -> None:
    upgrade(sqlite)
    fill(sqlite)
    added.add('    op.execute("DELETE FROM flow")', some.NOTHING, rewrites=True)
    before = rows_of(sqlite)
    with pytest.raises(MigrationError, match=r"Rows of .* would refer to rows of flow that do not exist"):
        upgrade(sqlite)
    assert rows_of(sqlite) == before


def test_progress_names_each_step(place: Place) -> None:
    seen: list[Progress] = []
    upgrade(place, "0002", progress=seen.append)
    downgrade(place, "-1", progress=seen.append, backup=False)
    steps = [(at.phase, at.revision, at.number, at.of) for at in seen if at.revision]
    assert steps == [(Phase.APPLYING, "0001", 1, 2), (Phase.APPLYING, "0002", 2, 2), (Phase.UNDOING, "0002", 1, 1)]
    assert str(seen[1]) == "applying 0001 (1 of 2): Flows"
