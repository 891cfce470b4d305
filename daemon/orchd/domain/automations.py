"""What a change of an automation means."""

from uuid import UUID

from orchd.db import Tx
from orchd.kit.jsontext import decode
from orchd.queries import automations as query
from orchd.wire.automations import Automation

_DEPLOYMENT = "prefect.deployment."


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
