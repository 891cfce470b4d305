"""Runs of deployments: made when somebody asks, and handed to those who carry them out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from orchd.db import Tx
from orchd.domain import flow_runs, hydration, work_places
from orchd.domain.deployment_events import tell
from orchd.domain.deployment_reading import found
from orchd.domain.flow_runs import Created, Surroundings
from orchd.domain.parameter_schemas import Unusable, insist_on_job_variables, misfit
from orchd.domain.transitions import Asker
from orchd.errors import BadRequest, Conflict, Invalid, OrchdError
from orchd.kit.jsontext import decode
from orchd.queries import deployments as query
from orchd.queries import run_creation
from orchd.queries.deployments import DeploymentRow
from orchd.queries.run_creation import ParentRow, QueueRow
from orchd.wire.deployments import DeploymentFlowRunCreate, FlowRunCreateResult
from orchd.wire.flow_runs import CreatedBy, FlowRunCreate
from orchd.wire.states import StateCreate, StateType

MOST_AT_ONCE = 100


class Caller(Struct, frozen=True):
    """Who asks for a run, and what made them ask, where that is known."""

    asker: Asker
    by: CreatedBy | None = None


def create(tx: Tx, id: UUID, new: DeploymentFlowRunCreate, caller: Caller) -> Created:
    """A run of a deployment, or the one that the same idempotency key has made before.

    Raises NotFound for an unknown deployment; BadRequest, Conflict and Invalid for values that cannot be used.
    """
    row = found(query.by_id(tx, id))
    parameters = hydration.hydrated(tx, {**decode(row.parameters), **new.parameters}, "flow run parameters")
    _insist_on_parameters(row, new, parameters)
    if row.work_pool_id is not None:
        template = decode(query.template_of(tx, row.work_pool_id))
        layers = decode(row.job_variables), new.job_variables or {}
        insist_on_job_variables(template, *layers, complete=True, doing="creating flow run")
    flow = run_creation.flow_of(tx, row.flow_id)
    if flow is None:
        raise Conflict(f"Flow {row.flow_id} does not exist.")
    around = Surroundings(
        flow, run_creation.deployment_of(tx, id), _queue(tx, row, new, caller.asker.now), _parent(tx, new)
    )
    extra = {"created_by": caller.by, "labels": _labels(row, new)}
    return flow_runs.insert(tx, _run(row, new, parameters), around, caller.asker, extra)


def create_or_say_why(tx: Tx, id: UUID, new: DeploymentFlowRunCreate, caller: Caller) -> FlowRunCreateResult:
    """The same among others: what is wrong with one does not hold up the rest."""
    try:
        run = create(tx, id, new, caller).run
    except OrchdError as error:
        return FlowRunCreateResult(flow_run_id=None, status="FAILED", error=error.message)
    return FlowRunCreateResult(flow_run_id=run.id, status="CREATED", error=None)


def insist(tx: Tx, id: UUID) -> None:
    """Raises NotFound when there is no such deployment."""
    found(query.by_id(tx, id))


def polled(tx: Tx, ids: Sequence[UUID], now: datetime) -> None:
    """Somebody asks for the runs of deployments: these are ready. Told of those that were not."""
    if not ids:
        return
    for id in query.polled(tx, ids, now):
        row = query.by_id(tx, id)
        if row is not None:
            tell(tx, "ready", row, now, last=False)


def _run(row: DeploymentRow, new: DeploymentFlowRunCreate, parameters: dict[str, Any]) -> FlowRunCreate:
    return FlowRunCreate(
        flow_id=row.flow_id,
        deployment_id=row.id,
        state=new.state or StateCreate(type=StateType.SCHEDULED),
        name=new.name,
        parameters=parameters,
        context=new.context,
        parent_task_run_id=new.parent_task_run_id,
        infrastructure_document_id=new.infrastructure_document_id or row.infrastructure_document_id,
        empirical_policy=new.empirical_policy,
        tags=list(dict.fromkeys([*decode(row.tags), *new.tags])),
        idempotency_key=new.idempotency_key,
        work_queue_name=new.work_queue_name,
        job_variables=new.job_variables or {},
    )


def _labels(row: DeploymentRow, new: DeploymentFlowRunCreate) -> dict[str, Any]:
    own = {"prefect.flow.id": str(row.flow_id), "prefect.deployment.id": str(row.id)}
    return {**decode(row.labels), **own, **(new.labels or {})}


def _queue(tx: Tx, row: DeploymentRow, new: DeploymentFlowRunCreate, now: datetime) -> QueueRow | None:
    if new.work_queue_name:
        if row.work_pool_name is None:
            raise BadRequest(f"Cannot use work queue {new.work_queue_name}: the deployment has no work pool.")
        return work_places.queue_in(tx, row.work_pool_name, new.work_queue_name, now)
    return None if row.work_queue_id is None else run_creation.queue_of(tx, row.work_queue_id)


def _parent(tx: Tx, new: DeploymentFlowRunCreate) -> ParentRow | None:
    if new.parent_task_run_id is None:
        return None
    parent = run_creation.parent_of(tx, new.parent_task_run_id)
    if parent is None:
        raise Conflict(f"Task run {new.parent_task_run_id}, named as the parent, does not exist.")
    return parent


def _insist_on_parameters(row: DeploymentRow, new: DeploymentFlowRunCreate, parameters: dict[str, Any]) -> None:
    asked = new.enforce_parameter_schema
    if not (row.enforce_parameter_schema if asked is None else asked):
        return
    schema = {} if row.parameter_openapi_schema is None else decode(row.parameter_openapi_schema)
    fault = misfit(schema, parameters, complete=True)
    if isinstance(fault, Unusable):
        raise Invalid(f"The deployment's parameter schema cannot be used: {fault.reason}")
    if fault is not None:
        raise Conflict(f"Error creating flow run: {fault.text}")
