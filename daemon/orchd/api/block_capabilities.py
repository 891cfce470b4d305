"""What blocks can do."""

from orchd.api._context import Call
from orchd.api._operation import operation
from orchd.domain import block_schemas

PREFIX = "/block_capabilities"


@operation("GET", "/block_capabilities/", role="viewer")
async def read_block_capabilities(call: Call) -> list[str]:
    """All that any registered block can do."""
    return await call.db.read(block_schemas.capabilities)
