"""Block types."""

from uuid import UUID

from orchd.api._context import Call
from orchd.api._operation import operation
from orchd.domain import block_documents, block_types
from orchd.domain.block_documents import Opening
from orchd.domain.secrets import vault
from orchd.queries import block_types as query
from orchd.wire.block_documents import BlockDocument
from orchd.wire.block_types import BlockType, BlockTypeCreate, BlockTypeList, BlockTypeUpdate

PREFIX = "/block_types"


@operation("POST", "/block_types/", role="worker", status=201)
async def create_block_type(call: Call, body: BlockTypeCreate) -> BlockType:
    """Registers a block type."""
    return await call.db.write(block_types.create, body, call.now)


@operation("POST", "/block_types/install_system_block_types", role="operator")
async def install_system_block_types(call: Call) -> None:
    """Registers the types of every server that are missing."""
    await call.db.write(block_types.install_system, call.now)


@operation("GET", "/block_types/{id}", role="viewer")
async def read_block_type(call: Call, id: UUID) -> BlockType:
    """The type with this id."""
    return await call.db.read(block_types.read, id)


@operation("GET", "/block_types/slug/{slug}", role="viewer")
async def read_block_type_by_slug(call: Call, slug: str) -> BlockType:
    """The type with this slug; clients register it when it is not found."""
    return await call.db.read(block_types.read, slug)


@operation("POST", "/block_types/filter", role="viewer")
async def read_block_types(call: Call, body: BlockTypeList) -> list[BlockType]:
    """The types that match, by name."""
    limit = call.limit(body.limit)
    return await call.db.read(query.page, body.block_types, body.block_schemas, limit, body.offset or 0)


@operation("PATCH", "/block_types/{id}", role="worker", status=204)
async def update_block_type(call: Call, id: UUID, body: BlockTypeUpdate) -> None:
    """Changes what is shown of a type."""
    await call.db.write(block_types.update, id, body, call.now)


@operation("DELETE", "/block_types/{id}", role="operator", status=204)
async def delete_block_type(call: Call, id: UUID) -> None:
    """Deletes a type with its schemas and documents."""
    await call.db.write(block_types.delete, id, call.now)


@operation("GET", "/block_types/slug/{slug}/block_documents", role="worker")
async def read_block_documents_of_type(call: Call, slug: str, *, include_secrets: bool = False) -> list[BlockDocument]:
    """The documents of a type that are not anonymous."""
    return await call.db.read(block_documents.of_type, slug, Opening(vault(call.settings), include_secrets))


@operation("GET", "/block_types/slug/{slug}/block_documents/name/{block_document_name}", role="worker")
async def read_block_document_by_name(
    call: Call, slug: str, block_document_name: str, *, include_secrets: bool = False
) -> BlockDocument:
    """The document of a type by its name."""
    how = Opening(vault(call.settings), include_secrets)
    return await call.db.read(block_documents.read_named, slug, block_document_name, how)
