"""Reading and renaming task runs."""

from datetime import datetime
from uuid import UUID

from msgspec import UNSET

from orchd.db import Tx
from orchd.errors import NotFound
from orchd.kit.names import random_name
from orchd.queries import task_runs as query
from orchd.wire.task_runs import TaskRun, TaskRunUpdate


def read(tx: Tx, id: UUID, now: datetime) -> TaskRun:
    """Raises NotFound."""
    found = query.by_id(tx, id, now)
    if found is None:
        raise NotFound("Task not found")
    return found


def update(tx: Tx, id: UUID, patch: TaskRunUpdate, now: datetime) -> None:
    """Renames a task run; without a name in the patch it only counts as changed. Raises NotFound."""
    name = None if patch.name is UNSET else patch.name or random_name()
    if not query.rename(tx, id, name, now):
        raise NotFound("Task run not found")
