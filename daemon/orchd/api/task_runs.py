"""Task runs: the steps of flow runs. Prefix: /task_runs."""

from uuid import UUID

from orchd.api._asking import asker, created, orchestrated
from orchd.api._context import Call, Reply
from orchd.api._operation import operation
from orchd.domain import task_runs
from orchd.wire.states import SetState
from orchd.wire.task_runs import TaskRunCreate

PREFIX = "/task_runs"


# Creation and states


@operation("POST", "/task_runs/", status=201, role="worker")
async def create_task_run(call: Call, body: TaskRunCreate) -> Reply:
    """Create a task run; 200 and the earlier one when its keys are known."""
    return created(await call.db.write(task_runs.create, body, asker(call)))


@operation("POST", "/task_runs/{id}/set_state", status=201, role="worker")
async def set_task_run_state(call: Call, id: UUID, body: SetState) -> Reply:
    """Propose a state. What became of it stands in the answer; 200 when nothing was stored."""
    return orchestrated(await call.db.write(task_runs.set_state, id, body.state, bool(body.force), asker(call)))
