"""What a change of a block document means, and how one is put together to be read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from msgspec import UNSET

from orchd.db import Tx
from orchd.domain import block_schemas, block_types, events, masking
from orchd.domain.masking import Data
from orchd.domain.secrets import opened
from orchd.errors import BadRequest, Conflict, Invalid, NotFound
from orchd.kit.ids import uuid7
from orchd.kit.jsontext import decode, encode
from orchd.kit.vault import Vault
from orchd.queries import block_documents as query
from orchd.queries.block_documents import Sealed
from orchd.wire.block_documents import (
    BlockDocument,
    BlockDocumentCreate,
    BlockDocumentList,
    BlockDocumentSort,
    BlockDocumentUpdate,
)

DEPTH = 50  # documents within documents


class Opening(NamedTuple):
    """How documents are to be opened."""

    vault: Vault
    secrets: bool
    """Whether secrets are shown."""


def read(tx: Tx, id: UUID, how: Opening) -> BlockDocument:
    """The document. Raises NotFound."""
    return _shown(tx, [_found(query.by_id(tx, id))], how)[0]


def read_named(tx: Tx, slug: str, name: str, how: Opening) -> BlockDocument:
    """The document of a type by its name. Raises NotFound."""
    return _shown(tx, [_found(query.by_name(tx, slug, name))], how)[0]


def of_type(tx: Tx, slug: str, how: Opening) -> list[BlockDocument]:
    """The documents of a type that are not anonymous. Raises NotFound when there is no such type."""
    block_types.read(tx, slug)
    return _shown(tx, query.named_of_type(tx, slug), how)


def page(tx: Tx, asked: BlockDocumentList, limit: int, how: Opening) -> list[BlockDocument]:
    """The documents that match, in order."""
    sort = asked.sort or BlockDocumentSort.NAME_ASC
    return _shown(tx, query.page(tx, asked, sort, limit, asked.offset or 0), how)


def create(tx: Tx, new: BlockDocumentCreate, vault: Vault, now: datetime) -> BlockDocument:
    """A new document. Raises Conflict when its name is taken or a document that it refers to is unknown."""
    data, refers = _parted(new.data)
    id = uuid7()
    values = {
        "id": id,
        "created": now,
        "updated": now,
        "name": new.name or f"anonymous-{uuid4()}",
        "data": vault.seal(encode(data)),
        "is_anonymous": new.is_anonymous,
        "block_type_id": new.block_type_id,
        "block_schema_id": new.block_schema_id,
    }
    if not query.insert_new(tx, values):
        raise Conflict("Block already exists")
    query.insert_references(tx, _reference_rows(id, refers, now))
    made = read(tx, id, Opening(vault, secrets=False))
    if not made.is_anonymous:
        _tell(tx, "created", made, data, now)
    return made


def update(tx: Tx, id: UUID, patch: BlockDocumentUpdate, vault: Vault, now: datetime) -> None:
    """Changes a document. Raises NotFound, BadRequest for another type's schema or a circle of references."""
    stored = _found(query.by_id(tx, id, locked=True))
    values: dict[str, Any] = {"updated": now}
    data: Data = decode(opened(vault, stored.data, stored.name))
    if patch.data is not UNSET:
        data, refers = _merged(tx, stored, data, patch)
        values["data"] = vault.seal(encode(data))
        values.update(_schema_change(tx, stored, patch))
        query.remove_references(tx, id)
        query.insert_references(tx, _reference_rows(id, refers, now))
    query.change(tx, id, values)
    if not stored.is_anonymous:
        _tell(tx, "updated", stored, data, now)


def delete(tx: Tx, id: UUID, vault: Vault, now: datetime) -> None:
    """Deletes a document. Raises NotFound."""
    stored = _found(query.by_id(tx, id, locked=True))
    query.remove(tx, id)
    if not stored.is_anonymous:
        _tell(tx, "deleted", stored, decode(opened(vault, stored.data, stored.name)), now)


def _found(document: Sealed | None) -> Sealed:
    if document is None:
        raise NotFound("Block document not found")
    return document


def _schema_change(tx: Tx, stored: Sealed, patch: BlockDocumentUpdate) -> Data:
    wanted = patch.block_schema_id
    if wanted is UNSET or wanted is None or wanted == stored.schema.id:
        return {}
    try:
        schema = block_schemas.read(tx, wanted)
    except NotFound as error:
        raise BadRequest(f"There is no block schema {wanted}.") from error
    if schema.block_type_id != stored.schema.block_type_id:
        raise BadRequest("The schema of a block document may only change to another one of the same block type.")
    return {"block_schema_id": wanted}


def _merged(tx: Tx, stored: Sealed, present: Data, patch: BlockDocumentUpdate) -> tuple[Data, dict[str, UUID]]:
    """The new data and references of a document."""
    given: Any = patch.data
    fresh, refers = _parted(given)
    if patch.merge_existing_data:
        fresh = {**present, **masking.unmasked(fresh, present)}
        known = [each for each in query.references_below(tx, [stored.id]) if each.parent == stored.id]
        kept = {each.name: each.child for each in known if each.name not in given}
        fresh = {key: value for key, value in fresh.items() if key not in refers}
        refers = {**kept, **refers}
    _forbid_circle(tx, stored.id, list(refers.values()))
    return fresh, refers


def _forbid_circle(tx: Tx, parent: UUID, children: list[UUID]) -> None:
    if not children:
        return
    if parent in children or any(each.child == parent for each in query.references_below(tx, children)):
        raise BadRequest(f"Block document {parent} would refer to itself: this reference closes a circle.")


def _parted(data: Data) -> tuple[Data, dict[str, UUID]]:
    """Data without the references in it, and these. Raises BadRequest for a reference without an id."""
    plain, refers = dict[str, Any](), dict[str, UUID]()
    for key, value in data.items():
        if isinstance(value, dict) and isinstance(value.get("$ref"), dict):
            refers[key] = _target(key, value["$ref"])
        else:
            plain[key] = value
    return plain, refers


def _target(key: str, reference: Data) -> UUID:
    try:
        return UUID(str(reference["block_document_id"]))
    except (KeyError, ValueError) as error:
        raise BadRequest(f"Received block reference without a block_document_id in key {key}") from error


def _reference_rows(parent: UUID, refers: dict[str, UUID], now: datetime) -> list[Data]:
    return [
        {
            "id": uuid7(),
            "created": now,
            "updated": now,
            "name": name,
            "parent_block_document_id": parent,
            "reference_block_document_id": child,
        }
        for name, child in refers.items()
    ]


def _tell(tx: Tx, action: str, document: Sealed | BlockDocument, data: Data, now: datetime) -> None:
    schema = document.schema if isinstance(document, Sealed) else document.block_schema
    kind = schema.block_type
    raw: Any = schema.fields
    payload = {
        "name": document.name,
        "data": masking.plain_texts(data, masking.secret_places(raw)),
        "block_schema": {"capabilities": schema.capabilities, "block_type": {"id": kind.id, "name": kind.name}},
    }
    related = [
        events.related("block-type", "block-type", kind.id, kind.name),
        events.related("block-schema", "block-schema", schema.id),
    ]
    told = events.object_changed("block-document", action, document.id, document.name, payload, now, related)
    events.emit(tx, told, now, last=True)


# Putting together


class _Shelf(NamedTuple):
    """The documents at hand, and which refers to which."""

    documents: dict[UUID, Sealed]
    below: dict[UUID, list[tuple[str, UUID]]]


def _shown(tx: Tx, found: Sequence[Sealed], how: Opening) -> list[BlockDocument]:
    """Documents as they are answered: with the data of those that they refer to, secrets masked unless asked for."""
    shelf = _Shelf({each.id: each for each in found}, {})
    referring = [each.id for each in found if each.refers]
    if referring:
        for parent, name, child in query.references_below(tx, referring):
            shelf.below.setdefault(parent, []).append((name, child))
        missing = {child for known in shelf.below.values() for _, child in known} - shelf.documents.keys()
        shelf.documents.update({each.id: each for each in query.by_ids(tx, missing)})
    return [_answer(each, shelf, how) for each in found]


def _answer(document: Sealed, shelf: _Shelf, how: Opening) -> BlockDocument:
    schema = document.schema
    data, refers = _inlined(document, shelf, how, DEPTH)
    return BlockDocument(
        id=document.id,
        created=document.created,
        updated=document.updated,
        name=document.name,
        data=data,
        block_schema_id=schema.id,
        block_schema=schema,
        block_type_id=schema.block_type.id,
        block_type_name=schema.block_type.name,
        block_type=schema.block_type,
        block_document_references=refers,
        is_anonymous=document.is_anonymous,
    )


def _inlined(document: Sealed, shelf: _Shelf, how: Opening, depth: int) -> tuple[Data, Data]:
    """The data of a document with that of others within, and the tree of those others."""
    if depth == 0:
        raise Invalid(f"Block documents refer to each other more than {DEPTH} deep.")
    data: Data = decode(opened(how.vault, document.data, document.name))
    refers: Data = {}
    for name, id in shelf.below.get(document.id, ()):
        child = shelf.documents.get(id)
        if child is None:  # deleted a moment ago
            continue
        data[name], further = _inlined(child, shelf, how, depth - 1)
        own = {
            "id": id,
            "name": child.name,
            "block_type": child.schema.block_type,
            "is_anonymous": child.is_anonymous,
            "block_document_references": further,
        }
        refers[name] = {"block_document": own}
    raw: Any = document.schema.fields
    return (data if how.secrets else masking.masked(data, masking.secret_places(raw))), refers
