"""Questions about block documents and what they refer to."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, bindparam, delete, exists, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_not

from orchd.db import Statement, Tx
from orchd.db.tables import block_document, block_document_reference, block_schema, block_type
from orchd.queries._blocks import SCHEMA_WITH_TYPE, documents_meant, schema_of, schemas_meant, types_meant
from orchd.queries._filters import Condition, together
from orchd.wire.block_documents import BlockDocumentCriteria, BlockDocumentSort
from orchd.wire.block_schemas import BlockSchema

_OWN = ("id", "created", "updated", "name", "data", "is_anonymous")
_REFERS = block_document_reference.c.parent_block_document_id == block_document.c.id


class Sealed(Struct, frozen=True):
    """A document as it is stored, with its schema and its type."""

    id: UUID
    created: Any
    updated: Any
    name: str
    data: str
    is_anonymous: bool
    refers: bool
    """Whether it refers to other documents."""
    schema: BlockSchema


class Reference(NamedTuple):
    """That a document refers to another under a key of its data."""

    parent: UUID
    name: str
    child: UUID


_ANSWERS = select(
    *(block_document.c[name] for name in _OWN), exists(select(1).where(_REFERS)).label("refers"), *SCHEMA_WITH_TYPE
).select_from(
    block_document.join(block_schema, block_schema.c.id == block_document.c.block_schema_id).join(
        block_type, block_type.c.id == block_document.c.block_type_id
    )
)
_with_id = _ANSWERS.where(block_document.c.id == bindparam("id"))
_BY_ID = Statement(_with_id)
_LOCKED = Statement(_with_id.with_for_update(of=block_document))
_EXISTS = Statement(select(block_document.c.id).where(block_document.c.id == bindparam("id")))
_BY_NAME = Statement(_ANSWERS.where(block_type.c.slug == bindparam("slug"), block_document.c.name == bindparam("name")))
_INSERT = Statement(
    insert_or_not(block_document)
    .values({c: bindparam(c.key, type_=c.type) for c in block_document.c})
    .on_conflict_do_nothing(index_elements=["block_type_id", "name"])
)
_INSERT_REFERENCE = Statement(insert(block_document_reference))
_DELETE_REFERENCES = Statement(
    delete(block_document_reference).where(block_document_reference.c.parent_block_document_id == bindparam("id"))
)
_DELETE = Statement(delete(block_document).where(block_document.c.id == bindparam("id")))
_ORDERS: dict[BlockDocumentSort, list[ColumnElement[Any]]] = {
    BlockDocumentSort.NAME_ASC: [block_document.c.name.asc(), block_document.c.id],
    BlockDocumentSort.NAME_DESC: [block_document.c.name.desc(), block_document.c.id],
    BlockDocumentSort.BLOCK_TYPE_AND_NAME_ASC: [block_type.c.name.asc(), block_document.c.name.asc()],
}


def by_id(tx: Tx, id: UUID, *, locked: bool = False) -> Sealed | None:
    """The document; None when there is none. `locked`: nobody else changes it until this transaction ends."""
    row = tx.first(_LOCKED if locked else _BY_ID, {"id": id})
    return None if row is None else _sealed(row)


def exists_with(tx: Tx, id: UUID) -> bool:
    """Whether there is such a document."""
    return tx.first(_EXISTS, {"id": id}) is not None


def by_name(tx: Tx, slug: str, name: str) -> Sealed | None:
    """The document of a type by its name; None when there is none."""
    row = tx.first(_BY_NAME, {"slug": slug, "name": name})
    return None if row is None else _sealed(row)


def by_ids(tx: Tx, ids: Iterable[UUID]) -> list[Sealed]:
    """These documents, in no order."""
    return _fetched(tx, _ANSWERS.where(block_document.c.id.in_(list(ids))))


def page(tx: Tx, asked: BlockDocumentCriteria, sort: BlockDocumentSort, limit: int, offset: int) -> list[Sealed]:
    """The documents that match, in order."""
    return _fetched(tx, _ANSWERS.where(_meant(asked)).order_by(*_ORDERS[sort]).limit(limit).offset(offset))


def count(tx: Tx, asked: BlockDocumentCriteria) -> int:
    """How many documents match."""
    return int(tx.execute(_ANSWERS.where(_meant(asked)).with_only_columns(func.count())).scalar_one())


def named_of_type(tx: Tx, slug: str) -> list[Sealed]:
    """The documents of a type that are not anonymous, by name."""
    meant = together(block_type.c.slug == slug, block_document.c.is_anonymous.is_(False))
    return _fetched(tx, _ANSWERS.where(meant).order_by(block_document.c.name))


def references_below(tx: Tx, ids: Sequence[UUID]) -> list[Reference]:
    """Every reference that can be reached from these documents."""
    columns = block_document_reference.c
    edges = (
        select(columns.parent_block_document_id, columns.name, columns.reference_block_document_id)
        .where(columns.parent_block_document_id.in_(ids))
        .cte("edges", recursive=True)
    )
    further = select(columns.parent_block_document_id, columns.name, columns.reference_block_document_id).join(
        edges, edges.c.reference_block_document_id == columns.parent_block_document_id
    )
    rows: Any = tx.execute(select(edges.union(further)))
    return [Reference(*row) for row in rows]


def insert_new(tx: Tx, values: dict[str, Any]) -> bool:
    """False when the type has a document of that name."""
    return tx.run(_INSERT, values) == 1


def insert_references(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """What a document refers to. Raises Conflict when there is no such document."""
    if rows:
        tx.run_many(_INSERT_REFERENCE, rows)


def remove_references(tx: Tx, id: UUID) -> None:
    """Forgets what a document refers to."""
    tx.run(_DELETE_REFERENCES, {"id": id})


def change(tx: Tx, id: UUID, values: dict[str, Any]) -> None:
    """Writes these columns of a document."""
    tx.execute(update(block_document).where(block_document.c.id == id).values(values))


def remove(tx: Tx, id: UUID) -> None:
    """Deletes a document; what refers to it loses the key."""
    tx.run(_DELETE, {"id": id})


def _meant(asked: BlockDocumentCriteria) -> Condition:
    return together(
        documents_meant(asked.block_documents), types_meant(asked.block_types), schemas_meant(asked.block_schemas)
    )


def _fetched(tx: Tx, asked: Select[Any]) -> list[Sealed]:
    rows: Any = tx.execute(asked)
    return [_sealed(row) for row in rows]


def _sealed(row: Sequence[Any]) -> Sealed:
    own = len(_OWN) + 1
    values = (*row[:own], schema_of(row[own:]))
    return Sealed(*values)
