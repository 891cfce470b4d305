"""Whether values fit a JSON schema that a client has sent. Nothing in a schema makes the server fetch anything."""

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from jsonschema.validators import extend
from msgspec import Struct
from referencing import Registry
from referencing.exceptions import Unresolvable

from orchd.errors import Invalid

NO_REFERENCES: Registry[Any] = Registry()
"""A schema comes from whoever writes flows: a reference in it must not make the server fetch anything."""

_WITHOUT_REQUIRED = extend(Draft202012Validator, {"required": lambda *_: ()})  # type: ignore[no-untyped-call]


class Unusable(Struct, frozen=True):
    """The schema is no schema, or refers to what is not in it."""

    reason: str


class Misfit(Struct, frozen=True):
    """What does not fit, and where."""

    message: str
    where: str

    @property
    def text(self) -> str:
        """As clients know it from refused parameters."""
        place = f" for field {self.where!r}" if self.where else ""
        return f"Validation failed{place}. Failure reason: {self.message}"


def misfit(schema: Any, values: Any, *, complete: bool) -> Misfit | Unusable | None:
    """The first misfit; None when the values fit. Without `complete`, what is required may be missing."""
    validator = Draft202012Validator if complete else _WITHOUT_REQUIRED
    try:
        Draft202012Validator.check_schema(schema)
        found = validator(schema, registry=NO_REFERENCES).iter_errors(_without_nulls(schema, values))
        faults = sorted(found, key=lambda fault: list(map(str, fault.path)))
    except (SchemaError, Unresolvable) as error:
        return Unusable(str(error).splitlines()[0])
    except RecursionError:
        return Unusable("it refers to itself in a circle")
    if not faults:
        return None
    return Misfit(faults[0].message, "/".join(map(str, faults[0].absolute_path)))


def _without_nulls(schema: Any, values: Any) -> Any:
    """Null stands for an optional value that is not given."""
    if not isinstance(schema, dict) or not isinstance(values, dict):
        return values
    required = schema.get("required")
    needed = required if isinstance(required, list) else []
    return {name: value for name, value in values.items() if value is not None or name in needed}


def insist_on_job_variables(template: Any, *layers: Mapping[str, Any], complete: bool, doing: str) -> None:
    """Job variables, later layers over earlier ones, must fit what a pool's template declares.

    Raises Invalid, with what was being done (`creating flow run`) and what does not fit.
    """
    schema = template.get("variables") if isinstance(template, dict) else None
    if not isinstance(schema, dict) or not schema:
        return
    defaults = _defaults(schema)
    if misfit(schema, defaults, complete=False) is not None:
        defaults, complete = {}, False
    values: dict[str, Any] = {}
    for layer in (defaults, *layers):
        values.update(layer)
    found = misfit(schema, values, complete=complete)
    if isinstance(found, Unusable):
        raise Invalid(f"Error {doing}: the variables of the pool's base job template are no schema: {found.reason}")
    if found is not None:
        raise Invalid(f"Error {doing}: {found.text}")


def _defaults(schema: dict[str, Any]) -> dict[str, Any]:
    properties = schema.get("properties")
    declared = properties.items() if isinstance(properties, dict) else ()
    return {name: each["default"] for name, each in declared if isinstance(each, dict) and "default" in each}
