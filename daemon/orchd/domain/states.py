"""Looking states up by their ids."""

from uuid import UUID

from orchd.db import Tx
from orchd.errors import NotFound
from orchd.queries import states as query
from orchd.wire.states import State

MISSING = "Flow run state not found"  # the text that clients know, for states of task runs too


def of_flow_runs(tx: Tx, id: UUID) -> State:
    """A flow run's state. Raises NotFound."""
    return _found(query.flow_run_state_by_id(tx, id))


def of_task_runs(tx: Tx, id: UUID) -> State:
    """A task run's state. Raises NotFound."""
    return _found(query.task_run_state_by_id(tx, id))


def _found(state: State | None) -> State:
    if state is None:
        raise NotFound(MISSING)
    return state
