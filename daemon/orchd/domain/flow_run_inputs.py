"""What sending a value to a flow run means."""

from datetime import datetime
from uuid import UUID

from orchd.db import Tx
from orchd.errors import Conflict, NotFound
from orchd.queries import flow_run_inputs as query
from orchd.wire.flow_run_inputs import FlowRunInputCreate

MISSING = "Flow run input not found"


def create(tx: Tx, run: UUID, new: FlowRunInputCreate, now: datetime) -> None:
    """Keeps a value. Raises NotFound for an unknown run, Conflict when the key is taken: a value is never replaced."""
    if not query.run_exists(tx, run):
        raise NotFound("Flow run not found")
    if not query.insert(tx, run, new, now):
        raise Conflict("A flow run input with this key already exists.")


def value(tx: Tx, run: UUID, key: str) -> str:
    """The value as it was sent. Raises NotFound."""
    found = query.by_key(tx, run, key)
    if found is None:
        raise NotFound(MISSING)
    return found.value


def delete(tx: Tx, run: UUID, key: str) -> None:
    """Forgets a value. Raises NotFound."""
    if not query.delete_by_key(tx, run, key):
        raise NotFound(MISSING)
