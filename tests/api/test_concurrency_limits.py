"""Limits of tags over the older API."""

from typing import Any
from uuid import uuid4

import pytest

from tests.api.conftest import Api
from tests.api.told import told
from tests.kit.slots import leases, taken

NOBODY = "00000000-0000-0000-0000-000000000000"
LIMITS = "/concurrency_limits"
NOT_FOUND = (404, {"detail": "Concurrency limit not found"})
FIRST, SECOND, THIRD = (str(uuid4()) for _ in range(3))


async def make(api: Api, tag: str, limit: int = 1) -> Any:
    return await api.post(f"{LIMITS}/", {"tag": tag, "concurrency_limit": limit})


async def take(api: Api, task_run: str, *tags: str) -> tuple[int, Any]:
    return await api.call("POST", f"{LIMITS}/increment", {"names": tags, "task_run_id": task_run})


async def holders(api: Api, tag: str) -> list[str]:
    found: list[str] = (await api.get(f"{LIMITS}/tag/{tag}"))["active_slots"]
    return found


async def test_a_tag_has_one_limit_which_a_second_creation_changes(api: Api) -> None:
    first = await api.call("POST", f"{LIMITS}/", {"tag": "db", "concurrency_limit": 1})
    second = await api.call("POST", f"{LIMITS}/", {"tag": "db", "concurrency_limit": 3})
    assert (first[0], second[0]) == (201, 200)
    assert second[1]["id"] == first[1]["id"]
    assert (second[1]["tag"], second[1]["concurrency_limit"], second[1]["active_slots"]) == ("db", 3, [])


async def test_it_is_the_limit_that_the_newer_api_shows_under_the_tags_name(api: Api) -> None:
    made = await make(api, "db", 2)
    seen = await api.get("/v2/concurrency_limits/tag:db")
    assert (seen["id"], seen["limit"]) == (made["id"], 2)
    await api.patch("/v2/concurrency_limits/tag:db", {"limit": 5})
    assert (await api.get(f"{LIMITS}/{made['id']}"))["concurrency_limit"] == 5


@pytest.mark.parametrize("body", [{"concurrency_limit": -1}, {"tag": "a/b"}, {"tag": None}])
async def test_a_limit_that_makes_no_sense_is_refused(api: Api, body: dict[str, Any]) -> None:
    assert (await api.call("POST", f"{LIMITS}/", {"tag": "db", "concurrency_limit": 1, **body}))[0] == 422


async def test_limits_of_tags_are_listed_with_those_who_hold_their_slots(api: Api) -> None:
    for tag in ("b", "a", "c"):
        await make(api, tag, 2)
    await api.post("/v2/concurrency_limits/", {"name": "room", "limit": 1})
    await api.post("/v2/concurrency_limits/", {"name": "TAG:x", "limit": 1})
    await take(api, FIRST, "a", "b")
    await take(api, SECOND, "a")
    seen = await api.post(f"{LIMITS}/filter", {})
    assert [(each["tag"], each["active_slots"]) for each in seen] == [("a", [FIRST, SECOND]), ("b", [FIRST]), ("c", [])]
    assert [each["tag"] for each in await api.post(f"{LIMITS}/filter", {"limit": 1, "offset": 1})] == ["b"]


@pytest.mark.parametrize("place", [NOBODY, "tag/nobody"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_what_is_not_there_is_not_found(api: Api, method: str, place: str) -> None:
    assert await api.call(method, f"{LIMITS}/{place}") == NOT_FOUND


async def test_a_limit_that_is_no_tags_is_not_found_here(api: Api) -> None:
    made = await api.post("/v2/concurrency_limits/", {"name": "room", "limit": 1})
    assert await api.call("GET", f"{LIMITS}/{made['id']}") == NOT_FOUND
    assert await api.call("DELETE", f"{LIMITS}/{made['id']}") == NOT_FOUND
    assert (await api.get("/v2/concurrency_limits/room"))["id"] == made["id"]


async def test_a_limit_is_deleted_by_tag_and_by_id(api: Api) -> None:
    await make(api, "a")
    made = await make(api, "b")
    assert await api.call("DELETE", f"{LIMITS}/tag/a") == (200, None)
    assert await api.call("DELETE", f"{LIMITS}/{made['id']}") == (200, None)
    assert await api.post(f"{LIMITS}/filter", {}) == []


async def test_a_task_run_takes_a_slot_of_each_of_its_tags_or_none(api: Api) -> None:
    made = [await make(api, "a", 2), await make(api, "b", 1)]
    named = [{"id": each["id"], "name": each["tag"], "limit": each["concurrency_limit"]} for each in made]
    assert await take(api, FIRST, "b", "a", "unknown") == (200, named)
    full = (423, {"detail": "Concurrency limit for the b tag has been reached"})
    assert await take(api, SECOND, "a", "b") == full
    assert (await holders(api, "a"), await holders(api, "b")) == ([FIRST], [FIRST])


async def test_who_finds_a_tag_full_comes_back_after_ten_seconds(api: Api) -> None:
    await make(api, "a", 1)
    await take(api, FIRST, "a")
    body = {"names": ["a"], "task_run_id": SECOND}
    async with api.client.post(f"/api{LIMITS}/increment", json=body) as answer:
        assert (answer.status, float(answer.headers["Retry-After"])) == (423, 10.0)


async def test_who_asks_for_a_slot_of_a_limit_of_nothing_is_not_told_to_come_back(api: Api) -> None:
    await make(api, "a", 0)
    body = {"names": ["a"], "task_run_id": FIRST}
    async with api.client.post(f"/api{LIMITS}/increment", json=body) as answer:
        assert (answer.status, "Retry-After" in answer.headers) == (423, False)
        detail = 'The concurrency limit on tag "a" is 0 and will deadlock if the task tries to run again.'
        assert await answer.json() == {"detail": detail}


async def test_a_task_run_that_asks_twice_holds_two_slots(api: Api) -> None:
    await make(api, "a", 2)
    await take(api, FIRST, "a")
    await take(api, FIRST, "a")
    assert await holders(api, "a") == [FIRST, FIRST]
    assert (await take(api, SECOND, "a"))[0] == 423


async def test_tags_without_a_limit_in_force_bind_nobody(api: Api) -> None:
    await make(api, "off", 1)
    await api.patch("/v2/concurrency_limits/tag:off", {"active": False})
    assert await take(api, FIRST, "off", "unknown") == (200, [])
    assert await take(api, FIRST) == (200, [])
    assert await leases(api.db) == {}


async def test_a_task_run_gives_back_all_that_it_holds_of_the_tags(api: Api) -> None:
    made = await make(api, "a", 5)
    await make(api, "b", 5)
    for task_run, tags in ((FIRST, ["a", "b"]), (FIRST, ["a"]), (FIRST, ["b"]), (SECOND, ["a"])):
        await take(api, task_run, *tags)
    for _ in range(2):
        given = await api.post(f"{LIMITS}/decrement", {"names": ["a", "unknown"], "task_run_id": FIRST})
        assert given == [{"id": made["id"], "name": "tag:a", "limit": 5}]
        assert (await holders(api, "a"), await holders(api, "b")) == ([SECOND], [FIRST])
    assert (await taken(api.db, "tag:a"), await taken(api.db, "tag:b")) == (1, 1)


async def test_slots_taken_in_the_newer_way_are_shown_and_counted(api: Api) -> None:
    await make(api, "a", 2)
    body = {"names": ["tag:a"], "slots": 1, "holder": {"type": "task_run", "id": FIRST}}
    held = await api.post("/v2/concurrency_limits/increment-with-lease", body)
    assert await holders(api, "a") == [FIRST]
    await take(api, SECOND, "a")
    assert (await take(api, THIRD, "a"))[0] == 423
    await api.post("/v2/concurrency_limits/decrement-with-lease", {"lease_id": held["lease_id"]})
    assert await holders(api, "a") == [SECOND]


async def test_a_reset_frees_the_slots_of_this_tag_only(api: Api) -> None:
    await make(api, "a", 2)
    await make(api, "b", 2)
    await take(api, FIRST, "a", "b")
    await take(api, SECOND, "a")
    assert await api.call("POST", f"{LIMITS}/tag/a/reset", {}) == (200, None)
    assert (await holders(api, "a"), await holders(api, "b")) == ([], [FIRST])
    assert (await taken(api.db, "tag:a"), await taken(api.db, "tag:b")) == (0, 1)
    assert len(await leases(api.db)) == 1


async def test_a_reset_can_hand_the_slots_to_others(api: Api) -> None:
    await make(api, "a", 2)
    await take(api, FIRST, "a")
    await api.post(f"{LIMITS}/tag/a/reset", {"slot_override": [SECOND, THIRD]})
    assert sorted(await holders(api, "a")) == sorted([SECOND, THIRD])
    assert (await take(api, FIRST, "a"))[0] == 423
    await api.post(f"{LIMITS}/decrement", {"names": ["a"], "task_run_id": SECOND})
    assert (await take(api, FIRST, "a"))[0] == 200


async def test_a_tag_without_a_limit_cannot_be_reset(api: Api) -> None:
    assert await api.call("POST", f"{LIMITS}/tag/nobody/reset", {}) == NOT_FOUND


async def test_each_change_of_a_limit_is_told_of_but_no_slot(api: Api) -> None:
    await make(api, "db", 1)
    await make(api, "db", 2)
    await take(api, FIRST, "db")
    await api.post(f"{LIMITS}/tag/db/reset", {})
    await api.delete(f"{LIMITS}/tag/db")
    assert await told(api, "concurrency-limit") == [
        (what, {"name": "tag:db", "limit": limit, "active": True, "slot_decay_per_second": 0.0})
        for what, limit in (("created", 1), ("updated", 2), ("deleted", 2))
    ]
