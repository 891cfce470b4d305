"""Block schemas: what the fields of a block of some type are, in each version of its class."""

from orchd.wire.base import UUID, Answer, Body, JsonObject, Limit, Offset, datetime
from orchd.wire.block_filters import BlockSchemaFilter
from orchd.wire.block_types import BlockType

NON_VERSIONED = "non-versioned"


class BlockSchema(Answer, frozen=True, kw_only=False):
    """A schema, with its type. Built from rows by position: the fields' order is that of the query's columns."""

    id: UUID
    created: datetime
    updated: datetime
    checksum: str
    fields: JsonObject
    block_type_id: UUID
    capabilities: list[str]
    version: str
    block_type: BlockType


class BlockSchemaCreate(Body, frozen=True, kw_only=True):
    """A new schema, or the one of the same content and version."""

    fields: JsonObject = {}
    block_type_id: UUID
    capabilities: list[str] = []
    version: str = NON_VERSIONED


class BlockSchemaList(Body, frozen=True, kw_only=True):
    """Body of `filter`."""

    block_schemas: BlockSchemaFilter | None = None
    limit: Limit | None = None
    offset: Offset | None = None
