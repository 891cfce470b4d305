"""The cluster that other tests stand on."""

from collections.abc import Iterator

import pytest

from tests.kit.postgres import Postgres


@pytest.fixture(scope="module")
def durable() -> Iterator[Postgres]:
    cluster = Postgres(durable=True)
    yield cluster
    cluster.remove()


def filled(cluster: Postgres) -> str:
    url = cluster.create_database()
    name = url.rpartition("/")[2]
    cluster.sql("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)", name)
    return name


def test_every_database_is_new_and_empty(postgres: Postgres) -> None:
    first, second = postgres.create_database(), postgres.create_database()
    assert first != second
    assert postgres.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", second.rpartition("/")[2]) == "0"


def test_a_lent_database_is_made_once_and_empty_again_for_the_next(postgres: Postgres) -> None:
    calls: list[str] = []

    def fill(url: str) -> None:
        calls.append(url)
        postgres.sql("CREATE TABLE used (n serial)", url.rpartition("/")[2])

    for _ in range(2):
        url = postgres.lend("with a table", fill)
        assert postgres.sql("INSERT INTO used DEFAULT VALUES RETURNING n", url.rpartition("/")[2]) == "1"
        postgres.give_back("with a table", url)
    first, second = (postgres.lend("with a table", fill) for _ in range(2))
    assert first != second
    assert len(calls) == 2


def test_committed_rows_survive_a_killed_postmaster(durable: Postgres) -> None:
    name = filled(durable)
    durable.kill9()
    durable.start()
    assert durable.sql("SELECT n FROM kept", name) == "7"
    assert "automatic recovery" in durable.log_tail(200)


def test_rows_survive_a_restart(durable: Postgres) -> None:
    name = filled(durable)
    durable.restart()
    assert durable.sql("SELECT n FROM kept", name) == "7"
