"""Settings of the server that clients read and change."""

from orchd.api._context import Call
from orchd.api._operation import operation
from orchd.domain import result_storage
from orchd.wire.block_documents import ResultStorage, ResultStorageUpdate

PREFIX = "/admin"


@operation("GET", "/admin/storage", role="viewer")
async def read_result_storage(call: Call) -> ResultStorage:
    """The block with which flows store results unless they choose another; every run asks."""
    return await call.db.read(result_storage.read)


@operation("PUT", "/admin/storage", role="operator")
async def choose_result_storage(call: Call, body: ResultStorageUpdate) -> ResultStorage:
    """Chooses that block."""
    return await call.db.write(result_storage.choose, body.default_result_storage_block_id, call.now)


@operation("DELETE", "/admin/storage", role="operator", status=204)
async def clear_result_storage(call: Call) -> None:
    """Chooses none."""
    await call.db.write(result_storage.clear)
