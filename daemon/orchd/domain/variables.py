"""What a change of a variable means."""

from datetime import datetime
from typing import Any
from uuid import UUID

from orchd.db import Tx
from orchd.domain import events
from orchd.errors import Conflict, NotFound
from orchd.kit.ids import uuid7
from orchd.queries import variables as query
from orchd.wire.base import changes
from orchd.wire.variables import Variable, VariableCreate, VariableUpdate


def read(tx: Tx, key: UUID | str) -> Variable:
    """The variable with that id or name. Raises NotFound."""
    return _found(query.by_id(tx, key) if isinstance(key, UUID) else query.by_name(tx, key))


def create(tx: Tx, new: VariableCreate, now: datetime) -> Variable:
    """A new variable. Raises Conflict when its name is taken."""
    values: dict[str, Any] = {
        "id": uuid7(),
        "created": now,
        "updated": now,
        "name": new.name,
        "value": new.value,
        "tags": new.tags,
    }
    if not query.insert_new(tx, values):
        raise Conflict(f"A variable with the name {new.name!r} already exists.")
    made = Variable(**values)
    _tell(tx, "created", made, now)
    return made


def update(tx: Tx, key: UUID | str, patch: VariableUpdate, now: datetime) -> None:
    """Changes a variable. Raises NotFound, and Conflict when the new name is another's."""
    _tell(tx, "updated", _found(query.change(tx, key, {**changes(patch), "updated": now})), now)


def delete(tx: Tx, key: UUID | str, now: datetime) -> None:
    """Deletes a variable. Raises NotFound."""
    _tell(tx, "deleted", _found(query.remove(tx, key)), now)


def _found(variable: Variable | None) -> Variable:
    if variable is None:
        raise NotFound("Variable not found.")
    return variable


def _tell(tx: Tx, action: str, variable: Variable, now: datetime) -> None:
    payload = {"name": variable.name, "value": variable.value, "tags": variable.tags}
    told = events.object_changed("variable", action, variable.id, variable.name, payload, now)
    events.emit(tx, told, now, last=True)
