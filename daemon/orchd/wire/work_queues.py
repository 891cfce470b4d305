"""Work queues: which are meant."""

from orchd.wire.base import Filter
from orchd.wire.filters import IdAny, Operated, Texts


class QueueName(Filter, frozen=True, kw_only=True):
    """`startswith_` lists beginnings in any case; empty, it asks nothing."""

    any_: Texts | None = None
    startswith_: Texts | None = None


class WorkQueueFilter(Operated, frozen=True, kw_only=True):
    """Which work queues are meant."""

    id: IdAny | None = None
    name: QueueName | None = None
