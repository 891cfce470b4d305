"""The states that task runs went through."""

from uuid import UUID

from orchd.api._context import Call
from orchd.api._operation import operation
from orchd.domain import states
from orchd.queries import states as query
from orchd.wire.states import State

PREFIX = "/task_run_states"


@operation("GET", "/task_run_states/{id}", role="viewer")
async def read_task_run_state(call: Call, id: UUID) -> State:
    """The state with this id."""
    return await call.db.read(states.of_task_runs, id)


@operation("GET", "/task_run_states/", role="viewer")
async def read_task_run_states(call: Call, *, task_run_id: UUID) -> list[State]:
    """The states of a task run, the oldest first."""
    return await call.db.read(query.of_task_run, task_run_id)
