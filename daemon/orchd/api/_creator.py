"""Who makes a thing on behalf of an automation: its id and name come in headers."""

import base64
import binascii
from uuid import UUID

from orchd.api._context import Call
from orchd.wire.flow_runs import CreatedBy


def creator(call: Call) -> CreatedBy | None:
    """The automation that asks; None when none does, or its headers cannot be read."""
    id, name = (call.request.headers.get(f"Prefect-Automation-{each}") for each in ("ID", "Name"))
    if not id or not name:
        return None
    try:
        shown = base64.b64decode(name, validate=True).decode()
        return None if "\0" in shown else CreatedBy(id=UUID(id), type="AUTOMATION", display_value=shown)
    except (ValueError, binascii.Error):
        return None
