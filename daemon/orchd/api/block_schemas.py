"""Block schemas."""

from uuid import UUID

from orchd.api._context import Call, Reply
from orchd.api._operation import operation
from orchd.domain import block_schemas
from orchd.queries import block_schemas as query
from orchd.wire.block_schemas import BlockSchema, BlockSchemaCreate, BlockSchemaList

PREFIX = "/block_schemas"


@operation("POST", "/block_schemas/", role="worker", status=201)
async def create_block_schema(call: Call, body: BlockSchemaCreate) -> Reply[BlockSchema]:
    """Registers a schema; 200 and the earlier one when its content and version are known."""
    made, new = await call.db.write(block_schemas.create, body, call.now)
    return Reply(made, status=201 if new else 200)


@operation("GET", "/block_schemas/{id}", role="viewer")
async def read_block_schema(call: Call, id: UUID) -> BlockSchema:
    """The schema with this id."""
    return await call.db.read(block_schemas.read, id)


@operation("GET", "/block_schemas/checksum/{checksum}", role="viewer")
async def read_block_schema_by_checksum(call: Call, checksum: str, *, version: str | None = None) -> BlockSchema:
    """The schema of this content; clients register it when it is not found."""
    return await call.db.read(block_schemas.read_checksum, checksum, version)


@operation("POST", "/block_schemas/filter", role="viewer")
async def read_block_schemas(call: Call, body: BlockSchemaList) -> list[BlockSchema]:
    """The schemas that match, the newest first."""
    return await call.db.read(query.page, body.block_schemas, call.limit(body.limit), body.offset or 0)


@operation("DELETE", "/block_schemas/{id}", role="operator", status=204)
async def delete_block_schema(call: Call, id: UUID) -> None:
    """Deletes a schema with its documents."""
    await call.db.write(block_schemas.delete, id)
