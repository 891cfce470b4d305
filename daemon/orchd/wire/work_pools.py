"""Work pools: which are meant."""

from orchd.wire.filters import IdAny, Operated, TextAny


class WorkPoolFilter(Operated, frozen=True, kw_only=True):
    """Which work pools are meant."""

    id: IdAny | None = None
    name: TextAny | None = None
    type: TextAny | None = None
