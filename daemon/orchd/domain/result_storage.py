"""The block with which flows store their results unless they choose another one."""

from datetime import datetime
from uuid import UUID

from orchd.db import Tx
from orchd.errors import Invalid, NotFound
from orchd.kit.jsontext import decode
from orchd.queries import block_documents, configuration
from orchd.wire.block_documents import ResultStorage

KEY = "default_result_storage"
CAPABILITY = "write-path"


def read(tx: Tx) -> ResultStorage:
    """The block, or none. One that was deleted, alone or with its schema or type, is none."""
    value = configuration.value_of(tx, KEY)
    if value is None:
        return ResultStorage(default_result_storage_block_id=None)
    id = UUID(decode(value))
    return ResultStorage(default_result_storage_block_id=id if block_documents.exists_with(tx, id) else None)


def choose(tx: Tx, id: UUID, now: datetime) -> ResultStorage:
    """Chooses a block. Raises NotFound, and Invalid when blocks of its kind cannot write."""
    document = block_documents.by_id(tx, id)
    if document is None:
        raise NotFound(f"Block document {id} not found.")
    able: list[str] = decode(document.schema.capabilities)  # type: ignore[arg-type]
    if CAPABILITY not in able:
        raise Invalid(f"Block document {id} cannot be used for result storage.")
    configuration.put(tx, KEY, str(id), now)
    return ResultStorage(default_result_storage_block_id=id)


def clear(tx: Tx) -> None:
    """Chooses none."""
    configuration.remove(tx, KEY)
