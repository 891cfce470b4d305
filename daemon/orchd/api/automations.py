"""Automations: what is done when something happens, or does not."""

import asyncio
from uuid import UUID

from orchd.api._context import Call, Reply
from orchd.api._operation import operation
from orchd.domain import automations
from orchd.queries import automations as query
from orchd.templates import TemplateFault, fault
from orchd.wire.automations import (
    Automation,
    AutomationCount,
    AutomationCreate,
    AutomationList,
    AutomationSort,
    AutomationSwitch,
    AutomationUpdate,
)

PREFIX = "/automations"


@operation("POST", "/automations/", role="operator", status=201)
async def create_automation(call: Call, body: AutomationCreate) -> Automation:
    """Creates an automation."""
    return await call.db.write(automations.create, body, call.now)


@operation("GET", "/automations/{id}", role="viewer")
async def read_automation(call: Call, id: UUID) -> Automation:
    """The automation with this id."""
    return await call.db.read(automations.read, id)


@operation("PUT", "/automations/{id}", role="operator", status=204)
async def update_automation(call: Call, id: UUID, body: AutomationUpdate) -> None:
    """Replaces the automation with this id."""
    await call.db.write(automations.replace, id, body, call.now)


@operation("PATCH", "/automations/{id}", role="operator", status=204)
async def patch_automation(call: Call, id: UUID, body: AutomationSwitch) -> None:
    """Switches the automation with this id on or off."""
    await call.db.write(automations.switch, id, body, call.now)


@operation("DELETE", "/automations/{id}", role="operator", status=204)
async def delete_automation(call: Call, id: UUID) -> None:
    """Deletes the automation with this id."""
    await call.db.write(automations.delete, id, call.now)


@operation("POST", "/automations/filter", role="viewer")
async def read_automations(call: Call, body: AutomationList) -> list[Automation]:
    """The automations that match."""
    limit, sort = call.limit(body.limit), body.sort or AutomationSort.NAME_ASC
    return await call.db.read(query.page, body.automations, sort, limit, body.offset or 0)


@operation("POST", "/automations/count", role="viewer")
async def count_automations(call: Call, body: AutomationCount) -> int:
    """How many automations match."""
    return await call.db.read(query.count, body.automations)


@operation("POST", "/automations/templates/validate", role="viewer", status=204)
async def validate_template_of_automation(call: Call, body: str) -> Reply[dict[str, TemplateFault] | None]:
    """Whether a template can be used in an action."""
    found = await asyncio.to_thread(fault, body)
    return Reply({"error": found}, status=422) if found else Reply(None)


@operation("GET", "/automations/related-to/{resource_id}", role="viewer")
async def read_automations_related_to_resource(call: Call, resource_id: str) -> list[Automation]:
    """The automations that a resource owns; of a deployment also those that run it."""
    return await call.db.read(automations.related_to, resource_id)


@operation("DELETE", "/automations/owned-by/{resource_id}", role="operator", status=202)
async def delete_automations_owned_by_resource(call: Call, resource_id: str) -> None:
    """Deletes the automations that a resource owns; those that are made while this goes on stay."""
    await call.db.write(query.remove_owned, resource_id, call.now)
