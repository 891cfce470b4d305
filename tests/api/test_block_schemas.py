"""Block schemas over the API."""

from typing import Any

import pytest

from orchd.domain.block_checksum import checksum
from tests.api.conftest import Api

NOBODY = "00000000-0000-0000-0000-000000000000"
NOT_FOUND = (404, {"detail": "Block schema not found"})
FIELDS = {"title": "Thing", "properties": {"a": {"type": "string"}}, "secret_fields": [], "block_type_slug": "thing"}
SHOWN = {**FIELDS, "block_schema_references": {}}


async def kind(api: Api, slug: str = "thing") -> Any:
    return await api.post("/block_types/", {"name": slug.title(), "slug": slug})


async def make(api: Api, type_id: str, fields: dict[str, Any] = FIELDS, **more: Any) -> Any:
    return await api.post("/block_schemas/", {"fields": fields, "block_type_id": type_id, **more})


async def test_a_schema_is_read_by_id_and_by_checksum_with_its_type(api: Api) -> None:
    thing = await kind(api)
    made = await make(api, thing["id"], capabilities=["write", "read"], version="1.2")
    assert (made["fields"], made["capabilities"], made["version"]) == (SHOWN, ["write", "read"], "1.2")
    assert (made["block_type"], made["checksum"]) == (thing, checksum(FIELDS))
    assert await api.get(f"/block_schemas/{made['id']}") == made
    assert await api.get(f"/block_schemas/checksum/{made['checksum']}") == made


async def test_the_same_content_and_version_is_the_same_schema(api: Api) -> None:
    thing = await kind(api)
    made = await make(api, thing["id"], capabilities=["read"])
    body = {"fields": {**FIELDS, "secret_fields": ["a"]}, "block_type_id": thing["id"], "capabilities": ["other"]}
    assert await api.call("POST", "/block_schemas/", body) == (200, made)
    assert made["version"] == "non-versioned"


async def test_a_checksum_means_its_newest_version_unless_one_is_named(api: Api) -> None:
    thing = await kind(api)
    first, second = [await make(api, thing["id"], version=version) for version in ("1", "2")]
    path = f"/block_schemas/checksum/{first['checksum']}"
    assert (await api.get(path))["id"] == second["id"]
    assert (await api.get(path, params={"version": "1"}))["id"] == first["id"]
    assert await api.call("GET", path, params={"version": "3"}) == NOT_FOUND


async def test_what_is_not_there_is_not_found(api: Api) -> None:
    assert await api.call("GET", f"/block_schemas/{NOBODY}") == NOT_FOUND
    assert await api.call("DELETE", f"/block_schemas/{NOBODY}") == NOT_FOUND
    assert await api.call("GET", "/block_schemas/checksum/sha256:0") == NOT_FOUND
    status, answer = await api.call("POST", "/block_schemas/", {"block_type_id": NOBODY})
    assert (status, answer) == (404, {"detail": f"Block type {NOBODY} not found."})


def parent_of(child: dict[str, Any], *, many: bool = False) -> dict[str, Any]:
    reference = {"block_type_slug": child["block_type_slug"], "block_schema_checksum": checksum(child)}
    return {
        "properties": {"child": {"$ref": "#/definitions/Thing"}},
        "block_type_slug": "parent",
        "block_schema_references": {"child": [reference, reference] if many else reference},
        "definitions": {"Thing": child},
    }


@pytest.mark.parametrize("many", [False, True])
async def test_the_schema_of_a_block_within_is_registered_with_it(api: Api, many: bool) -> None:
    thing, parent = await kind(api), await kind(api, "parent")
    made = await make(api, parent["id"], parent_of(FIELDS, many=many))
    assert made["fields"] == parent_of(FIELDS, many=many)
    child = await api.get(f"/block_schemas/checksum/{checksum(FIELDS)}")
    assert (child["block_type_id"], child["fields"], child["version"]) == (thing["id"], SHOWN, "non-versioned")


async def test_blocks_within_blocks_within_a_block_are_registered_with_what_they_need(api: Api) -> None:
    for slug in ("thing", "parent", "grand"):
        grand = await kind(api, slug)
    deep = {**FIELDS, "properties": {"o": {"$ref": "#/definitions/Opt"}}, "definitions": {"Opt": {"type": "object"}}}
    middle = parent_of(deep)
    flat = {name: value for name, value in deep.items() if name != "definitions"}
    reference = {"block_type_slug": "parent", "block_schema_checksum": checksum(middle)}
    await make(
        api,
        grand["id"],
        {
            "properties": {"p": {"$ref": "#/definitions/Parent"}},
            "block_schema_references": {"p": reference},
            "definitions": {
                "Parent": {name: value for name, value in middle.items() if name != "definitions"},
                "Thing": flat,
                "Opt": {"type": "object"},
            },
        },
    )
    found = await api.post("/block_schemas/filter", {})
    assert {each["block_type"]["slug"] for each in found} == {"grand", "parent", "thing"}
    assert (await api.get(f"/block_schemas/checksum/{checksum(deep)}"))["fields"] == {
        **deep,
        "block_schema_references": {},
    }


@pytest.mark.parametrize(
    "references",
    [
        pytest.param({"child": {"block_type_slug": "unknown", "block_schema_checksum": "sha256:0"}}, id="unknown type"),
        pytest.param({"child": {"block_type_slug": "thing", "block_schema_checksum": "sha256:0"}}, id="no definition"),
        pytest.param({"child": {"block_type_slug": "thing"}}, id="no checksum"),
        pytest.param({"child": "thing"}, id="no object"),
    ],
)
async def test_an_unknown_block_within_is_a_conflict_and_nothing_is_kept(api: Api, references: Any) -> None:
    thing = await kind(api)
    body = {"fields": {"block_schema_references": references}, "block_type_id": thing["id"]}
    assert (await api.call("POST", "/block_schemas/", body))[0] == 409
    assert await api.post("/block_schemas/filter", {}) == []


async def test_a_deleted_schema_takes_its_documents_along(api: Api) -> None:
    thing = await kind(api)
    made = await make(api, thing["id"])
    document = {"name": "d", "block_schema_id": made["id"], "block_type_id": thing["id"]}
    await api.post("/block_documents/", document)
    await api.delete(f"/block_schemas/{made['id']}")
    assert await api.call("GET", f"/block_schemas/{made['id']}") == NOT_FOUND
    assert await api.post("/block_documents/count") == 0


async def test_a_schema_of_a_protected_type_cannot_be_deleted(api: Api) -> None:
    made = await make(api, (await kind(api, "secret"))["id"])
    assert (await api.call("DELETE", f"/block_schemas/{made['id']}"))[0] == 403


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (None, ["3", "2", "1"]),
        ({"block_capabilities": {"all_": ["a", "b"]}}, ["2"]),
        ({"block_capabilities": {"all_": []}}, ["3", "2", "1"]),
        ({"version": {"any_": ["1", "3"]}}, ["3", "1"]),
        ({"id": {"any_": [NOBODY]}}, []),
        ({"block_type_id": {"any_": [NOBODY]}}, []),
        ({"operator": "or_", "version": {"any_": ["3"]}, "block_capabilities": {"all_": ["a"]}}, ["3", "2", "1"]),
    ],
)
async def test_schemas_are_found_the_newest_first(api: Api, asked: Any, found: list[str]) -> None:
    thing = await kind(api)
    for version, able in (("1", ["a"]), ("2", ["b", "a"]), ("3", [])):
        await make(api, thing["id"], version=version, capabilities=able)
    assert [each["version"] for each in await api.post("/block_schemas/filter", {"block_schemas": asked})] == found


async def test_capabilities_are_those_of_all_schemas(api: Api) -> None:
    thing = await kind(api)
    await make(api, thing["id"], version="1", capabilities=["read"])
    await make(api, thing["id"], version="2", capabilities=["write", "read"])
    assert await api.get("/block_capabilities/") == ["read", "write"]
