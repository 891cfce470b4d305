"""Variables: small named values that flows read while they run."""

from uuid import UUID

from orchd.api._context import Call
from orchd.api._operation import operation
from orchd.domain import variables
from orchd.queries import variables as query
from orchd.wire.variables import (
    Variable,
    VariableCount,
    VariableCreate,
    VariableList,
    VariableSort,
    VariableUpdate,
)

PREFIX = "/variables"


@operation("POST", "/variables/", role="operator", status=201)
async def create_variable(call: Call, body: VariableCreate) -> Variable:
    """Creates a variable."""
    return await call.db.write(variables.create, body, call.now)


@operation("GET", "/variables/{id}", role="viewer")
async def read_variable(call: Call, id: UUID) -> Variable:
    """The variable with this id."""
    return await call.db.read(variables.read, id)


@operation("GET", "/variables/name/{name}", role="viewer")
async def read_variable_by_name(call: Call, name: str) -> Variable:
    """The variable with this name."""
    return await call.db.read(variables.read, name)


@operation("POST", "/variables/filter", role="viewer")
async def read_variables(call: Call, body: VariableList) -> list[Variable]:
    """The variables that match."""
    limit, sort = call.limit(body.limit), body.sort or VariableSort.NAME_ASC
    return await call.db.read(query.page, body.variables, sort, limit, body.offset or 0)


@operation("POST", "/variables/count", role="viewer")
async def count_variables(call: Call, body: VariableCount) -> int:
    """How many variables match."""
    return await call.db.read(query.count, body.variables)


@operation("PATCH", "/variables/{id}", role="operator", status=204)
async def update_variable(call: Call, id: UUID, body: VariableUpdate) -> None:
    """Changes the variable with this id."""
    await call.db.write(variables.update, id, body, call.now)


@operation("PATCH", "/variables/name/{name}", role="operator", status=204)
async def update_variable_by_name(call: Call, name: str, body: VariableUpdate) -> None:
    """Changes the variable with this name."""
    await call.db.write(variables.update, name, body, call.now)


@operation("DELETE", "/variables/{id}", role="operator", status=204)
async def delete_variable(call: Call, id: UUID) -> None:
    """Deletes the variable with this id."""
    await call.db.write(variables.delete, id, call.now)


@operation("DELETE", "/variables/name/{name}", role="operator", status=204)
async def delete_variable_by_name(call: Call, name: str) -> None:
    """Deletes the variable with this name."""
    await call.db.write(variables.delete, name, call.now)
