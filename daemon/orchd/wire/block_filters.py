"""Which block types, schemas and documents are meant."""

from orchd.wire.base import Filter
from orchd.wire.filters import IdAny, Name, Operated, TextAny, Texts


class NameLike(Filter, frozen=True, kw_only=True):
    like_: str | None = None


class BlockTypeFilter(Filter, frozen=True, kw_only=True):
    """Which types are meant."""

    name: NameLike | None = None
    slug: TextAny | None = None


class Capabilities(Filter, frozen=True, kw_only=True):
    """What the block can do: all of these."""

    all_: Texts | None = None


class BlockSchemaFilter(Operated, frozen=True, kw_only=True):
    """Which schemas are meant."""

    block_type_id: IdAny | None = None
    block_capabilities: Capabilities | None = None
    id: IdAny | None = None
    version: TextAny | None = None


class IsAnonymous(Filter, frozen=True, kw_only=True):
    eq_: bool | None = None


class BlockDocumentFilter(Operated, frozen=True, kw_only=True):
    """Which documents are meant: only named ones, unless `is_anonymous` says otherwise."""

    id: IdAny | None = None
    is_anonymous: IsAnonymous | None = IsAnonymous(eq_=False)
    block_type_id: IdAny | None = None
    name: Name | None = None
