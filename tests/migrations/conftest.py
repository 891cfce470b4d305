"""A database for each test, and the steps, which a test may add to."""

import shutil
from pathlib import Path

import pytest

from orchd.db.migrate import Place
from orchd.db.migrate.place import own_steps
from tests.migrations.added import Steps


@pytest.fixture
def place(database_url: str) -> Place:
    """An empty database on each engine in turn, and orchd's own steps."""
    return Place.of(database_url)


@pytest.fixture
def added(tmp_path: Path) -> Steps:
    """A copy of orchd's steps that further ones can be added to."""
    folder = tmp_path / "versions"
    shutil.copytree(own_steps(), folder, ignore=shutil.ignore_patterns("__pycache__"))
    return Steps(folder)


@pytest.fixture
def newer(database_url: str, added: Steps) -> Place:
    """The database as an orchd with the added steps sees it."""
    return Place.of(database_url, added.folder)


@pytest.fixture
def sqlite(tmp_path: Path, added: Steps) -> Place:
    """An empty SQLite database, for what concerns only SQLite."""
    return Place.of(f"sqlite:///{tmp_path}/orchd.db", added.folder)
