"""What every request can reach."""

import asyncio
import contextlib
from datetime import datetime
from typing import Any, Generic, TypeVar

from aiohttp import web
from msgspec import UNSET, Struct

from orchd.config.settings import Settings
from orchd.db import Database
from orchd.domain.lifecycle import Lifecycle
from orchd.errors import Invalid
from orchd.kit.clock import utc_now
from orchd.kit.jsontext import encode

T = TypeVar("T")


class Context(Struct):
    """The parts that the edges share. `settings` is replaced whole by a reload; `db` by a reset of the database."""

    settings: Settings
    db: Database
    lifecycle: Lifecycle
    under_way: int = 0
    """Requests that are being answered now."""

    async def quiet(self, seconds: float) -> None:
        """Waits until no request is under way, at most so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.under_way:  # noqa: ASYNC110  (an event would be set thousands of times a second for nobody)
                    await asyncio.sleep(0.01)


class Call:
    """One request on its way: the context, the raw request, and the moment that counts as its time."""

    __slots__ = ("context", "now", "request")

    def __init__(self, context: Context, request: web.Request) -> None:
        self.context = context
        self.request = request
        self.now: datetime = utc_now()

    @property
    def db(self) -> Database:
        return self.context.db

    @property
    def settings(self) -> Settings:
        return self.context.settings

    def limit(self, asked: int | None) -> int:
        """The page size to use. Raises Invalid outside 0..server.limits.page."""
        largest = self.settings.server.limits.page
        if asked is None:
            return largest
        if asked < 0:
            raise Invalid("Invalid limit: must be greater than or equal to 0.")
        if asked > largest:
            raise Invalid(f"Invalid limit: must be less than or equal to {largest}.")
        return asked

    def bound_parameters(self, parameters: Any) -> None:
        """Raises Invalid when parameters are larger than server.limits.parameter_size, as compact JSON."""
        most = self.settings.server.limits.parameter_size
        if parameters is not UNSET and len(encode(parameters)) > most:
            raise Invalid(f"Parameters are larger than {most} bytes (server.limits.parameter_size).")


class Reply(Struct, Generic[T], frozen=True):
    """An answer whose status or headers are not the operation's usual ones."""

    body: T
    status: int | None = None
    headers: dict[str, str] = {}
    content_type: str = "application/json"
