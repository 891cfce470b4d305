"""Changes of a flow run that are no transitions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from orchd.db import Tx
from orchd.domain import run_removal
from orchd.domain.parameter_schemas import insist_on_job_variables
from orchd.errors import BadRequest, NotFound, ObjectMissing
from orchd.kit.jsontext import decode
from orchd.kit.names import random_name
from orchd.queries import _filters as filters
from orchd.queries import deployments, flow_runs
from orchd.queries import flow_run_edits as query
from orchd.queries._filters_nouns import of_flow_run
from orchd.wire.base import Labels, changes
from orchd.wire.flow_runs import FlowRun, FlowRunFilter, FlowRunUpdate

MISSING = "Flow run not found"


def read(tx: Tx, id: UUID, now: datetime) -> FlowRun:
    """Raises NotFound."""
    found = flow_runs.by_id(tx, id, now)
    if found is None:
        raise NotFound(MISSING)
    return found


def update(tx: Tx, id: UUID, patch: FlowRunUpdate, now: datetime) -> None:
    """Changes a flow run.

    Raises NotFound; BadRequest when its job variables can no longer have an effect, Invalid when its pool has no such.
    """
    values: dict[str, Any] = changes(patch)
    if "name" in values and not values["name"]:
        values["name"] = random_name()
    if isinstance(variables := values.get("job_variables"), dict):
        _insist_on_variables(tx, _scheduled_by(tx, id), variables)
    if not query.change(tx, id, {**values, "updated": now}):
        raise NotFound(MISSING)


def add_labels(tx: Tx, id: UUID, labels: Labels, now: datetime) -> None:
    """Lays labels over those that the run has. Raises ObjectMissing."""
    found = query.lock(tx, id)
    if found is None:
        raise ObjectMissing(f"Flow run with id {id} not found")
    known = {} if found.labels is None else decode(found.labels)
    query.change(tx, id, {"labels": {**known, **labels}, "updated": now})


def delete_some(tx: Tx, asked: FlowRunFilter | None, most: int, now: datetime) -> list[UUID]:
    """Deletes runs that are meant, without a filter any; returns their ids."""
    meant = filters.together() if asked is None else of_flow_run(asked)
    return run_removal.flow_runs(tx, flow_runs.ids(tx, meant, most), now)


def _scheduled_by(tx: Tx, id: UUID) -> UUID:
    """The deployment of a run that waits for its start. Raises NotFound and BadRequest."""
    found = query.lock(tx, id)
    if found is None:
        raise NotFound(MISSING)
    if found.state_type != "SCHEDULED":
        raise BadRequest(f"Job variables for a flow run in state {found.state_type} cannot be updated")
    if found.deployment_id is None:
        raise BadRequest("A deployment for the flow run could not be found")
    return found.deployment_id


def _insist_on_variables(tx: Tx, deployment_id: UUID, variables: dict[str, Any]) -> None:
    """What the deployment and its pool give, and the run's own over it, must be all that the pool needs."""
    deployment = deployments.by_id(tx, deployment_id)
    if deployment is not None and deployment.work_pool_id is not None:
        template = decode(deployments.template_of(tx, deployment.work_pool_id))
        layers = decode(deployment.job_variables), variables
        insist_on_job_variables(template, *layers, complete=True, doing="updating flow run")
