"""What a change of a block schema means, and how schemas of blocks within blocks come about."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from orchd.db import Tx
from orchd.domain.block_checksum import Fields, checksum, referenced
from orchd.errors import Conflict, Forbidden, NotFound
from orchd.kit.ids import uuid7
from orchd.kit.jsontext import decode
from orchd.queries import block_schemas as query
from orchd.queries import block_types
from orchd.wire.block_schemas import NON_VERSIONED, BlockSchema, BlockSchemaCreate

DEPTH = 50  # blocks within blocks


def read(tx: Tx, id: UUID) -> BlockSchema:
    """The schema. Raises NotFound."""
    return _found(query.by_id(tx, id))


def read_checksum(tx: Tx, content: str, version: str | None) -> BlockSchema:
    """The schema of that content, in the newest version unless one is named. Raises NotFound."""
    return _found(query.by_checksum(tx, content, version))


def create(tx: Tx, new: BlockSchemaCreate, now: datetime) -> tuple[BlockSchema, bool]:
    """A new schema, or the one of that content and version; whether it is new.

    Raises NotFound when its type is unknown, Conflict when that of a block within it is.
    """
    if block_types.by_id(tx, new.block_type_id) is None:
        raise NotFound(f"Block type {new.block_type_id} not found.")
    return _put(tx, new.fields, new.block_type_id, new.capabilities, new.version, now, DEPTH)


def delete(tx: Tx, id: UUID) -> None:
    """Deletes a schema with its documents. Raises NotFound, and Forbidden for the types of every server."""
    if read(tx, id).block_type.is_protected:
        raise Forbidden("Block schemas of protected block types cannot be deleted.")
    query.remove(tx, id)


def capabilities(tx: Tx) -> list[str]:
    """All that any block can do."""
    return sorted({each for found in query.capabilities(tx) for each in decode(found)})


def _found(schema: BlockSchema | None) -> BlockSchema:
    if schema is None:
        raise NotFound("Block schema not found")
    return schema


def _put(
    tx: Tx, fields: Fields, type_id: UUID, able: list[str], version: str, now: datetime, depth: int
) -> tuple[BlockSchema, bool]:
    content = checksum(fields)
    id = uuid7()
    times = {"created": now, "updated": now}
    shown = {"block_schema_references": {}, **fields}  # clients read the key without asking whether it is there
    row = {"checksum": content, "fields": shown, "capabilities": able, "version": version, "block_type_id": type_id}
    new = query.insert_new(tx, {"id": id, **times, **row})
    if new:
        within = [
            {"id": uuid7(), **times, "name": name, "parent_block_schema_id": id, "reference_block_schema_id": child}
            for name, child in _within(tx, fields, now, depth)
        ]
        query.insert_references(tx, within)
    return read_checksum(tx, content, version), new


def _within(tx: Tx, fields: Fields, now: datetime, depth: int) -> Iterator[tuple[str, UUID]]:
    """The schema of each block within a block. One that is not registered is made from the definitions."""
    if depth == 0:
        raise Conflict(f"Blocks are nested deeper than {DEPTH}.")
    references = fields.get("block_schema_references")
    for name, given in (references if isinstance(references, dict) else {}).items():
        for each in given if isinstance(given, list) else [given]:
            slug, content = _named(each)
            child = query.by_checksum(tx, content, None)
            yield name, _from_definitions(tx, fields, slug, now, depth).id if child is None else child.id


def _named(reference: Any) -> tuple[str, str]:
    if isinstance(reference, dict):
        slug, content = reference.get("block_type_slug"), reference.get("block_schema_checksum")
        if isinstance(slug, str) and isinstance(content, str):
            return slug, content
    raise Conflict("A reference to a block schema needs block_type_slug and block_schema_checksum.")


def _from_definitions(tx: Tx, fields: Fields, slug: str, now: datetime, depth: int) -> BlockSchema:
    definitions = fields.get("definitions")
    known: Fields = definitions if isinstance(definitions, dict) else {}
    child = next((e for e in known.values() if isinstance(e, dict) and e.get("block_type_slug") == slug), None)
    kind = block_types.by_slug(tx, slug)
    if child is None or kind is None:
        raise Conflict(f"The block type or block schema {slug!r} of a block within this one is not registered.")
    needed = _needed(child, known)
    own = {**child, "definitions": needed} if needed else child
    return _put(tx, own, kind.id, [], NON_VERSIONED, now, depth - 1)[0]


def _needed(fields: Fields, known: Fields) -> Fields:
    """The definitions that a definition refers to, and those that these refer to."""
    wanted, fresh = set[str](), referenced(fields)
    while fresh:
        wanted |= fresh
        fresh = {name for each in fresh if each in known for name in referenced(known[each])} - wanted
    return {name: each for name, each in known.items() if name in wanted}
