"""Daemons to operate."""

from collections.abc import Iterator

import pytest

from tests.kit.daemon import Daemon


@pytest.fixture(scope="module")
def idle() -> Iterator[Daemon]:
    """A daemon that the tests of a module share, and leave as it is."""
    with Daemon() as running:
        yield running


@pytest.fixture
def own() -> Iterator[Daemon]:
    """A daemon that one test has for itself, on SQLite."""
    with Daemon() as running:
        yield running


@pytest.fixture
def stopped() -> Iterator[Daemon]:
    """A daemon that has run and was stopped: its database is there."""
    with Daemon() as running:
        running.stop()
        yield running
