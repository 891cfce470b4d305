"""Base job templates of work pools: what they must hold together."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from orchd.db import Tx
from orchd.domain.parameter_schemas import Unusable, misfit
from orchd.errors import Invalid, NotFound
from orchd.queries import block_documents

_PLACEHOLDER = re.compile(r"{{\s*([^\s{}]+)\s*}}")


def insist(tx: Tx, template: Any) -> None:
    """Raises Invalid when a template cannot be used, NotFound when a default names a block that is not there."""
    if not template:
        return
    if not template.get("job_configuration") or not template.get("variables"):
        raise Invalid("The `base_job_template` must contain both a `job_configuration` key and a `variables` key.")
    variables = template["variables"]
    properties = variables.get("properties") if isinstance(variables, dict) else None
    declared = properties if isinstance(properties, dict) else {}
    unknown = sorted(set(_placeholders(template["job_configuration"])) - set(declared))
    if unknown:
        raise Invalid(
            "The variables specified in the job configuration template must be present as properties in the variables "
            f"schema. Your job configuration uses the following undeclared variable(s): {', '.join(unknown)}."
        )
    _insist_on_defaults(tx, variables, declared)


def _placeholders(value: Any) -> Iterator[str]:
    """The names that stand in for values, wherever they are; names of keys are left as they are."""
    if isinstance(value, str):
        yield from _PLACEHOLDER.findall(value)
    elif isinstance(value, dict):
        for each in value.values():
            yield from _placeholders(each)
    elif isinstance(value, list):
        for each in value:
            yield from _placeholders(each)


def _insist_on_defaults(tx: Tx, variables: Any, declared: dict[str, Any]) -> None:
    defaults = {
        name: each["default"] for name, each in declared.items() if isinstance(each, dict) and "default" in each
    }
    for name, value in list(defaults.items()):
        if (block := _block_in(value)) is not None:
            if block_documents.by_id(tx, block) is None:
                raise NotFound("Block not found.")
            del defaults[name]  # what the block holds is for its own schema to say
    fault = misfit(variables, defaults, complete=False) if defaults else None
    if fault is not None:
        text = fault.reason if isinstance(fault, Unusable) else fault.text
        raise Invalid(f"Validation failed for work pool's job variable defaults: {text}")


def _block_in(value: Any) -> UUID | None:
    """The id of the block that a value refers to; None when it is a plain value."""
    reference = value.get("$ref") if isinstance(value, dict) else None
    if not isinstance(reference, dict) or "block_document_id" not in reference:
        return None
    try:
        return UUID(str(reference["block_document_id"]))
    except ValueError as error:
        raise NotFound("Block not found.") from error
