"""Flows over HTTP."""

import asyncio
from uuid import uuid4

from sqlalchemy import select

from orchd.db.tables import event
from orchd.kit.jsontext import decode
from tests.api.conftest import Api

EVENTS = select(event.c.event, event.c.resource_id, event.c.payload).order_by(event.c.seq)


async def test_the_first_creation_of_a_name_is_201_and_a_repeat_finds_it_unchanged(api: Api) -> None:
    status, made = await api.call("POST", "/flows/", {"name": "etl", "tags": ["a"], "labels": {"x": 1}})
    assert status == 201
    assert (made["name"], made["tags"], made["labels"]) == ("etl", ["a"], {"x": 1})
    status, again = await api.call("POST", "/flows/", {"name": "etl", "tags": ["b"], "labels": {"y": 2}})
    assert (status, again) == (200, made)


async def test_callers_at_the_same_moment_get_one_flow(api: Api) -> None:
    answers = await asyncio.gather(*(api.call("POST", "/flows/", {"name": "one"}) for _ in range(8)))
    assert sorted(status for status, _ in answers) == [200] * 7 + [201]
    assert len({answer["id"] for _, answer in answers}) == 1
    assert await api.post("/flows/count", {}) == 1


async def test_a_name_with_a_slash_or_without_a_character_does_not_fit(api: Api) -> None:
    for name in ("a/b", "50%", "", None):
        status, answer = await api.call("POST", "/flows/", {"name": name})
        assert status == 422
        assert answer["exception_detail"][0]["loc"] == ["body", "name"]


async def test_a_flow_is_read_by_id_and_by_name(api: Api) -> None:
    made = await api.post("/flows/", {"name": "my flow"})
    assert await api.get(f"/flows/{made['id']}") == made
    assert await api.get("/flows/name/my%20flow") == made
    assert await api.call("GET", f"/flows/{uuid4()}") == (404, {"detail": "Flow not found"})
    assert await api.call("GET", "/flows/name/none") == (404, {"detail": "Flow not found"})


async def test_a_change_replaces_the_tags_and_an_empty_one_only_marks_the_flow_as_changed(api: Api) -> None:
    made = await api.post("/flows/", {"name": "f", "tags": ["a"]})
    assert await api.call("PATCH", f"/flows/{made['id']}", {"tags": ["b", "c"]}) == (204, "")
    changed = await api.get(f"/flows/{made['id']}")
    assert changed["tags"] == ["b", "c"]
    await api.patch(f"/flows/{made['id']}", {})
    touched = await api.get(f"/flows/{made['id']}")
    assert touched["tags"] == ["b", "c"]
    assert made["updated"] < changed["updated"] < touched["updated"]


async def test_a_change_of_the_name_or_of_an_unknown_flow_is_refused(api: Api) -> None:
    made = await api.post("/flows/", {"name": "f"})
    status, _ = await api.call("PATCH", f"/flows/{made['id']}", {"name": "g"})
    assert status == 422
    assert await api.call("PATCH", f"/flows/{uuid4()}", {}) == (404, {"detail": "Flow not found"})


async def test_a_deleted_flow_takes_its_runs_along(api: Api) -> None:
    made = await api.post("/flows/", {"name": "f"})
    other = await api.post("/flows/", {"name": "other"})
    for flow in (made, made, other):
        await api.post("/flow_runs/", {"flow_id": flow["id"]})
    assert await api.call("DELETE", f"/flows/{made['id']}") == (204, "")
    assert await api.call("DELETE", f"/flows/{made['id']}") == (404, {"detail": "Flow not found"})
    assert [run["flow_id"] for run in await api.post("/flow_runs/filter", {})] == [other["id"]]


async def test_pages_are_numbered_from_one_and_say_how_many_there_are(api: Api) -> None:
    for name in "abcde":
        await api.post("/flows/", {"name": name})
    page = await api.post("/flows/paginate", {"limit": 2, "page": 3})
    assert [flow["name"] for flow in page.pop("results")] == ["e"]
    assert page == {"count": 5, "limit": 2, "pages": 3, "page": 3}
    assert (await api.post("/flows/paginate", {"limit": 2, "page": 4}))["results"] == []
    assert (await api.post("/flows/paginate", {"limit": 0}))["pages"] == 0
    assert (await api.call("POST", "/flows/paginate", {"page": 0}))[0] == 422


async def test_lists_are_sorted_cut_and_moved_on_as_asked(api: Api) -> None:
    for name in "bca":
        await api.post("/flows/", {"name": name})

    async def names(**asked: object) -> list[str]:
        return [flow["name"] for flow in await api.post("/flows/filter", asked)]

    assert await names() == ["a", "b", "c"]
    assert await names(sort="NAME_DESC") == ["c", "b", "a"]
    assert await names(sort="CREATED_DESC") == ["a", "c", "b"]
    assert await names(sort=None, limit=None, offset=None, flows=None) == ["a", "b", "c"]
    assert await names(limit=1, offset=1) == ["b"]
    assert await names(limit=0) == []
    for wrong in ({"limit": 201}, {"limit": -1}, {"offset": -1}, {"offset": 10**30}, {"sort": "name_asc"}):
        assert (await api.call("POST", "/flows/filter", wrong))[0] == 422


async def test_a_bulk_deletion_deletes_what_matches_up_to_its_limit(api: Api) -> None:
    made = [await api.post("/flows/", {"name": name}) for name in ("a1", "a2", "b1")]
    deleted = await api.post("/flows/bulk_delete", {"flows": {"name": {"like_": "A"}}})
    assert set(deleted["deleted"]) == {made[0]["id"], made[1]["id"]}
    assert (await api.call("POST", "/flows/bulk_delete", {"limit": 51}))[0] == 422
    assert await api.post("/flows/bulk_delete", {"limit": 1}) == {"deleted": [made[2]["id"]]}
    assert await api.post("/flows/bulk_delete", {}) == {"deleted": []}


async def test_a_flow_tells_of_its_creation_its_change_and_its_end(api: Api) -> None:
    made = await api.post("/flows/", {"name": "f", "tags": ["a"]})
    await api.post("/flows/", {"name": "f"})
    await api.patch(f"/flows/{made['id']}", {"tags": ["b"]})
    await api.delete(f"/flows/{made['id']}")
    told = await api.db.read(lambda tx: tx.execute(EVENTS).all())
    assert [(name, of) for name, of, _ in told] == [
        (f"prefect.flow.{what}", f"prefect.flow.{made['id']}") for what in ("created", "updated", "deleted")
    ]
    assert [decode(payload)["tags"] for _, _, payload in told] == [["a"], ["b"], ["b"]]
