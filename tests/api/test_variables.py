"""Variables over the API."""

from typing import Any

import pytest

from tests.api.conftest import Api
from tests.api.told import told

NOBODY = "00000000-0000-0000-0000-000000000000"


async def names(api: Api, **body: Any) -> list[str]:
    return [each["name"] for each in await api.post("/variables/filter", body)]


@pytest.mark.parametrize(
    "value", [None, 0, -1.5, True, "text", "snow \u2603", [1, [None]], {"b": 1, "a": {"c": []}}, 2**70]
)
async def test_any_json_is_a_value_and_comes_back_as_it_was(api: Api, value: Any) -> None:
    made = await api.post("/variables/", {"name": "answer", "value": value, "tags": ["b", "a", "b"]})
    assert await api.get(f"/variables/{made['id']}") == made
    assert (made["name"], made["value"], made["tags"]) == ("answer", value, ["b", "a", "b"])


async def test_a_variable_is_read_by_id_and_by_name(api: Api) -> None:
    made = await api.post("/variables/", {"name": "answer", "value": 42})
    assert await api.get("/variables/name/answer") == await api.get(f"/variables/{made['id']}") == made


async def test_a_name_is_taken_only_once(api: Api) -> None:
    await api.post("/variables/", {"name": "answer", "value": 42})
    status, answer = await api.call("POST", "/variables/", {"name": "answer", "value": 43})
    assert (status, answer) == (409, {"detail": "A variable with the name 'answer' already exists."})
    assert (await api.get("/variables/name/answer"))["value"] == 42


@pytest.mark.parametrize("name", ["Upper", "a b", "a/b", "a.b", "caf\u00e9", "line\n", "a" * 256])
async def test_a_name_of_other_characters_or_too_long_is_refused(api: Api, name: str) -> None:
    status, answer = await api.call("POST", "/variables/", {"name": name, "value": 1})
    assert status == 422
    assert answer["exception_detail"][0]["loc"] == ["body", "name"]


@pytest.mark.parametrize(("length", "status"), [(4998, 201), (4999, 422)])
async def test_a_value_is_at_most_5000_characters_of_json(api: Api, length: int, status: int) -> None:
    body = {"name": "long", "value": "x" * length}
    assert (await api.call("POST", "/variables/", body))[0] == status


async def test_a_value_may_not_grow_beyond_5000_characters(api: Api) -> None:
    await api.post("/variables/", {"name": "long", "value": 1})
    status, _ = await api.call("PATCH", "/variables/name/long", {"value": "x" * 4999})
    assert status == 422


async def test_a_change_touches_only_what_it_names(api: Api) -> None:
    made = await api.post("/variables/", {"name": "answer", "value": 42, "tags": ["a"]})
    await api.patch(f"/variables/{made['id']}", {"value": None})
    await api.patch("/variables/name/answer", {"name": "reply"})
    changed = await api.get("/variables/name/reply")
    assert (changed["id"], changed["value"], changed["tags"]) == (made["id"], None, ["a"])
    assert changed["updated"] > made["updated"]
    assert changed["created"] == made["created"]


@pytest.mark.parametrize("change", [{"name": "taken"}, {"name": None}])
async def test_a_rename_to_a_taken_name_or_to_none_is_a_conflict(api: Api, change: dict[str, Any]) -> None:
    await api.post("/variables/", {"name": "taken", "value": 1})
    await api.post("/variables/", {"name": "mine", "value": 2})
    assert (await api.call("PATCH", "/variables/name/mine", change))[0] == 409
    assert await names(api) == ["mine", "taken"]


async def test_an_unknown_key_in_a_change_is_refused(api: Api) -> None:
    await api.post("/variables/", {"name": "mine", "value": 2})
    assert (await api.call("PATCH", "/variables/name/mine", {"id": NOBODY}))[0] == 422


@pytest.mark.parametrize("place", [NOBODY, "name/nobody"])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_what_is_not_there_is_not_found(api: Api, method: str, place: str) -> None:
    status, answer = await api.call(method, f"/variables/{place}", {} if method == "PATCH" else None)
    assert (status, answer) == (404, {"detail": "Variable not found."})


async def test_an_id_that_is_none_is_no_place(api: Api) -> None:
    assert await api.call("GET", "/variables/42") == (404, {"detail": "Not Found"})


async def test_a_deleted_variable_is_gone(api: Api) -> None:
    made = await api.post("/variables/", {"name": "one", "value": 1})
    await api.post("/variables/", {"name": "two", "value": 2})
    await api.delete(f"/variables/{made['id']}")
    await api.delete("/variables/name/two")
    assert await names(api) == []


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        pytest.param({}, ["alpha", "beta", "gamma_ray"], id="nothing asked"),
        pytest.param({"name": {"like_": "A_R"}}, ["gamma_ray"], id="a part, in any case, with a wildcard"),
        pytest.param({"name": {"any_": ["beta", "nobody"]}}, ["beta"], id="one of these names"),
        pytest.param({"name": {"any_": []}}, [], id="one of no names"),
        pytest.param({"tags": {"all_": ["x", "y"]}}, ["beta"], id="both tags"),
        pytest.param({"tags": {"all_": []}}, ["alpha", "beta", "gamma_ray"], id="no particular tags"),
        pytest.param({"tags": {"is_null_": True}}, ["gamma_ray"], id="no tags"),
        pytest.param({"tags": {"is_null_": False}}, ["alpha", "beta"], id="some tags"),
        pytest.param({"id": {"any_": [NOBODY]}}, [], id="an unknown id"),
        pytest.param(
            {"operator": "or_", "name": {"any_": ["alpha"]}, "tags": {"is_null_": True}},
            ["alpha", "gamma_ray"],
            id="either criterion",
        ),
    ],
)
async def test_variables_are_found_by_name_tags_and_id(api: Api, asked: dict[str, Any], found: list[str]) -> None:
    for name, tags in (("beta", ["x", "y"]), ("alpha", ["x"]), ("gamma_ray", [])):
        await api.post("/variables/", {"name": name, "value": 1, "tags": tags})
    assert await names(api, variables=asked) == found
    assert await api.post("/variables/count", {"variables": asked}) == len(found)


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        (None, ["a", "b", "c"]),
        ("NAME_DESC", ["c", "b", "a"]),
        ("CREATED_DESC", ["c", "a", "b"]),
        ("UPDATED_DESC", ["b", "c", "a"]),
    ],
)
async def test_a_page_has_the_order_that_was_asked_for(api: Api, sort: str | None, found: list[str]) -> None:
    for name in ("b", "a", "c"):
        await api.post("/variables/", {"name": name, "value": 1})
    await api.patch("/variables/name/b", {"value": 2})
    assert await names(api, sort=sort) == found
    assert await names(api, sort=sort, limit=1, offset=1) == found[1:2]


async def test_an_unknown_key_in_a_filter_is_refused(api: Api) -> None:
    assert (await api.call("POST", "/variables/filter", {"variables": {"nmae": {}}}))[0] == 422


async def test_each_change_is_told_of(api: Api) -> None:
    await api.post("/variables/", {"name": "answer", "value": 42, "tags": ["a"]})
    await api.patch("/variables/name/answer", {"value": {"x": 1}})
    await api.delete("/variables/name/answer")
    assert await told(api, "variable") == [
        ("created", {"name": "answer", "value": 42, "tags": ["a"]}),
        ("updated", {"name": "answer", "value": {"x": 1}, "tags": ["a"]}),
        ("deleted", {"name": "answer", "value": {"x": 1}, "tags": ["a"]}),
    ]
