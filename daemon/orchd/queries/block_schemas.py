"""Questions about block schemas."""

from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.dialects.postgresql import insert as insert_or_not

from orchd.db import Statement, Tx
from orchd.db.tables import block_schema, block_schema_reference, block_type
from orchd.kit.jsontext import Raw
from orchd.queries._blocks import SCHEMA_WITH_TYPE, schema_of, schemas_meant
from orchd.queries._filters import together
from orchd.wire.block_filters import BlockSchemaFilter
from orchd.wire.block_schemas import BlockSchema

_ANSWERS = select(*SCHEMA_WITH_TYPE).select_from(
    block_schema.join(block_type, block_type.c.id == block_schema.c.block_type_id)
)
_NEWEST_FIRST = (block_schema.c.created.desc(), block_schema.c.id.desc())
_BY_ID = Statement(_ANSWERS.where(block_schema.c.id == bindparam("id")))
_with_checksum = _ANSWERS.where(block_schema.c.checksum == bindparam("checksum")).order_by(*_NEWEST_FIRST).limit(1)
_BY_CHECKSUM = Statement(_with_checksum)
_BY_VERSION = Statement(_with_checksum.where(block_schema.c.version == bindparam("version")))
_INSERT = Statement(
    insert_or_not(block_schema)
    .values({c: bindparam(c.key, type_=c.type) for c in block_schema.c})
    .on_conflict_do_nothing(index_elements=["checksum", "version"])
)
_INSERT_REFERENCE = Statement(insert(block_schema_reference))
_DELETE = Statement(delete(block_schema).where(block_schema.c.id == bindparam("id")))
_CAPABILITIES = Statement(select(block_schema.c.capabilities).distinct())


def by_id(tx: Tx, id: UUID) -> BlockSchema | None:
    """The schema with its type; None when there is none."""
    row = tx.first(_BY_ID, {"id": id})
    return None if row is None else schema_of(row)


def by_checksum(tx: Tx, checksum: str, version: str | None) -> BlockSchema | None:
    """The schema of that content in a version, in the newest without one; None when there is none."""
    if version is None:
        row = tx.first(_BY_CHECKSUM, {"checksum": checksum})
    else:
        row = tx.first(_BY_VERSION, {"checksum": checksum, "version": version})
    return None if row is None else schema_of(row)


def insert_new(tx: Tx, values: dict[str, Any]) -> bool:
    """False when there is one of that content and version."""
    return tx.run(_INSERT, values) == 1


def insert_references(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """Which schemas a schema is built with."""
    if rows:
        tx.run_many(_INSERT_REFERENCE, rows)


def remove(tx: Tx, id: UUID) -> None:
    """Deletes a schema with its documents."""
    tx.run(_DELETE, {"id": id})


def page(tx: Tx, asked: BlockSchemaFilter | None, limit: int, offset: int) -> list[BlockSchema]:
    """The schemas that match, the newest first."""
    found = _ANSWERS.where(together(schemas_meant(asked))).order_by(*_NEWEST_FIRST)
    rows: Any = tx.execute(found.limit(limit).offset(offset))
    return [schema_of(row) for row in rows]


def capabilities(tx: Tx) -> list[Raw]:
    """Every set of capabilities that some schema has."""
    return [row[0] for row in tx.fetch(_CAPABILITIES, {})]
