"""Errors as answers: one table from their types to a status and a kind."""

from orchd.errors import (
    BadRequest,
    ConfigError,
    Conflict,
    DatabaseRefused,
    Forbidden,
    Invalid,
    MigrationError,
    NotFound,
    OrchdError,
    Unavailable,
)
from orchd.wire.control import Problem

_TABLE: tuple[tuple[type[OrchdError], int, str], ...] = (
    (Forbidden, 403, "forbidden"),
    (NotFound, 404, "invalid"),
    (Conflict, 409, "conflict"),
    (ConfigError, 422, "config"),
    (Invalid, 422, "invalid"),
    (BadRequest, 422, "invalid"),
    (DatabaseRefused, 409, "database"),
    (MigrationError, 500, "migration"),
    (Unavailable, 503, "unavailable"),
)


def told(error: Exception) -> tuple[int, Problem]:
    """The HTTP status and the body. What was not foreseen is internal: the log has the rest."""
    for kind, status, name in _TABLE:
        if isinstance(error, kind):
            return status, Problem(name, error.message)  # type: ignore[arg-type]
    return 500, Problem("internal", f"The daemon failed unexpectedly ({type(error).__name__}); its log says more.")
