"""Settings of the server that clients read, and the one that they change."""

from orchd.api._context import Call
from orchd.api._operation import operation
from orchd.domain import client_settings, result_storage
from orchd.wire.base import JsonObject
from orchd.wire.block_documents import ResultStorage, ResultStorageUpdate

PREFIX = "/admin"


@operation("GET", "/admin/settings", role="viewer")
async def read_settings(call: Call) -> JsonObject:
    """The settings that orchd has in common with other servers of this API, by the names that clients know."""
    return client_settings.shown(call.settings)


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
