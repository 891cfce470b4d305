"""The same databases as the API's tests, without the API."""

import pytest

from orchd.db import Database
from tests.api.conftest import db, settings
from tests.kit.rows import Rows

__all__ = ["db", "settings"]


@pytest.fixture
def rows(db: Database) -> Rows:
    return Rows(db)
