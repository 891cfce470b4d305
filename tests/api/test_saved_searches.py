"""Saved searches over the API."""

from tests.api.conftest import Api

TERM = {"object": "flow_run", "property": "name", "type": "string", "operation": "equals", "value": {"a": [1]}}


async def test_a_search_is_kept_under_its_name(api: Api) -> None:
    status, made = await api.call("PUT", "/saved_searches/", {"name": "mine", "filters": [TERM]})
    assert (status, made["filters"]) == (201, [TERM])
    status, changed = await api.call("PUT", "/saved_searches/", {"name": "mine"})
    assert (status, changed["id"], changed["created"], changed["filters"]) == (200, made["id"], made["created"], [])
    assert await api.get(f"/saved_searches/{made['id']}") == changed


async def test_searches_are_listed_by_name(api: Api) -> None:
    for name in ("b", "c", "a"):
        await api.call("PUT", "/saved_searches/", {"name": name})
    listed = await api.post("/saved_searches/filter", {"limit": 2, "offset": 1})
    assert [each["name"] for each in listed] == ["b", "c"]


async def test_a_deleted_search_is_gone(api: Api) -> None:
    _, made = await api.call("PUT", "/saved_searches/", {"name": "mine"})
    await api.delete(f"/saved_searches/{made['id']}")
    gone = (404, {"detail": "Saved search not found"})
    assert await api.call("GET", f"/saved_searches/{made['id']}") == gone
    assert await api.call("DELETE", f"/saved_searches/{made['id']}") == gone
