"""The states that flow runs went through."""

from uuid import UUID

from orchd.api._context import Call
from orchd.api._operation import operation
from orchd.domain import states
from orchd.queries import states as query
from orchd.wire.states import State

PREFIX = "/flow_run_states"


@operation("GET", "/flow_run_states/{id}", role="viewer")
async def read_flow_run_state(call: Call, id: UUID) -> State:
    """The state with this id."""
    return await call.db.read(states.of_flow_runs, id)


@operation("GET", "/flow_run_states/", role="viewer")
async def read_flow_run_states(call: Call, *, flow_run_id: UUID) -> list[State]:
    """The states of a flow run, the oldest first."""
    return await call.db.read(query.of_flow_run, flow_run_id)
