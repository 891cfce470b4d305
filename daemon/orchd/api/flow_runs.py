"""Flow runs: what happens once, and how it went. Prefix: /flow_runs."""

from uuid import UUID

from orchd.api._asking import asker, created, orchestrated
from orchd.api._context import Call, Reply
from orchd.api._operation import operation
from orchd.domain import flow_runs, resuming
from orchd.wire.flow_runs import FlowRunCreate, ResumeFlowRun
from orchd.wire.states import SetState

PREFIX = "/flow_runs"


# Creation and states


@operation("POST", "/flow_runs/", status=201, role="worker")
async def create_flow_run(call: Call, body: FlowRunCreate) -> Reply:
    """Create a flow run; 200 and the earlier one when the idempotency key is known."""
    return created(await call.db.write(flow_runs.create, body, asker(call)))


@operation("POST", "/flow_runs/{id}/set_state", status=201, role="worker")
async def set_flow_run_state(call: Call, id: UUID, body: SetState) -> Reply:
    """Propose a state. What became of it stands in the answer; 200 when nothing was stored."""
    return orchestrated(await call.db.write(flow_runs.set_state, id, body.state, bool(body.force), asker(call)))


@operation("POST", "/flow_runs/{id}/resume", status=201, role="operator")
async def resume_flow_run(call: Call, id: UUID, body: ResumeFlowRun) -> Reply:
    """Let a paused or suspended run go on."""
    return orchestrated(await call.db.write(resuming.resume, id, body.run_input, asker(call)))
