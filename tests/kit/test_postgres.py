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


def test_a_template_is_filled_once_and_copied(postgres: Postgres) -> None:
    calls: list[str] = []

    def fill(url: str) -> None:
        calls.append(url)
        postgres.sql("CREATE TABLE copied (n int)", url.rpartition("/")[2])

    copies = [postgres.copy_of("with a table", fill) for _ in range(2)]
    assert len(calls) == 1
    assert [postgres.sql("SELECT count(*) FROM copied", url.rpartition("/")[2]) for url in copies] == ["0", "0"]


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
