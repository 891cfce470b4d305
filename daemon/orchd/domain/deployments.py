"""What a change of a deployment means."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from orchd.db import Tx
from orchd.db.transaction import Retry
from orchd.domain import deployment_limits as limits
from orchd.domain import deployment_schedules as schedules
from orchd.domain import hydration, work_places
from orchd.domain.deployment_events import tell, tell_changes
from orchd.domain.deployment_reading import answers, found
from orchd.domain.deployment_schedules import SIGNAL
from orchd.domain.parameter_schemas import Unusable, insist_on_job_variables, misfit
from orchd.errors import Conflict, Invalid
from orchd.kit.ids import uuid7
from orchd.kit.jsontext import Raw, decode
from orchd.queries import _filters as filters
from orchd.queries import block_documents
from orchd.queries import deployments as query
from orchd.queries._filters_nouns import of_deployment
from orchd.queries.deployments import DeploymentRow
from orchd.queries.run_creation import QueueRow, flow_of
from orchd.wire.deployments import Deployment, DeploymentCreate, DeploymentFields, DeploymentFilter, DeploymentUpdate
from orchd.wire.flow_runs import CreatedBy

_AS_GIVEN: dict[str, Any] = {
    "version": None,
    "description": None,
    "paused": False,
    "concurrency_options": None,
    "enforce_parameter_schema": True,
    "parameter_openapi_schema": {},
    "tags": [],
    "pull_steps": [],
    "storage_document_id": None,
    "infrastructure_document_id": None,
    "path": None,
    "entrypoint": None,
    "job_variables": {},
}
"""What is stored as it is given, and what for a new deployment without it, or for a null: only no steps may be null."""


class Created(NamedTuple):
    """A deployment, and whether it is new."""

    deployment: Deployment
    new: bool


class Author(Struct, frozen=True):
    """Who makes a change, where that is known, and when."""

    by: CreatedBy | None
    now: datetime


def create(tx: Tx, new: DeploymentCreate, author: Author) -> Created:
    """A new deployment, or the flow's one of that name, changed.

    Raises Conflict for an unknown flow or block, NotFound for an unknown pool or limit, Invalid for values that do not
    fit their schema.
    """
    now = author.now
    flow = flow_of(tx, new.flow_id)
    if flow is None:
        raise Conflict(f"Flow {new.flow_id} does not exist.")
    labels = {**decode(flow.labels), "prefect.flow.id": str(flow.id), **(new.labels or {})}
    values = {**_given(new), "parameters": new.parameters or {}, "labels": labels, "updated": now}
    _insist_on_parameters(new)
    _insist_on_blocks(tx, new)
    before = query.locked_by_name(tx, new.flow_id, new.name)
    id = before.id if before else uuid7()
    place = _place(tx, new, now)
    _insist_on_variables(tx, new, place, before, "creating")
    values |= _in_queue(place) | limits.linked(tx, id, before.concurrency_limit_id if before else None, new, now)
    if before is None:
        fresh = {"id": id, "created": now, "flow_id": new.flow_id, "name": new.name}
        _insert(tx, {**_AS_GIVEN, **values, **fresh, "created_by": author.by, "updated_by": author.by})
    else:
        query.change(tx, id, {**values, "updated_by": author.by})
        query.drop_waiting_runs(tx, id, since=now)
        _drop_unlinked(tx, before, values)
    schedules.replace_all(tx, id, new.schedules, now)
    tx.signals.add(SIGNAL)
    after = found(query.by_id(tx, id))
    answer = answers(tx, [after], now)[0]
    if before is None:
        tell(tx, "created", after, now)
    else:
        tell_changes(tx, before, after, now)
    return Created(answer, new=before is None)


def update(tx: Tx, id: UUID, patch: DeploymentUpdate, author: Author) -> None:
    """Changes a deployment; the runs that its schedules have made for the future go.

    Raises NotFound, Conflict for values that do not fit their schema, and BadRequest for placeholders without a value.
    """
    now = author.now
    before = found(query.locked(tx, id))
    values = {**_given(patch), "updated": now, "updated_by": author.by}
    if isinstance(patch.parameters, dict):
        values["parameters"] = hydration.hydrated(tx, patch.parameters, "deployment parameters")
    _insist_on_fit(before, values)
    _insist_on_blocks(tx, patch)
    place = _place(tx, patch, now)
    if isinstance(patch.work_pool_name, str):
        try:
            _insist_on_variables(tx, patch, place, None, "updating")
        except Invalid as error:
            raise Conflict(error.message) from error
    values |= _in_queue(place) | limits.linked(tx, id, before.concurrency_limit_id, patch, now)
    query.change(tx, id, values)
    query.drop_waiting_runs(tx, id, since=now)
    _drop_unlinked(tx, before, values)
    if patch.schedules is not UNSET:
        schedules.apply(tx, id, patch.schedules, now)
    tx.signals.add(SIGNAL)
    tell_changes(tx, before, found(query.by_id(tx, id)), now)


def pause(tx: Tx, id: UUID, now: datetime) -> None:
    """Lets a deployment's schedules rest; all runs that they have made go. Raises NotFound."""
    before = found(query.locked(tx, id))
    query.change(tx, id, {"paused": True, "updated": now})
    query.drop_waiting_runs(tx, id)
    tell_changes(tx, before, found(query.by_id(tx, id)), now)


def resume(tx: Tx, id: UUID, now: datetime) -> None:
    """Lets a deployment's schedules go on. Raises NotFound."""
    before = found(query.locked(tx, id))
    query.change(tx, id, {"paused": False, "updated": now})
    tx.signals.add(SIGNAL)
    tell_changes(tx, before, found(query.by_id(tx, id)), now)


def delete(tx: Tx, id: UUID, now: datetime) -> None:
    """Deletes a deployment with its schedules, its own limit and the runs that wait. Raises NotFound."""
    row = found(query.locked(tx, id))
    query.drop_waiting_runs(tx, id, only_automatic=False)
    query.remove(tx, id)
    limits.drop_own(tx, id, row.concurrency_limit_id)
    tell(tx, "deleted", row, now)


def delete_some(tx: Tx, asked: DeploymentFilter | None, most: int, now: datetime) -> list[UUID]:
    """Deletes deployments that are meant, without a filter any; returns their ids."""
    tx.begin()
    meant = filters.together() if asked is None else of_deployment(asked)
    ids = query.ids(tx, meant, most)
    for id in ids:
        delete(tx, id, now)
    return ids


# Parts of a change


def _given(asked: DeploymentFields) -> dict[str, Any]:
    """The columns that are stored as they are given."""
    found = ((name, getattr(asked, name)) for name in _AS_GIVEN)
    return {
        name: _AS_GIVEN[name] if value is None and name != "pull_steps" else value
        for name, value in found
        if value is not UNSET
    }


def _insert(tx: Tx, values: dict[str, Any]) -> None:
    defaults = {"concurrency_limit_id": None, "work_queue_id": None, "work_queue_name": None}
    if not query.insert_new(tx, {**defaults, **values, "last_polled": None, "status": "NOT_READY"}):
        raise Retry  # somebody else was first, just now


def _place(tx: Tx, asked: DeploymentFields, now: datetime) -> QueueRow | UnsetType | None:
    """The queue that is asked for; None for no queue, UNSET when it stays as it is."""
    # An empty name is no name: clients have sent it for "as it is".
    pool, queue = (UNSET if name == "" else name for name in (asked.work_pool_name, asked.work_queue_name))
    if isinstance(pool, str):
        return work_places.queue_in(tx, pool, queue if isinstance(queue, str) else None, now)
    if isinstance(queue, str):
        return work_places.queue_without_pool(tx, queue, now)
    return pool


def _in_queue(place: QueueRow | UnsetType | None) -> dict[str, Any]:
    if isinstance(place, UnsetType):
        return {}
    return {"work_queue_id": place.id if place else None, "work_queue_name": place.name if place else None}


def _drop_unlinked(tx: Tx, before: DeploymentRow, values: Mapping[str, Any]) -> None:
    """The deployment's own limit goes when it is not its limit any more."""
    linked = before.concurrency_limit_id
    if values.get("concurrency_limit_id", linked) != linked:
        limits.drop_own(tx, before.id, linked)


def _insist_on_parameters(new: DeploymentCreate) -> None:
    schema = new.parameter_openapi_schema
    if new.enforce_parameter_schema is not True or not isinstance(schema, dict):
        return
    fault = misfit(schema, new.parameters or {}, complete=False)
    if fault is not None:
        raise Invalid(fault.reason if isinstance(fault, Unusable) else fault.text)


def _insist_on_fit(before: DeploymentRow, values: Mapping[str, Any]) -> None:
    """The parameters that the deployment will have must fit the schema that it will have, where that is enforced."""
    if not values.get("enforce_parameter_schema", before.enforce_parameter_schema):
        return
    schema, parameters = (
        decode(each) if isinstance(each, Raw) else each
        for each in (values.get(name, getattr(before, name)) for name in ("parameter_openapi_schema", "parameters"))
    )
    fault = misfit(schema or {}, parameters, complete=False)
    if fault is not None:
        text = fault.reason if isinstance(fault, Unusable) else fault.text
        raise Conflict(f"Error updating deployment: {text}")


def _insist_on_variables(
    tx: Tx, asked: DeploymentFields, place: QueueRow | UnsetType | None, before: DeploymentRow | None, doing: str
) -> None:
    """Job variables must fit what the pool declares; what it requires may still come with a run."""
    pool = place.work_pool_id if isinstance(place, QueueRow) else None
    if isinstance(place, UnsetType) and before is not None:
        pool = before.work_pool_id
    if pool is not None and isinstance(asked.job_variables, dict) and asked.job_variables:
        template = decode(query.template_of(tx, pool))
        insist_on_job_variables(template, asked.job_variables, complete=False, doing=f"{doing} deployment")


def _insist_on_blocks(tx: Tx, asked: DeploymentFields) -> None:
    for what in ("infrastructure", "storage"):
        id = getattr(asked, f"{what}_document_id")
        if isinstance(id, UUID) and not block_documents.exists_with(tx, id):
            raise Conflict(f"Error creating deployment. There is no {what} block with the id {id}.")
