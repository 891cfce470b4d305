"""The same fixtures as the API's: services work on what clients have made."""

from tests.api.conftest import api, db, settings

__all__ = ["api", "db", "settings"]
