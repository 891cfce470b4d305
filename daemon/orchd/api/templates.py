"""Templates: texts with places that are filled in when something has happened."""

import asyncio

from orchd.api._context import Call, Reply
from orchd.api._operation import operation
from orchd.templates import TemplateFault, fault

PREFIX = "/templates"


@operation("POST", "/templates/validate", role="viewer", status=204)
async def validate_template(call: Call, body: str) -> Reply[dict[str, TemplateFault] | None]:
    """Whether a template can be used; if not, the line and what is wrong with it."""
    found = await asyncio.to_thread(fault, body)
    return Reply({"error": found}, status=422) if found else Reply(None)
