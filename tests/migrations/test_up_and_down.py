"""Each step goes up and down without a trace: the same schema, the same rows."""

import pytest

from orchd.db.migrate import Place, Status, check, current, downgrade, head, history, reset, upgrade
from orchd.errors import DatabaseRefused, MigrationError
from tests.migrations import added as some
from tests.migrations.added import FIRST, NEWEST, SECOND, Steps
from tests.migrations.filling import ROWS, fill
from tests.migrations.looking import query, rows_of, schema_of

REVISIONS = [step.revision for step in history()]


def assert_up_down_up_is_the_identity(place: Place, revision: str) -> None:
    """Begins below the step, with rows in all tables."""
    fill(place)
    below = schema_of(place), rows_of(place)
    upgrade(place, revision)
    above, rows_above = schema_of(place), rows_of(place)
    fill(place)
    downgrade(place, "-1", backup=False)
    assert (schema_of(place), rows_of(place)) == below
    upgrade(place, "+1")
    assert (schema_of(place), rows_of(place)) == (above, rows_above)


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_step_up_down_up_is_the_identity(place: Place, revision: str) -> None:
    if revision != REVISIONS[0]:
        upgrade(place, REVISIONS[REVISIONS.index(revision) - 1])
    assert_up_down_up_is_the_identity(place, revision)


@pytest.mark.parametrize(
    ("up", "down"), [(some.ADD_COLUMN, some.DROP_COLUMN), (some.LOOSEN, some.TIGHTEN)], ids=["a column", "a rebuild"]
)
def test_a_step_that_rebuilds_a_table_keeps_rows_and_what_refers_to_them(
    newer: Place, added: Steps, up: str, down: str
) -> None:
    upgrade(newer)
    assert_up_down_up_is_the_identity(newer, added.add(up, down, rewrites=True))


def test_every_table_gets_rows_in_these_tests(place: Place) -> None:
    upgrade(place)
    fill(place)
    assert {len(rows) for rows in rows_of(place).values()} == {ROWS}


def test_base_is_an_empty_database(place: Place) -> None:
    upgrade(place)
    fill(place)
    done = downgrade(place, "base", backup=False)
    assert done.steps == REVISIONS[::-1]
    assert schema_of(place) == set()
    assert check(place).status is Status.EMPTY


def test_down_to_a_revision_and_up_again(place: Place) -> None:
    upgrade(place)
    downgrade(place, "0004", backup=False)
    assert current(place) == "0004"
    assert check(place).behind == len(REVISIONS) - 4
    assert upgrade(place).steps == REVISIONS[4:]


def test_an_upgrade_of_the_newest_does_nothing(place: Place) -> None:
    upgrade(place)
    assert upgrade(place).steps == []


def test_reset_leaves_the_newest_schema_without_rows(place: Place) -> None:
    upgrade(place)
    fresh = schema_of(place)
    fill(place)
    query(place, "CREATE TABLE left_over (id integer)")
    reset(place, backup=False)
    assert schema_of(place) == fresh
    assert not any(rows_of(place).values())


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("0099", "There is no revision '0099'"),
        ("-99", f"There are only {len(REVISIONS)} steps to undo, not 99."),
        ("sideways", "There is no revision 'sideways'"),
    ],
)
def test_a_downgrade_to_nowhere_is_refused(place: Place, target: str, sentence: str) -> None:
    upgrade(place)
    with pytest.raises(MigrationError, match=sentence):
        downgrade(place, target)


def test_the_wrong_direction_is_refused_with_the_right_command(place: Place) -> None:
    upgrade(place, "0004")
    with pytest.raises(MigrationError, match="`orchctl db downgrade -r 0002` goes down"):
        upgrade(place, "0002")
    with pytest.raises(MigrationError, match="`orchctl db upgrade` goes up"):
        downgrade(place, "0006")


@pytest.mark.parametrize(
    ("up", "down"),
    [(some.CREATE, some.DROP), (some.ADD_COLUMN, some.DROP_COLUMN), (some.LOOSEN, some.TIGHTEN)],
    ids=["a table", "a column", "a rebuild"],
)
def test_an_older_orchd_undoes_steps_that_it_does_not_know(
    place: Place, newer: Place, added: Steps, up: str, down: str
) -> None:
    upgrade(place)
    fill(place)
    before = schema_of(place), rows_of(place)
    added.add(up, down, rewrites=True)
    upgrade(newer)

    state = check(place)
    assert state.status is Status.AHEAD
    with pytest.raises(DatabaseRefused, match=f"orchctl --offline db downgrade -r {head()}"):
        upgrade(place)
    assert downgrade(place, head(), backup=False).steps == [FIRST]
    assert (schema_of(place), rows_of(place)) == before
    assert check(place).status is Status.CURRENT


def test_an_older_orchd_walks_back_over_known_and_unknown_steps(place: Place, newer: Place, added: Steps) -> None:
    added.add(some.ADD_COLUMN, some.DROP_COLUMN)
    added.add(some.CREATE, some.DROP)
    upgrade(newer)
    assert downgrade(place, "-3", backup=False).steps == [SECOND, FIRST, NEWEST]
    assert current(place) == REVISIONS[-2]


def test_background_task_runs_that_were_scheduled_before_there_was_a_queue_are_on_it(place: Place) -> None:
    upgrade(place, "0019")
    fill(place)
    first = "(SELECT min(name) FROM task_run)"
    deferred = """'{"state_details": {"deferred": true}}'"""
    query(place, f"UPDATE task_run SET state_type = 'SCHEDULED', state_name = 'Scheduled', state = {deferred}")
    query(place, f"UPDATE task_run SET state = '{{\"state_details\": {{}}}}' WHERE name = {first}")
    upgrade(place)
    assert query(place, "SELECT rank, holder FROM task_delivery") == [(1, None)] * (ROWS - 1)
