"""Automations: what is done when something happens, or does not."""

from orchd.api._context import Call
from orchd.api._operation import operation
from orchd.domain import automations
from orchd.queries import automations as query
from orchd.wire.automations import Automation

PREFIX = "/automations"


@operation("GET", "/automations/related-to/{resource_id}", role="viewer")
async def read_automations_related_to_resource(call: Call, resource_id: str) -> list[Automation]:
    """The automations that a resource owns; of a deployment also those that run it."""
    return await call.db.read(automations.related_to, resource_id)


@operation("DELETE", "/automations/owned-by/{resource_id}", role="operator", status=202)
async def delete_automations_owned_by_resource(call: Call, resource_id: str) -> None:
    """Deletes the automations that a resource owns; those that are made while this goes on stay."""
    await call.db.write(query.remove_owned, resource_id, call.now)
