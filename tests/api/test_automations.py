"""Automations over the API."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from orchd.kit.clock import utc_now
from tests.api.conftest import Api
from tests.kit.rows import Rows

DEPLOYMENT, OTHER = UUID(int=1), UUID(int=2)


def runs(deployment: UUID, **more: Any) -> list[dict[str, Any]]:
    return [{"type": "run-deployment", "source": "selected", "deployment_id": str(deployment), **more}]


async def names_related_to(api: Api, resource: str) -> list[str]:
    return [each["name"] for each in await api.get(f"/automations/related-to/{resource}")]


async def test_related_to_a_deployment_are_those_that_it_owns_and_those_that_run_it(api: Api) -> None:
    rows, own = Rows(api.db), f"prefect.deployment.{DEPLOYMENT}"
    await rows.automation(name="owned", owner_resource=own)
    await rows.automation(name="both", owner_resource=own, actions=runs(DEPLOYMENT))
    await rows.automation(name="a run of it", actions=runs(DEPLOYMENT))
    await rows.automation(name="another's", actions=runs(OTHER, parameters={"about": str(DEPLOYMENT)}))
    await rows.automation(name="on trigger only", actions_on_trigger=runs(DEPLOYMENT))
    await rows.automation(name="elsewhere", owner_resource="my.thing")
    assert await names_related_to(api, own) == ["a run of it", "both", "owned"]
    assert await names_related_to(api, f"prefect.deployment.{OTHER}") == ["another's"]
    assert await names_related_to(api, "my.thing") == ["elsewhere"]
    assert await names_related_to(api, "prefect.deployment.%25") == []


async def test_what_a_resource_owns_is_deleted_and_what_came_later_stays(api: Api) -> None:
    rows, own = Rows(api.db), f"prefect.deployment.{DEPLOYMENT}"
    await rows.automation(name="old", owner_resource=own, created=utc_now() - timedelta(seconds=1))
    await rows.automation(name="to come", owner_resource=own, created=utc_now() + timedelta(minutes=1))
    await rows.automation(name="mine", actions=runs(DEPLOYMENT), created=utc_now() - timedelta(seconds=1))
    assert await api.call("DELETE", f"/automations/owned-by/{own}") == (202, None)
    assert await names_related_to(api, own) == ["mine", "to come"]
