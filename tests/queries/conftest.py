"""The same fixtures as the API's, and rows put straight into the tables."""

import pytest

from orchd.db import Database
from tests.api.conftest import Api, api, db, settings
from tests.kit.rows import Rows

__all__ = ["Api", "api", "db", "settings"]


@pytest.fixture
def rows(db: Database) -> Rows:
    return Rows(db)
