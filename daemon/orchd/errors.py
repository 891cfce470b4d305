"""What can go wrong, by meaning. Messages are for people: they name the thing and, where there is one, the remedy.

Only the edges (`api/`, `control/`, `cli`) know statuses; one table each maps these types to them.
"""

from typing import Any


class OrchdError(Exception):
    """Base of every error that orchd raises on purpose."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFound(OrchdError):
    """The object named by the caller does not exist."""


class ObjectMissing(NotFound):
    """The same, found missing below the operation itself; clients know it by another shape of the answer."""


class Conflict(OrchdError):
    """The object already exists, or its present state forbids this."""


class Invalid(OrchdError):
    """The request is well formed, but a value in it is not allowed."""


class BadRequest(OrchdError):
    """The request cannot be carried out as asked."""


class Unauthorized(OrchdError):
    """No credentials, or wrong ones."""


class Forbidden(OrchdError):
    """The caller may not do this, whoever they are."""


class Gone(OrchdError):
    """What the caller holds (a lease) is no longer theirs."""


class Locked(OrchdError):
    """No slot is free now. `retry_after` says, in seconds, when it is worth asking again."""

    def __init__(self, message: str, retry_after: float | None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(OrchdError):
    """The daemon or its database cannot serve this now; nothing was committed, so asking again is safe."""

    def __init__(self, message: str, retry_after: float = 1.0, *, maintenance: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.maintenance = maintenance


class BodyInvalid(OrchdError):
    """The body does not fit its type. `details` lists each misfit: {type, loc, msg, input}."""

    def __init__(self, message: str, details: list[dict[str, Any]]) -> None:
        super().__init__(message)
        self.details = details


class ConfigError(OrchdError):
    """The configuration does not hold; the message has one line per fault, each with its place."""


class MigrationError(OrchdError):
    """The schema could not be brought to the wanted revision; the database is as it was."""


class DatabaseRefused(OrchdError):
    """orchd will not work with this database; the message says why and what to do."""
