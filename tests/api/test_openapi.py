"""The document of the API follows from the declarations, holds everything, and says the truth."""

import re
from typing import Any

import jsonschema
import pytest

from orchd.api._catalogue import known_operations, same_place, unbuilt
from orchd.api._openapi import document
from orchd.api._server import all_operations
from tests.api.conftest import Api

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    return document(all_operations(), "/api")


def operations(made: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method.upper(), path): operation
        for path, methods in made["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    }


def references(part: Any) -> set[str]:
    if isinstance(part, dict):
        own = {part["$ref"]} if "$ref" in part else set()
        return own.union(*map(references, part.values()))
    return set().union(*map(references, part)) if isinstance(part, list) else set()


def test_every_operation_is_in_it_built_or_not(made: dict[str, Any]) -> None:
    described = {same_place(*key) for key in operations(made)}
    assert described >= {same_place(each.method, each.path) for each in known_operations()}
    assert described >= {same_place(each.method, each.path) for each in all_operations()}


def test_what_is_built_is_known_to_clients() -> None:
    known = {same_place(each.method, each.path) for each in known_operations()}
    assert {same_place(each.method, each.path) for each in all_operations()} <= known


def test_only_what_is_not_built_is_called_unimplemented(made: dict[str, Any]) -> None:
    marked = {same_place(*key) for key, each in operations(made).items() if "x-orchd-status" in each}
    assert marked == {same_place(each.method, each.path) for each in unbuilt(all_operations())}
    assert all("501" in each["responses"] for each in operations(made).values() if "x-orchd-status" in each)


def test_names_of_operations_are_unique(made: dict[str, Any]) -> None:
    names = [each["operationId"] for each in operations(made).values()]
    assert sorted(set(names)) == sorted(names)


def test_every_reference_leads_somewhere(made: dict[str, Any]) -> None:
    for reference in references(made):
        part = made
        for step in reference.removeprefix("#/").split("/"):
            part = part[step]


def test_every_schema_is_one(made: dict[str, Any]) -> None:
    for schema in made["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_place_in_a_path_is_a_parameter(made: dict[str, Any]) -> None:
    for (_, path), each in operations(made).items():
        told = {p["name"] for p in each.get("parameters", []) if p["in"] == "path"}
        assert told == set(re.findall(r"{(\w+)}", path)), path


def test_every_built_operation_names_its_role(made: dict[str, Any]) -> None:
    roles = {each.get("x-orchd-role") for each in operations(made).values() if "x-orchd-status" not in each}
    assert roles <= {"public", "viewer", "worker", "operator", "admin"}


def test_types_are_those_of_the_wire(made: dict[str, Any]) -> None:
    run = made["components"]["schemas"]["FlowRun"]["properties"]
    assert run["id"] == {"type": "string", "format": "uuid"}
    assert run["created"] == {"type": "string", "format": "date-time"}
    assert run["start_time"]["anyOf"][0] == {"type": "string", "format": "date-time"}
    assert run["parameters"] == {"type": "object"}
    result = made["components"]["schemas"]["OrchestrationResult"]["properties"]
    assert result["state"]["anyOf"] == [{"$ref": "#/components/schemas/State"}, {"type": "null"}]


async def test_answers_are_as_the_document_says(api: Api, made: dict[str, Any]) -> None:
    flow = await api.post("/flows/", {"name": "f"})
    run = await api.post("/flow_runs/", {"flow_id": flow["id"], "state": {"type": "SCHEDULED"}})
    for name, answer in (("Flow", flow), ("FlowRun", run)):
        schema = {"$ref": f"#/components/schemas/{name}", "components": made["components"]}
        jsonschema.validate(answer, schema, cls=jsonschema.Draft202012Validator)
        assert set(made["components"]["schemas"][name]["properties"]) == set(answer)


@pytest.mark.parametrize("path", ["/openapi.json", "/api/openapi.json"])
async def test_the_document_is_served(api: Api, path: str) -> None:
    async with api.client.get(path) as answer:
        assert answer.status == 200
        found = await answer.json()
    assert (found["openapi"], found["servers"]) == ("3.1.0", [{"url": "/api"}])
