"""What a change of an automation means."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import structs

from orchd.db import Tx
from orchd.domain import events
from orchd.domain.parameter_schemas import insist_on_job_variables
from orchd.errors import BodyInvalid, NotFound, ObjectMissing
from orchd.kit.ids import uuid7
from orchd.kit.jsontext import Raw, decode, encode
from orchd.queries import automations as query
from orchd.queries import deployments
from orchd.wire.actions import RunDeployment
from orchd.wire.automations import ACTIONS, Automation, AutomationCreate, AutomationSwitch, AutomationUpdate
from orchd.wire.base import changes
from orchd.wire.triggers import EventTrigger, Trigger, trigger_from

_DEPLOYMENT = "prefect.deployment."
_RUN = "prefect.flow-run."
_BEGINNINGS = frozenset({f"{_RUN}Scheduled", f"{_RUN}Pending", f"{_RUN}Running", f"{_RUN}*"})
"""Events that a run which an automation starts would bring about itself."""
_ENDLESS = (
    "Running a deployment at the beginning of its own runs starts runs without end. "
    "Narrow the trigger down with `match` or `match_related`."
)


def read(tx: Tx, id: UUID) -> Automation:
    """The automation. Raises ObjectMissing."""
    return _found(query.by_id(tx, id))


def create(tx: Tx, new: AutomationCreate, now: datetime) -> Automation:
    """A new automation. Raises BodyInvalid for one that would start itself, Invalid for what does not fit a pool."""
    values = {**_values(tx, new, "creating"), "created": now, "updated": now}
    id = uuid7()
    tx.begin()
    query.add(tx, {"id": id, "owner_resource": new.owner_resource, **values})
    made = read(tx, id)
    _guard(made)
    _tell(tx, "created", made, now)
    return made


def replace(tx: Tx, id: UUID, new: AutomationUpdate, now: datetime) -> None:
    """Another automation in its place: what its triggers have counted is forgotten.

    Raises ObjectMissing, and the errors of `create`.
    """
    values = _values(tx, new, "updating")
    tx.begin()
    changed = _found(query.change(tx, id, {**values, "updated": now}))
    _guard(changed)
    query.forget_buckets(tx, id)
    _tell(tx, "updated", changed, now)


def switch(tx: Tx, id: UUID, patch: AutomationSwitch, now: datetime) -> None:
    """On or off. Raises ObjectMissing, and BodyInvalid for one that would start itself."""
    tx.begin()
    changed = _found(query.change(tx, id, {**changes(patch), "updated": now}))
    _guard(changed)
    _tell(tx, "updated", changed, now)


def delete(tx: Tx, id: UUID, now: datetime) -> None:
    """Deletes an automation. Raises ObjectMissing."""
    tx.begin()
    _tell(tx, "deleted", _found(query.remove(tx, id)), now)


def _found(automation: Automation | None) -> Automation:
    if automation is None:
        raise ObjectMissing("Automation not found")
    return automation


def _values(tx: Tx, new: AutomationUpdate, doing: str) -> dict[str, Any]:
    """The columns, once the job variables are known to fit the pools."""
    given = changes(new)
    actions = [each for name in ACTIONS for each in given.get(name, ())]
    for action in actions:
        if isinstance(action, RunDeployment) and action.deployment_id is not None and action.job_variables:
            _insist_on_variables(tx, action.deployment_id, action.job_variables, doing)
    plain: dict[str, Any] = {name: given[name] for name in ("name", "description", "enabled", "tags") if name in given}
    encoded = {name: Raw(encode(given[name])) for name in ACTIONS if name in given}
    return {**plain, "trigger": Raw(encode(_named(new.fires_on()))), **encoded}


def _named(trigger: Trigger) -> Trigger:
    """The same with ids of its own: what counts for one trigger counts for no other."""
    if isinstance(trigger, EventTrigger):
        return structs.replace(trigger, id=uuid7())
    return structs.replace(trigger, id=uuid7(), triggers=[_named(each) for each in trigger.triggers])


def _insist_on_variables(tx: Tx, deployment: UUID, variables: dict[str, Any], doing: str) -> None:
    row = deployments.by_id(tx, deployment)
    if row is None:
        raise NotFound("Deployment not found")
    if row.work_pool_id is None:
        return
    template = decode(deployments.template_of(tx, row.work_pool_id))
    insist_on_job_variables(template, decode(row.job_variables), variables, complete=True, doing=f"{doing} automation")


def _guard(automation: Automation) -> None:
    """Raises BodyInvalid when the runs that an automation starts would start it again, for ever."""
    trigger = trigger_from(decode(automation.trigger))
    if not automation.enabled or not isinstance(trigger, EventTrigger) or trigger.posture != "Reactive":
        return
    if not _BEGINNINGS & set(trigger.expect):
        return
    related = trigger.match_related if isinstance(trigger.match_related, list) else [trigger.match_related]
    any_run = _fits_every_run(trigger.match) and (not related or any(map(_fits_every_run, related)))
    runs = [each for each in decode(automation.actions) if each["type"] == "run-deployment"]
    if any(any_run or each["source"] == "inferred" for each in runs):
        raise BodyInvalid(_ENDLESS, [{"type": "value_error", "loc": ["body"], "msg": _ENDLESS, "input": None}])


def _fits_every_run(specification: dict[str, Any]) -> bool:
    wanted = specification.get("prefect.resource.id", f"{_RUN}*")
    patterns = wanted if isinstance(wanted, list) else [wanted]
    return not specification.keys() - {"prefect.resource.id"} and f"{_RUN}*" in patterns


def _tell(tx: Tx, action: str, automation: Automation, now: datetime) -> None:
    payload = structs.asdict(automation)
    told = events.object_changed("automation", action, automation.id, automation.name, payload, now)
    events.emit(tx, told, now, last=True)


def related_to(tx: Tx, resource: str) -> list[Automation]:
    """The automations that a resource owns; of a deployment also those that run it when they fire."""
    deployment = _deployment_in(resource)
    if deployment is None:
        return query.owned_by(tx, resource)
    found = query.owned_or_mentioning(tx, resource, deployment)
    return [each for each, owned in found if owned or _runs(each, deployment)]


def _deployment_in(resource: str) -> str | None:
    if not resource.startswith(_DEPLOYMENT):
        return None
    try:
        return str(UUID(resource.removeprefix(_DEPLOYMENT)))
    except ValueError:
        return None


def _runs(automation: Automation, deployment: str) -> bool:
    actions = decode(automation.actions)
    return any(each["type"] == "run-deployment" and each["deployment_id"] == deployment for each in actions)
