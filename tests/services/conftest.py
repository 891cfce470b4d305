"""The same databases as the API's tests, for one pass of a service at a time."""

from tests.api.conftest import db, settings

__all__ = ["db", "settings"]
