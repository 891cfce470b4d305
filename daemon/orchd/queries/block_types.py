"""Questions about block types."""

from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, exists, select, update
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT is written the same way for SQLite

from orchd.db import Statement, Tx
from orchd.db.tables import block_schema, block_type
from orchd.queries._blocks import TYPE_COLUMNS, schemas_meant, types_meant
from orchd.queries._filters import together
from orchd.wire.block_filters import BlockSchemaFilter, BlockTypeFilter
from orchd.wire.block_types import BlockType

_BY_ID = Statement(select(*TYPE_COLUMNS).where(block_type.c.id == bindparam("id")))
_BY_SLUG = Statement(select(*TYPE_COLUMNS).where(block_type.c.slug == bindparam("slug")))
_INSERT = Statement(
    insert(block_type)
    .values({c: bindparam(c.key, type_=c.type) for c in block_type.c})
    .on_conflict_do_nothing(index_elements=["slug"])
)
_DELETE = Statement(delete(block_type).where(block_type.c.id == bindparam("id")))


def by_id(tx: Tx, id: UUID) -> BlockType | None:
    """The type; None when there is none."""
    row = tx.first(_BY_ID, {"id": id})
    return None if row is None else BlockType(*row)


def by_slug(tx: Tx, slug: str) -> BlockType | None:
    """The type with this slug; None when there is none."""
    row = tx.first(_BY_SLUG, {"slug": slug})
    return None if row is None else BlockType(*row)


def insert_new(tx: Tx, values: dict[str, Any]) -> bool:
    """False when the slug is taken: the unique index decides, not an earlier read."""
    return tx.run(_INSERT, values) == 1


def change(tx: Tx, id: UUID, values: dict[str, Any]) -> None:
    """Writes these columns of a type."""
    tx.execute(update(block_type).where(block_type.c.id == id).values(values))


def remove(tx: Tx, id: UUID) -> None:
    """Deletes a type with its schemas and documents."""
    tx.run(_DELETE, {"id": id})


def page(
    tx: Tx, types: BlockTypeFilter | None, schemas: BlockSchemaFilter | None, limit: int, offset: int
) -> list[BlockType]:
    """The types that match, by name."""
    has_schema = None
    if schemas is not None:
        of_type = block_schema.c.block_type_id == block_type.c.id
        has_schema = exists(select(1).where(of_type, together(schemas_meant(schemas))))
    found = select(*TYPE_COLUMNS).where(together(types_meant(types), has_schema))
    rows: Any = tx.execute(found.order_by(block_type.c.name, block_type.c.id).limit(limit).offset(offset))
    return [BlockType(*row) for row in rows]
