"""Schemas, as the forms of a dashboard ask about them."""

import asyncio

from orchd.api._context import Call
from orchd.api._operation import operation
from orchd.domain import hydration, schema_values
from orchd.wire.ui import SchemaValues, SchemaValuesAnswer

PREFIX = "/ui/schemas"


@operation("POST", "/ui/schemas/validate", role="viewer")
async def validate_values(call: Call, body: SchemaValues) -> SchemaValuesAnswer:
    """Whether values fit a schema, with what does not fit where it stands; templates in the values fit everything."""
    values = await call.db.read(hydration.looked_through, body.values)
    errors = await asyncio.to_thread(schema_values.faults, body.schema, values)
    return SchemaValuesAnswer(errors=errors, valid=not errors)
