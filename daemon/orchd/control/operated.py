"""The daemon as the control socket sees it."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol

from orchd.config import Loaded
from orchd.db.migrate import Outcome, Place, Progress
from orchd.domain.lifecycle import Lifecycle

Listener = Callable[[Progress], None]


class OperatedSchema(Protocol):
    """The schema, and the ways to change it. Each runs in a thread and tells the listener where it is."""

    place: Place

    async def upgrade(self, target: str = "head", listener: Listener | None = None) -> Outcome: ...
    async def downgrade(self, target: str, listener: Listener | None = None) -> Outcome: ...
    async def reset(self, listener: Listener | None = None) -> Outcome: ...


class Operated(Protocol):
    """What the commands ask of the daemon."""

    loaded: Loaded
    lifecycle: Lifecycle
    addresses: list[str]

    @property
    def schema(self) -> OperatedSchema: ...

    def services(self) -> Sequence[Any]:
        """One report for each service, with the attributes of `wire.control.Service`."""

    async def reload(self) -> tuple[list[str], list[str]]: ...
    async def maintain(self, reason: str, work: Callable[[], Coroutine[Any, Any, Any]]) -> Any: ...
