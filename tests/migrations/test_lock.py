"""Several servers on one database, and servers that are killed."""

from datetime import timedelta
from pathlib import Path

import pytest

from orchd.db.migrate import Place, Status, check, history, upgrade
from orchd.errors import MigrationError
from tests.kit.postgres import Postgres
from tests.migrations import added as some
from tests.migrations.added import FIRST, SECOND, Steps
from tests.migrations.filling import fill
from tests.migrations.looking import query, rows_of, schema_of
from tests.migrations.processes import Server, until

REVISIONS = [step.revision for step in history()]


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """A file that is made when the waiting step has begun."""
    return tmp_path / "begun"


@pytest.fixture
def go(tmp_path: Path) -> Path:
    """A file that lets the waiting step end."""
    return tmp_path / "go"


def test_two_servers_at_once_take_each_step_once(place: Place) -> None:
    servers = [Server(place), Server(place)]
    assert sorted(server.took() for server in servers) == [[], REVISIONS]


def test_a_second_server_waits_for_the_first(newer: Place, added: Steps, marker: Path, go: Path) -> None:
    added.add_waiting(marker, go)
    first = Server(newer)
    until(marker.exists)
    second = Server(newer)
    second.has_begun()
    go.touch()
    assert first.took() == [*REVISIONS, FIRST]
    assert second.took() == []


def test_waiting_for_another_server_is_bounded(newer: Place, added: Steps, marker: Path, go: Path) -> None:
    added.add_waiting(marker, go)
    first = Server(newer)
    until(marker.exists)
    with pytest.raises(MigrationError, match="Another server holds the lock"):
        upgrade(newer, timeout=timedelta(seconds=0.3))
    go.touch()
    assert first.took() == [*REVISIONS, FIRST]


def test_others_see_the_old_schema_until_all_is_done(newer: Place, added: Steps, marker: Path, go: Path) -> None:
    added.add_waiting(marker, go)
    server = Server(newer)
    until(marker.exists)
    assert check(newer).status is Status.EMPTY
    go.touch()
    server.took()
    assert check(newer).status is Status.CURRENT


def test_a_killed_migration_is_made_up_for_at_the_next_start(
    newer: Place, place: Place, added: Steps, marker: Path, go: Path
) -> None:
    upgrade(place)
    fill(place)
    before = schema_of(place), rows_of(place)
    added.add(some.ADD_COLUMN, some.DROP_COLUMN)
    added.add_waiting(marker, go)
    server = Server(newer)
    until(marker.exists)
    server.kill()
    assert (schema_of(place), rows_of(place)) == before

    go.touch()
    assert Server(newer).took() == [FIRST, SECOND]
    assert {row[-1] for row in rows_of(newer)["flow"]} == {"nobody"}
    assert query(newer, "SELECT count(*) FROM extra") == [(0,)]


def test_a_first_migration_that_was_killed_leads_to_the_same_schema(
    newer: Place, added: Steps, marker: Path, go: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    added.add_waiting(marker, go)
    server = Server(newer)
    until(marker.exists)
    server.kill()
    go.touch()
    assert Server(newer).took() == [*REVISIONS, FIRST]

    if newer.path is not None:
        fresh = Place.of(f"sqlite:///{tmp_path}/fresh.db", added.folder)
    else:
        fresh = Place.of(request.getfixturevalue("postgres").create_database(), added.folder)
    upgrade(fresh)
    assert schema_of(newer) == schema_of(fresh)


def test_the_statement_of_a_killed_server_does_not_keep_the_lock(postgres: Postgres, added: Steps) -> None:
    url = postgres.create_database()
    own = Place.of(url)
    added.add(some.ENDLESS, some.NOTHING)
    server = Server(Place.of(url, added.folder))
    until(lambda: bool(query(own, "SELECT FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)'")))
    server.kill()
    assert upgrade(own).steps == REVISIONS
