"""Block documents over the API."""

from typing import Any

import pytest
from sqlalchemy import select

from orchd.db import Tx
from orchd.db.tables import block_document
from tests.api.conftest import Api
from tests.api.told import related, told

NOBODY = "00000000-0000-0000-0000-000000000000"
NOT_FOUND = (404, {"detail": "Block document not found"})
MASK = "********"


class Kind:
    """A registered type with one schema, and documents of it."""

    def __init__(self, api: Api, type: Any, schema: Any) -> None:
        self.api, self.type, self.schema = api, type, schema

    def body(self, name: str | None = "doc", **data: Any) -> dict[str, Any]:
        return {"name": name, "data": data, "block_schema_id": self.schema["id"], "block_type_id": self.type["id"]}

    async def make(self, name: str | None = "doc", **data: Any) -> Any:
        return await self.api.post("/block_documents/", self.body(name, **data))

    async def anonymous(self, **data: Any) -> Any:
        return await self.api.post("/block_documents/", {**self.body(None, **data), "is_anonymous": True})


async def register(api: Api, slug: str, secrets: list[str], able: list[str] | None = None) -> Kind:
    type = await api.post("/block_types/", {"name": slug.title(), "slug": slug})
    fields = {"title": slug, "secret_fields": secrets}
    body = {"fields": fields, "block_type_id": type["id"], "capabilities": able or []}
    return Kind(api, type, await api.post("/block_schemas/", body))


@pytest.fixture
async def kind(api: Api) -> Kind:
    return await register(api, "thing", ["secret", "headers.*"])


async def data_of(api: Api, document: Any, *, secrets: bool = True) -> Any:
    params = {"include_secrets": str(secrets).lower()}
    return (await api.get(f"/block_documents/{document['id']}", params=params))["data"]


def ref(document: Any) -> dict[str, Any]:
    return {"$ref": {"block_document_id": document["id"]}}


async def test_a_document_is_read_by_id_and_by_name_with_its_schema_and_type(api: Api, kind: Kind) -> None:
    made = await kind.make("doc", a=1)
    assert await api.get(f"/block_documents/{made['id']}") == made
    assert await api.get("/block_types/slug/thing/block_documents/name/doc") == made
    assert await api.get("/block_types/slug/thing/block_documents") == [made]
    assert (made["block_schema"], made["block_type"]) == (kind.schema, kind.type)
    assert (made["block_schema_id"], made["block_type_id"]) == (kind.schema["id"], kind.type["id"])
    assert (made["block_type_name"], made["block_document_references"]) == ("Thing", {})
    assert (made["data"], made["is_anonymous"]) == ({"a": 1}, False)


async def test_secrets_are_shown_only_when_asked_for(api: Api, kind: Kind) -> None:
    data = {"plain": "x", "secret": "s3", "headers": {"a": "h1", "n": None}}
    masked = {"plain": "x", "secret": MASK, "headers": {"a": MASK, "n": MASK}}
    made = await kind.make("doc", **data)
    by_name = "/block_types/slug/thing/block_documents"
    yes = {"include_secrets": "true"}
    assert made["data"] == masked
    assert await data_of(api, made, secrets=False) == masked
    assert await data_of(api, made) == data
    assert (await api.get(f"{by_name}/name/doc"))["data"] == masked
    assert (await api.get(f"{by_name}/name/doc", params=yes))["data"] == data
    assert [each["data"] for each in await api.get(by_name, params=yes)] == [data]
    assert [each["data"] for each in await api.post("/block_documents/filter", {})] == [masked]
    assert [each["data"] for each in await api.post("/block_documents/filter", {"include_secrets": True})] == [data]


async def test_nothing_of_a_document_is_readable_in_the_database(api: Api, kind: Kind) -> None:
    await kind.make("doc", plain="visible", secret="hidden")

    def stored(tx: Tx) -> str:
        return str(tx.execute(select(block_document.c.data)).scalar_one())

    sealed = await api.db.read(stored)
    assert "visible" not in sealed
    assert "hidden" not in sealed


async def test_a_name_is_taken_only_once_in_a_type(api: Api, kind: Kind) -> None:
    await kind.make("doc")
    assert await api.call("POST", "/block_documents/", kind.body()) == (409, {"detail": "Block already exists"})
    await (await register(api, "other", [])).make("doc")


@pytest.mark.parametrize("name", [None, "Upper", "a b", "a_b", "a/b"])
async def test_a_name_is_needed_and_has_certain_characters(api: Api, kind: Kind, name: str | None) -> None:
    assert (await api.call("POST", "/block_documents/", kind.body(name)))[0] == 422


async def test_an_anonymous_document_gets_a_name_and_is_not_listed(api: Api, kind: Kind) -> None:
    made = await kind.anonymous(a=1)
    assert made["name"].startswith("anonymous-")
    assert await api.get("/block_types/slug/thing/block_documents") == []
    assert await data_of(api, made) == {"a": 1}


async def test_a_document_of_an_unknown_schema_is_a_conflict(api: Api, kind: Kind) -> None:
    assert (await api.call("POST", "/block_documents/", {**kind.body(), "block_schema_id": NOBODY}))[0] == 409


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_what_is_not_there_is_not_found(api: Api, kind: Kind, method: str) -> None:
    assert await api.call(method, f"/block_documents/{NOBODY}", {} if method == "PATCH" else None) == NOT_FOUND
    for slug in ("thing", "nobody"):
        assert await api.call("GET", f"/block_types/slug/{slug}/block_documents/name/nobody") == NOT_FOUND
    status, _ = await api.call("GET", "/block_types/slug/nobody/block_documents")
    assert status == 404


# Changes


@pytest.mark.parametrize(
    ("patch", "after"),
    [
        pytest.param({"data": {"b": 2}}, {"a": 1, "secret": "s3", "headers": {"h": "1", "i": "2"}, "b": 2},
                     id="merged at the top"),
        pytest.param({"data": {"headers": {"j": "3"}}}, {"a": 1, "secret": "s3", "headers": {"j": "3"}},
                     id="an object within is replaced"),
        pytest.param({"data": {"secret": MASK, "headers": {"h": MASK, "k": "4"}}},
                     {"a": 1, "secret": "s3", "headers": {"h": "1", "k": "4"}}, id="the mask keeps what is stored"),
        pytest.param({"data": {"secret": "new"}}, {"a": 1, "secret": "new", "headers": {"h": "1", "i": "2"}},
                     id="a new secret"),
        pytest.param({"data": {"b": 2}, "merge_existing_data": False}, {"b": 2}, id="replaced when asked"),
        pytest.param({}, {"a": 1, "secret": "s3", "headers": {"h": "1", "i": "2"}}, id="nothing"),
    ],
)  # fmt: skip
async def test_data_are_merged(api: Api, kind: Kind, patch: Any, after: Any) -> None:
    made = await kind.make("doc", a=1, secret="s3", headers={"h": "1", "i": "2"})
    await api.patch(f"/block_documents/{made['id']}", patch)
    changed = await api.get(f"/block_documents/{made['id']}", params={"include_secrets": "true"})
    assert changed["data"] == after
    assert changed["updated"] > made["updated"]


async def test_a_schema_changes_only_together_with_data_and_within_the_type(api: Api, kind: Kind) -> None:
    made = await kind.make("doc", a=1)
    body = {"fields": {"title": "newer"}, "block_type_id": kind.type["id"]}
    newer = (await api.post("/block_schemas/", body))["id"]
    foreign = (await register(api, "other", [])).schema["id"]
    path = f"/block_documents/{made['id']}"
    await api.patch(path, {"block_schema_id": newer})
    assert (await api.get(path))["block_schema_id"] == kind.schema["id"]
    await api.patch(path, {"block_schema_id": newer, "data": {}})
    assert (await api.get(path))["block_schema_id"] == newer
    for wrong in (foreign, NOBODY):
        assert (await api.call("PATCH", path, {"block_schema_id": wrong, "data": {}}))[0] == 400


async def test_a_name_is_not_changed(api: Api, kind: Kind) -> None:
    made = await kind.make("doc")
    assert (await api.call("PATCH", f"/block_documents/{made['id']}", {"name": "new"}))[0] == 422


# Documents within documents


async def test_the_data_of_a_document_within_are_shown_and_its_place_is_told(api: Api, kind: Kind) -> None:
    child = await kind.make("child", a=1, secret="s3")
    middle = await kind.make("middle", child=ref(child), b=2)
    top = await api.get(f"/block_documents/{(await kind.make('top', m=ref(middle)))['id']}")
    assert top["data"] == {"m": {"b": 2, "child": {"a": 1, "secret": MASK}}}
    assert await data_of(api, top) == {"m": {"b": 2, "child": {"a": 1, "secret": "s3"}}}
    inner = top["block_document_references"]["m"]["block_document"]
    assert (inner["id"], inner["name"], inner["is_anonymous"]) == (middle["id"], "middle", False)
    assert inner["block_type"] == kind.type
    innermost = inner["block_document_references"]["child"]["block_document"]
    assert (innermost["id"], innermost["block_document_references"]) == (child["id"], {})


async def test_a_list_shows_documents_within_as_well(api: Api, kind: Kind) -> None:
    child = await kind.make("child", a=1)
    await kind.make("top", x=ref(child), y=ref(child))
    listed = await api.post("/block_documents/filter", {})
    assert [each["data"] for each in listed] == [{"a": 1}, {"x": {"a": 1}, "y": {"a": 1}}]


async def test_a_change_of_the_document_within_shows(api: Api, kind: Kind) -> None:
    child = await kind.make("child", a=1)
    top = await kind.make("top", c=ref(child))
    await api.patch(f"/block_documents/{child['id']}", {"data": {"a": 2}})
    assert await data_of(api, top) == {"c": {"a": 2}}
    await api.delete(f"/block_documents/{child['id']}")
    assert await data_of(api, top) == {}


async def test_a_merge_keeps_references_that_it_does_not_name(api: Api, kind: Kind) -> None:
    one, two = await kind.make("one", a=1), await kind.make("two", a=2)
    top = await kind.make("top", c=ref(one), d=ref(one), e=ref(one))
    await api.patch(f"/block_documents/{top['id']}", {"data": {"d": ref(two), "e": "text", "x": 1}})
    assert await data_of(api, top) == {"c": {"a": 1}, "d": {"a": 2}, "e": "text", "x": 1}
    await api.patch(f"/block_documents/{top['id']}", {"data": {"e": ref(two)}})
    assert await data_of(api, top) == {"c": {"a": 1}, "d": {"a": 2}, "e": {"a": 2}, "x": 1}
    await api.patch(f"/block_documents/{top['id']}", {"data": {"c": ref(two)}, "merge_existing_data": False})
    assert await data_of(api, top) == {"c": {"a": 2}}


@pytest.mark.parametrize("target", [{}, {"block_document_id": None}, {"block_document_id": "42"}])
async def test_a_reference_needs_an_id(api: Api, kind: Kind, target: Any) -> None:
    assert (await api.call("POST", "/block_documents/", kind.body("doc", c={"$ref": target})))[0] == 400
    assert await api.post("/block_documents/count") == 0


async def test_a_reference_to_nothing_is_a_conflict(api: Api, kind: Kind) -> None:
    body = kind.body("doc", c={"$ref": {"block_document_id": NOBODY}})
    assert (await api.call("POST", "/block_documents/", body))[0] == 409
    assert await api.post("/block_documents/count") == 0


async def test_references_form_no_circle(api: Api, kind: Kind) -> None:
    child = await kind.make("child", a=1)
    middle = await kind.make("middle", c=ref(child))
    top = await kind.make("top", m=ref(middle))
    for document in (child, middle, top):
        status, answer = await api.call("PATCH", f"/block_documents/{child['id']}", {"data": {"x": ref(document)}})
        assert status == 400
        assert "circle" in answer["detail"]
    assert await data_of(api, child) == {"a": 1}


# Lists


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({}, ["alpha", "beta", "gamma"]),
        ({"block_documents": {}}, ["alpha", "beta", "gamma"]),
        ({"sort": "NAME_DESC"}, ["gamma", "beta", "alpha"]),
        ({"sort": "BLOCK_TYPE_AND_NAME_ASC"}, ["beta", "alpha", "gamma"]),
        ({"limit": 1, "offset": 1}, ["beta"]),
        ({"block_documents": {"name": {"like_": "AM"}}}, ["gamma"]),
        ({"block_documents": {"name": {"any_": ["alpha"]}}}, ["alpha"]),
        ({"block_documents": {"is_anonymous": {"eq_": True}}}, ["anon"]),
        ({"block_documents": {"is_anonymous": None}}, ["alpha", "anon", "beta", "gamma"]),
        ({"block_documents": {"id": {"any_": [NOBODY]}}}, []),
        ({"block_documents": {"block_type_id": {"any_": [NOBODY]}}}, []),
        ({"block_types": {"slug": {"any_": ["other"]}}}, ["beta"]),
        ({"block_schemas": {"block_capabilities": {"all_": ["write-path"]}}}, ["beta"]),
    ],
)
async def test_documents_are_found(api: Api, kind: Kind, body: dict[str, Any], found: list[str]) -> None:
    await kind.make("gamma")
    await kind.make("alpha")
    await (await register(api, "other", [], ["write-path"])).make("beta")
    await api.post("/block_documents/", {**kind.body("anon"), "is_anonymous": True})
    assert [each["name"] for each in await api.post("/block_documents/filter", body)] == found
    if "limit" not in body:
        assert await api.post("/block_documents/count", body) == len(found)


# Events


async def test_changes_are_told_of_without_secrets(api: Api, kind: Kind) -> None:
    made = await kind.make("doc", plain="x", number=1, secret="s3", headers={"a": "b"})
    named = [
        (each["prefect.resource.role"], each["prefect.resource.id"]) for each in await related(api, "block-document")
    ]
    assert named == [
        ("block-type", f"prefect.block-type.{kind.type['id']}"),
        ("block-schema", f"prefect.block-schema.{kind.schema['id']}"),
    ]
    await api.patch(f"/block_documents/{made['id']}", {"data": {"secret": "s4", "plain": "y"}})
    await api.delete(f"/block_documents/{made['id']}")
    schema = {"capabilities": [], "block_type": {"id": kind.type["id"], "name": "Thing"}}
    assert await told(api, "block-document") == [
        ("created", {"name": "doc", "data": {"plain": "x"}, "block_schema": schema}),
        ("updated", {"name": "doc", "data": {"plain": "y"}, "block_schema": schema}),
        ("deleted", {"name": "doc", "data": {"plain": "y"}, "block_schema": schema}),
    ]


async def test_nothing_is_told_of_anonymous_documents(api: Api, kind: Kind) -> None:
    made = await kind.anonymous(a="x")
    await api.patch(f"/block_documents/{made['id']}", {"data": {"a": "y"}})
    await api.delete(f"/block_documents/{made['id']}")
    assert await told(api, "block-document") == []


# The default result storage


async def test_results_are_stored_with_a_block_that_can_write(api: Api, kind: Kind) -> None:
    none = {"default_result_storage_block_id": None}
    assert await api.get("/admin/storage") == none
    disk = await (await register(api, "disk", [], ["write-path"])).make("store")
    chosen = {"default_result_storage_block_id": disk["id"]}
    assert await api.call("PUT", "/admin/storage", chosen) == (200, chosen)
    assert await api.get("/admin/storage") == chosen
    await api.delete("/admin/storage")
    assert await api.get("/admin/storage") == none


async def test_other_blocks_are_refused_for_results(api: Api, kind: Kind) -> None:
    thing = (await kind.make("doc"))["id"]
    for id, status, reason in ((NOBODY, 404, "not found."), (thing, 422, "cannot be used for result storage.")):
        answer = await api.call("PUT", "/admin/storage", {"default_result_storage_block_id": id})
        assert answer == (status, {"detail": f"Block document {id} {reason}"})


@pytest.mark.parametrize("what", ["document", "schema", "type"])
async def test_a_deleted_block_stores_no_results(api: Api, kind: Kind, what: str) -> None:
    disk = await register(api, "disk", [], ["write-path"])
    store = await disk.make("store")
    await api.call("PUT", "/admin/storage", {"default_result_storage_block_id": store["id"]})
    paths = {
        "document": f"/block_documents/{store['id']}",
        "schema": f"/block_schemas/{disk.schema['id']}",
        "type": f"/block_types/{disk.type['id']}",
    }
    await api.delete(paths[what])
    assert await api.get("/admin/storage") == {"default_result_storage_block_id": None}
