"""What the questions about block types, schemas and documents share."""

from collections.abc import Sequence
from typing import Any

from orchd.db.tables import block_document, block_schema, block_type
from orchd.queries import _filters as filters
from orchd.queries._filters import Condition
from orchd.queries._functions import HasAll
from orchd.wire.block_filters import BlockDocumentFilter, BlockSchemaFilter, BlockTypeFilter
from orchd.wire.block_schemas import BlockSchema
from orchd.wire.block_types import BlockType

TYPE_COLUMNS = [block_type.c[name] for name in BlockType.__struct_fields__]
SCHEMA_COLUMNS = [block_schema.c[name] for name in BlockSchema.__struct_fields__ if name != "block_type"]
SCHEMA_WITH_TYPE = [*SCHEMA_COLUMNS, *TYPE_COLUMNS]
_OWN = len(SCHEMA_COLUMNS)


def schema_of(row: Sequence[Any]) -> BlockSchema:
    """The schema in a row of `SCHEMA_WITH_TYPE`."""
    values = (*row[:_OWN], BlockType(*row[_OWN:]))
    return BlockSchema(*values)


def types_meant(asked: BlockTypeFilter | None) -> Condition | None:
    """Conditions on the table of types."""
    if asked is None:
        return None
    return filters.together(
        None if asked.name is None else filters.like(block_type.c.name, asked.name.like_),
        filters.only_among(block_type.c.slug, asked.slug),
    )


def schemas_meant(asked: BlockSchemaFilter | None) -> Condition | None:
    """Conditions on the table of schemas."""
    if asked is None:
        return None
    able = asked.block_capabilities
    return filters.joined(
        asked.operator,
        [
            filters.only_among(block_schema.c.block_type_id, asked.block_type_id),
            HasAll(block_schema.c.capabilities, able.all_) if able is not None and able.all_ else None,
            filters.only_among(block_schema.c.id, asked.id),
            filters.only_among(block_schema.c.version, asked.version),
        ],
    )


def documents_meant(asked: BlockDocumentFilter | None) -> Condition:
    """Conditions on the table of documents."""
    asked = asked or BlockDocumentFilter()
    anonymous = None if asked.is_anonymous is None else asked.is_anonymous.eq_
    return filters.joined(
        asked.operator,
        [
            filters.only_among(block_document.c.id, asked.id),
            None if anonymous is None else block_document.c.is_anonymous.is_(anonymous),
            filters.only_among(block_document.c.block_type_id, asked.block_type_id),
            filters.name(block_document.c.name, asked.name),
        ],
    )
