"""Results of tasks by their cache key."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, insert, or_, select

from orchd.db import Statement, Tx, Write
from orchd.db.tables import task_run_cache, task_run_state
from orchd.kit.ids import uuid7
from orchd.kit.jsontext import decode
from orchd.wire.states import State, StateDetails, StateType

_NEWEST = Statement(
    select(
        task_run_state.c.id,
        task_run_state.c.type,
        task_run_state.c.name,
        task_run_state.c.timestamp,
        task_run_state.c.message,
        task_run_state.c.data,
        task_run_state.c.state_details,
    )
    .select_from(task_run_cache.join(task_run_state, task_run_state.c.id == task_run_cache.c.task_run_state_id))
    .where(
        task_run_cache.c.cache_key == bindparam("key"),
        or_(
            task_run_cache.c.cache_expiration.is_(None),
            task_run_cache.c.cache_expiration > bindparam("now", type_=task_run_cache.c.cache_expiration.type),
        ),
    )
    .order_by(task_run_cache.c.created.desc())
    .limit(1)
)
_INSERT = Statement(insert(task_run_cache))
_details = msgspec.json.Decoder(StateDetails)


def newest(tx: Tx, key: str, now: datetime) -> State | None:
    """The newest state stored under a key that has not expired."""
    row = tx.first(_NEWEST, {"key": key, "now": now})
    if row is None:
        return None
    id, kind, name, timestamp, message, data, details = row
    return State(
        id=id,
        type=StateType(kind),
        name=name,
        timestamp=timestamp,
        message=message,
        data=None if data is None else decode(data),
        state_details=_details.decode(details),
    )


def write(key: str, expiration: datetime | None, state_id: UUID, now: datetime) -> Write:
    """Remembers a state under a key, until `expiration` if there is one."""
    values = {
        "id": uuid7(),
        "created": now,
        "updated": now,
        "cache_key": key,
        "cache_expiration": expiration,
        "task_run_state_id": state_id,
    }
    return Write(_INSERT, values)
