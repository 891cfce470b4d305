"""Block types over the API."""

from typing import Any

import pytest

from tests.api.conftest import Api
from tests.api.told import told

NOBODY = "00000000-0000-0000-0000-000000000000"
NOT_FOUND = (404, {"detail": "Block type not found"})


async def make(api: Api, name: str = "My Thing", slug: str = "my-thing", **more: Any) -> Any:
    return await api.post("/block_types/", {"name": name, "slug": slug, **more})


async def test_a_type_is_read_by_id_and_by_slug(api: Api) -> None:
    made = await make(api, logo_url="http://x/logo.png", documentation_url="http://x")
    assert await api.get(f"/block_types/{made['id']}") == await api.get("/block_types/slug/my-thing") == made
    assert (made["logo_url"], made["description"], made["is_protected"]) == ("http://x/logo.png", None, False)


async def test_a_slug_is_taken_only_once(api: Api) -> None:
    await make(api)
    status, answer = await api.call("POST", "/block_types/", {"name": "Other", "slug": "my-thing"})
    assert (status, answer) == (409, {"detail": 'Block type with name "Other" already exists'})


@pytest.mark.parametrize(("name", "slug"), [("a/b", "a"), ("a%", "a"), ("", "a"), ("a", "A"), ("a", "a_b")])
async def test_names_and_slugs_of_other_characters_are_refused(api: Api, name: str, slug: str) -> None:
    assert (await api.call("POST", "/block_types/", {"name": name, "slug": slug}))[0] == 422


@pytest.mark.parametrize("name", ["Prefect Thing", "prefect"])
async def test_some_names_are_reserved(api: Api, name: str) -> None:
    assert (await api.call("POST", "/block_types/", {"name": name, "slug": "x"}))[0] == 403


async def test_what_pages_show_of_a_new_type_is_made_harmless(api: Api) -> None:
    made = await make(api, description='<b> & "it\'s"', code_example="<x>")
    assert (made["description"], made["code_example"]) == ('&lt;b&gt; &amp; "it\'s"', "&lt;x&gt;")


async def test_what_is_shown_of_a_type_can_change(api: Api) -> None:
    made = await make(api, description="old", code_example="code")
    await api.patch(f"/block_types/{made['id']}", {"description": "new", "code_example": None})
    changed = await api.get(f"/block_types/{made['id']}")
    assert (changed["description"], changed["code_example"]) == ("new", None)
    assert changed["updated"] > made["updated"]
    assert (await api.call("PATCH", f"/block_types/{made['id']}", {"name": "new"}))[0] == 422


async def test_a_change_to_what_is_so_already_is_none(api: Api) -> None:
    made = await make(api, description="old")
    await api.patch(f"/block_types/{made['id']}", {"description": "old"})
    assert await api.get(f"/block_types/{made['id']}") == made


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_what_is_not_there_is_not_found(api: Api, method: str) -> None:
    assert await api.call(method, f"/block_types/{NOBODY}", {} if method == "PATCH" else None) == NOT_FOUND
    assert await api.call("GET", "/block_types/slug/nobody") == NOT_FOUND


async def test_a_deleted_type_takes_its_schemas_and_documents_along(api: Api) -> None:
    made = await make(api)
    schema = await api.post("/block_schemas/", {"fields": {}, "block_type_id": made["id"]})
    await api.post(
        "/block_documents/", {"name": "d", "block_schema_id": schema["id"], "block_type_id": made["id"], "data": {}}
    )
    await api.delete(f"/block_types/{made['id']}")
    assert await api.call("GET", "/block_types/slug/my-thing") == NOT_FOUND
    assert await api.post("/block_schemas/filter") == []
    assert await api.post("/block_documents/count") == 0


async def test_the_types_of_every_server_are_installed_once_and_cannot_be_deleted(api: Api) -> None:
    for _ in range(2):
        await api.post("/block_types/install_system_block_types")
    found = await api.post("/block_types/filter", {})
    assert [(each["slug"], each["is_protected"]) for each in found] == [
        ("local-file-system", True),
        ("secret", True),
        ("webhook", True),
    ]
    status, answer = await api.call("DELETE", f"/block_types/{found[0]['id']}")
    assert (status, answer) == (403, {"detail": "protected block types cannot be deleted."})


async def test_such_a_type_is_protected_whoever_registers_it(api: Api) -> None:
    assert (await make(api, "Secret", "secret"))["is_protected"] is True


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({}, ["Alpha", "Beta"]),
        ({"block_types": {"name": {"like_": "ET"}}}, ["Beta"]),
        ({"block_types": {"slug": {"any_": ["alpha"]}}}, ["Alpha"]),
        ({"block_schemas": {"block_capabilities": {"all_": ["read"]}}}, ["Beta"]),
        ({"limit": 1, "offset": 1}, ["Beta"]),
    ],
)
async def test_types_are_listed_by_name(api: Api, body: dict[str, Any], found: list[str]) -> None:
    beta = await make(api, "Beta", "beta")
    await make(api, "Alpha", "alpha")
    await api.post("/block_schemas/", {"fields": {}, "block_type_id": beta["id"], "capabilities": ["read", "write"]})
    assert [each["name"] for each in await api.post("/block_types/filter", body)] == found


async def test_real_changes_are_told_of(api: Api) -> None:
    made = await make(api)
    for _ in range(2):
        await api.patch(f"/block_types/{made['id']}", {"description": "new"})
    await api.delete(f"/block_types/{made['id']}")
    shown = {name: made[name] for name in ("name", "slug", "logo_url", "documentation_url", "code_example")}
    assert await told(api, "block-type") == [
        ("created", {**shown, "description": None, "is_protected": False}),
        ("updated", {**shown, "description": "new", "is_protected": False}),
        ("deleted", {**shown, "description": "new", "is_protected": False}),
    ]
