"""Creating flow runs and moving them between states."""

from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

from msgspec import Struct

from orchd.db import Tx, Write
from orchd.domain import events
from orchd.domain.events import Named
from orchd.domain.retry_policies import completed
from orchd.domain.transitions import (
    Asker,
    Outcome,
    mirrored,
    named,
    put_flow_run,
    result_artifact,
    run_values,
    state_values,
)
from orchd.errors import Conflict, NotFound, OrchdError
from orchd.kit.ids import uuid7
from orchd.kit.jsontext import Raw, decode, encode
from orchd.kit.names import random_name
from orchd.orchestration.bookkeeping import mirror
from orchd.orchestration.decision import Decision
from orchd.orchestration.facts import Facts, Kind, Run
from orchd.orchestration.policy import MINIMAL_FLOW
from orchd.orchestration.transition import Transition, proposed
from orchd.orchestration.walk import decide
from orchd.queries import flow_runs as read
from orchd.queries import run_creation as query
from orchd.queries import transitions
from orchd.queries.run_creation import DeploymentRow, FlowRow, ParentRow, QueueRow
from orchd.wire.flow_runs import CreatedBy, FlowRun, FlowRunCreate
from orchd.wire.run_lists import FlowRunStateSet
from orchd.wire.states import State, StateCreate, StateType

_NULL_POLICY = Raw(b"{}")


class Created(NamedTuple):
    """A flow run, and whether it is new."""

    run: FlowRun
    new: bool


class Surroundings(Struct, frozen=True):
    """What a new run hangs on."""

    flow: FlowRow
    deployment: DeploymentRow | None = None
    queue: QueueRow | None = None
    parent: ParentRow | None = None


def set_state(tx: Tx, id: UUID, new: StateCreate, force: bool, asker: Asker) -> Outcome:
    """Proposes a state for a flow run. Raises ObjectMissing for an unknown run."""
    return put_flow_run(tx, id, proposed(new, asker.now), asker, force=force)


def set_state_or_say_why(tx: Tx, id: UUID, new: StateCreate, force: bool, asker: Asker) -> FlowRunStateSet:
    """The same among others: a run that is gone by now, or a broken rule, is told as ABORT."""
    try:
        result = set_state(tx, id, new, force, asker).result
    except OrchdError as error:
        details = {"type": "abort_details", "reason": error.message}
        return FlowRunStateSet(flow_run_id=id, status="ABORT", state=None, details=details)
    state = cast("State | None", result.state)
    return FlowRunStateSet(flow_run_id=id, status=result.status, state=state, details=result.details)


def create(tx: Tx, new: FlowRunCreate, asker: Asker, by: CreatedBy | None = None) -> Created:
    """Creates a flow run, or finds the one that the same idempotency key has made before. `by`: whoever makes it.

    Raises Conflict for an unknown flow or parent, NotFound for an unknown pool or queue.
    """
    around = _surroundings(tx, new)
    key = new.idempotency_key
    if key is not None and (found := _known(tx, new.flow_id, key, asker.now)):
        return found
    return insert(tx, new, around, asker, {"created_by": by})


def insert(
    tx: Tx, new: FlowRunCreate, around: Surroundings, asker: Asker, extra: dict[str, Any] | None = None
) -> Created:
    """Writes a new run with its initial state. `extra`: columns that only a deployment or a service sets."""
    values = {**_columns(new, around, asker.now), **(extra or {})}
    decision = _initial(values, new.state, asker)
    writes: list[Write] = []
    if decision is not None and decision.state is not None and decision.run is not None:
        values.update(run_values(Raw(encode(values["empirical_policy"])), decision.state, decision.run, asker.now))
        writes = [
            transitions.insert_flow_run_state({"flow_run_id": values["id"], **state_values(decision.state, asker.now)}),
            *result_artifact(decision.state, asker.now),
            *events.event_writes(tx, _event(values, around, decision), asker.now),
        ]
        if around.parent is not None:
            writes += mirrored(tx, around.parent.id, mirror(decision.state, values["id"]), asker)
    if new.idempotency_key is None:
        tx.run_all([query.insert_flow_run(values), *writes], last=True)
    elif query.claim_flow_run(tx, values):
        tx.run_all(writes, last=True)
    else:
        found = _known(tx, new.flow_id, new.idempotency_key, asker.now)
        if found is None:
            raise Conflict("Another run took this idempotency key and is not visible yet; ask again.")
        return found
    pool = around.queue
    run = read.from_values(
        values, pool.work_pool_id if pool else None, pool.work_pool_name if pool else None, asker.now
    )
    return Created(run, new=True)


def _known(tx: Tx, flow_id: UUID, key: str, now: datetime) -> Created | None:
    id = query.flow_run_by_key(tx, flow_id, key)
    run = read.by_id(tx, id, now) if id is not None else None
    return None if run is None else Created(run, new=False)


def _surroundings(tx: Tx, new: FlowRunCreate) -> Surroundings:
    flow = query.flow_of(tx, new.flow_id)
    if flow is None:
        raise Conflict(f"Flow {new.flow_id} does not exist.")
    deployment = query.deployment_of(tx, new.deployment_id) if new.deployment_id else None
    parent = query.parent_of(tx, new.parent_task_run_id) if new.parent_task_run_id else None
    if new.parent_task_run_id and parent is None:
        raise Conflict(f"Task run {new.parent_task_run_id}, named as the parent, does not exist.")
    return Surroundings(flow, deployment, _queue(tx, new, deployment), parent)


def _queue(tx: Tx, new: FlowRunCreate, deployment: DeploymentRow | None) -> QueueRow | None:
    if new.work_pool_name:
        found = query.queue_named(tx, new.work_pool_name, new.work_queue_name)
        if found is None:
            where = f"work queue {new.work_queue_name!r} of " if new.work_queue_name else ""
            raise NotFound(f"There is no {where}work pool {new.work_pool_name!r}.")
        return found
    if deployment is not None and deployment.work_queue_id is not None:
        return query.queue_of(tx, deployment.work_queue_id)
    return None


def _columns(new: FlowRunCreate, around: Surroundings, now: datetime) -> dict[str, Any]:
    """The row of a run that has no state yet."""
    labels = {**decode(around.flow.labels), **_of_deployment(around.deployment), "prefect.flow.id": str(new.flow_id)}
    queue = around.queue
    return {
        "id": uuid7(),
        "created": now,
        "updated": now,
        "flow_id": new.flow_id,
        "deployment_id": new.deployment_id,
        "deployment_version": around.deployment.version if around.deployment else None,
        "work_queue_id": queue.id if queue else None,
        "work_queue_name": queue.name if queue else new.work_queue_name,
        "flow_version": new.flow_version,
        "parameters": new.parameters,
        "idempotency_key": new.idempotency_key,
        "context": new.context,
        "parent_task_run_id": new.parent_task_run_id,
        "auto_scheduled": False,
        "infrastructure_document_id": new.infrastructure_document_id,
        "infrastructure_pid": None,
        "created_by": None,
        "job_variables": new.job_variables or {},
        "name": new.name or random_name(),
        "tags": new.tags,
        "labels": {**labels, **(new.labels or {})},
        "empirical_policy": completed(new.empirical_policy),
        "run_count": 0,
        "expected_start_time": None,
        "next_scheduled_start_time": None,
        "start_time": None,
        "end_time": None,
        "total_run_time": 0.0,
        "state_id": None,
        "state_type": None,
        "state_name": None,
        "state_timestamp": None,
        "state": None,
        "schedule_id": None,
    }


def _of_deployment(row: DeploymentRow | None) -> dict[str, Any]:
    return {} if row is None else {**decode(row.labels), "prefect.deployment.id": str(row.id)}


def _initial(values: dict[str, Any], state: StateCreate | None, asker: Asker) -> Decision:
    """The fate of the initial state, which no rule but the smallest set stands against."""
    run = Run(
        kind=Kind.FLOW,
        id=values["id"],
        deployment_id=values["deployment_id"],
        parent_task_run_id=values["parent_task_run_id"],
    )
    asked = Transition(None, proposed(state or StateCreate(type=StateType.PENDING), asker.now))
    return decide(MINIMAL_FLOW, asked, Facts(now=asker.now, new_id=uuid7(), run=run))


def _event(values: dict[str, Any], around: Surroundings, decision: Decision) -> Any:
    assert decision.state is not None
    assert decision.run is not None
    tags = set(values["tags"]) | set(decode(around.flow.tags))
    for other in (around.deployment, around.parent):
        if other is not None:
            tags |= set(decode(other.tags))
    queue = around.queue
    related = events.flow_run_related(
        flow=Named(around.flow.id, around.flow.name),
        deployment=named(around.deployment.id, around.deployment.name) if around.deployment else None,
        work_queue=Named(queue.id, queue.name) if queue else None,
        work_pool=Named(queue.work_pool_id, queue.work_pool_name) if queue else None,
        work_pool_type=queue.work_pool_type if queue else None,
        task_run=Named(around.parent.id, around.parent.name) if around.parent else None,
        tags=tags,
    )
    run = Named(values["id"], values["name"])
    return events.flow_run_state(run, decision.run.run_count, decision.state, None, related)
