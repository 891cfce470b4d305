"""Daemons to speak to."""

from collections.abc import Iterator

import pytest

from tests.kit.daemon import Daemon


@pytest.fixture(scope="module")
def idle() -> Iterator[Daemon]:
    """A daemon that the tests of a module share, and leave as it is."""
    with Daemon() as running:
        yield running
