"""Fixtures for every folder of tests: databases of both kinds, and orchd as a process."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orchd.db import migrate
from orchd.db.migrate import Place
from tests.kit.daemon import Daemon
from tests.kit.postgres import Postgres

ENGINES = ("sqlite", "postgres")


@dataclass(frozen=True)
class Elsewhere:
    """A server that somebody else runs, named by ORCHD_TEST_API."""

    api: str


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One PostgreSQL cluster for all tests of this process. It is not durable: make your own to kill it."""
    cluster = Postgres()
    yield cluster
    cluster.remove()


def _new_database(engine: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    if engine == "sqlite":
        yield f"sqlite:///{folder}/orchd.db"
        return
    cluster: Postgres = request.getfixturevalue("postgres")
    url = cluster.create_database()
    yield url
    cluster.drop_database(url)


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The url of an empty database of this test's own, on each engine in turn."""
    yield from _new_database(request.param, request, tmp_path)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the newest schema, to be copied."""
    file = tmp_path_factory.mktemp("schema") / "orchd.db"
    migrate.upgrade(Place.of(f"sqlite:///{file}"))
    return file


@pytest.fixture(params=ENGINES)
def schema_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The url of a database of this test's own with the newest schema in it, on each engine in turn."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "orchd.db")
        yield f"sqlite:///{tmp_path}/orchd.db"
        return
    cluster: Postgres = request.getfixturevalue("postgres")
    url = cluster.lend("schema", lambda fresh: migrate.upgrade(Place.of(fresh)))
    yield url
    cluster.give_back("schema", url)


@pytest.fixture(scope="session", params=ENGINES)
def daemon(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon | Elsewhere]:
    """A running orchd on each engine in turn. It is shared: a test must not count on an empty database."""
    if elsewhere := os.environ.get("ORCHD_TEST_API"):
        yield Elsewhere(elsewhere)
        return
    for url in _new_database(request.param, request, tmp_path_factory.mktemp("daemon")):
        with Daemon(url) as running:
            yield running


@pytest.fixture
def own_daemon(database_url: str) -> Iterator[Daemon]:
    """A running orchd that one test has for itself: to be killed, restarted, filled."""
    with Daemon(database_url) as running:
        yield running


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """A failed test shows the end of the log of every server it used."""
    report = yield
    if report.failed:
        for name, value in getattr(item, "funcargs", {}).items():
            if callable(tail := getattr(value, "log_tail", None)):
                report.sections.append((f"log of {name}", tail()))
    return report


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spreads tests over processes by file, so that a file's fixtures are made once; a test may name a wider group."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(str(item.path)))
