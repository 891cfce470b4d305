"""Block documents."""

from uuid import UUID

from orchd.api._context import Call
from orchd.api._operation import operation
from orchd.domain import block_documents
from orchd.domain.block_documents import Opening
from orchd.domain.secrets import vault
from orchd.queries import block_documents as query
from orchd.wire.block_documents import (
    BlockDocument,
    BlockDocumentCreate,
    BlockDocumentCriteria,
    BlockDocumentList,
    BlockDocumentUpdate,
)

PREFIX = "/block_documents"


@operation("POST", "/block_documents/", role="worker", status=201)
async def create_block_document(call: Call, body: BlockDocumentCreate) -> BlockDocument:
    """Stores a document, sealed; the answer masks its secrets."""
    return await call.db.write(block_documents.create, body, vault(call.settings), call.now)


@operation("POST", "/block_documents/filter", role="worker")
async def read_block_documents(call: Call, body: BlockDocumentList) -> list[BlockDocument]:
    """The documents that match."""
    how = Opening(vault(call.settings), bool(body.include_secrets))
    return await call.db.read(block_documents.page, body, call.limit(body.limit), how)


@operation("POST", "/block_documents/count", role="viewer")
async def count_block_documents(call: Call, body: BlockDocumentCriteria) -> int:
    """How many documents match."""
    return await call.db.read(query.count, body)


@operation("GET", "/block_documents/{id}", role="worker")
async def read_block_document(call: Call, id: UUID, *, include_secrets: bool = False) -> BlockDocument:
    """The document with this id."""
    return await call.db.read(block_documents.read, id, Opening(vault(call.settings), include_secrets))


@operation("PATCH", "/block_documents/{id}", role="worker", status=204)
async def update_block_document(call: Call, id: UUID, body: BlockDocumentUpdate) -> None:
    """Changes the data of a document; the mask stands for the secret that is stored."""
    await call.db.write(block_documents.update, id, body, vault(call.settings), call.now)


@operation("DELETE", "/block_documents/{id}", role="operator", status=204)
async def delete_block_document(call: Call, id: UUID) -> None:
    """Deletes a document."""
    await call.db.write(block_documents.delete, id, vault(call.settings), call.now)
