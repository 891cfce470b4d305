"""Concurrency limits and leases over the API."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.api.conftest import Api
from tests.api.told import told
from tests.kit.slots import leases, taken

NOBODY = "00000000-0000-0000-0000-000000000000"
LIMITS = "/v2/concurrency_limits"
NOT_FOUND = (404, {"detail": "Concurrency Limit not found"})
TOO_MANY = (422, {"detail": "Slots requested is greater than the limit"})


async def make(api: Api, name: str, limit: int = 2, **more: Any) -> Any:
    return await api.post(f"{LIMITS}/", {"name": name, "limit": limit, **more})


async def ask(api: Api, *names: str, slots: int = 1, **more: Any) -> tuple[int, Any]:
    return await api.call("POST", f"{LIMITS}/increment", {"names": names, "slots": slots, **more})


async def lease(api: Api, *names: str, slots: int = 1, **more: Any) -> Any:
    return await api.post(f"{LIMITS}/increment-with-lease", {"names": names, "slots": slots, **more})


# Limits


async def test_a_new_limit_shows_its_counts_and_later_only_what_is_taken(api: Api) -> None:
    made = await make(api, "room")
    assert {name: value for name, value in made.items() if name not in ("id", "created", "updated")} == {
        "name": "room",
        "limit": 2,
        "active": True,
        "active_slots": 0,
        "denied_slots": 0,
        "slot_decay_per_second": 0.0,
        "avg_slot_occupancy_seconds": 2.0,
    }
    del made["denied_slots"], made["avg_slot_occupancy_seconds"]
    assert await api.get(f"{LIMITS}/room") == await api.get(f"{LIMITS}/{made['id']}") == made


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"name": "a/b", "limit": 1}, id="a slash"),
        pytest.param({"name": "", "limit": 1}, id="no name"),
        pytest.param({"name": "a", "limit": -1}, id="less than nothing"),
        pytest.param({"name": "a", "limit": 2**31}, id="more than a column holds"),
        pytest.param({"name": "a", "limit": 1, "slot_decay_per_second": -0.1}, id="decay that takes slots"),
        pytest.param({"name": "a"}, id="no limit"),
    ],
)
async def test_a_limit_that_makes_no_sense_is_refused(api: Api, body: dict[str, Any]) -> None:
    assert (await api.call("POST", f"{LIMITS}/", body))[0] == 422


async def test_a_name_is_taken_only_once(api: Api) -> None:
    await make(api, "room", 2)
    assert (await api.call("POST", f"{LIMITS}/", {"name": "room", "limit": 9}))[0] == 409
    assert (await api.get(f"{LIMITS}/room"))["limit"] == 2


async def test_limits_are_listed_by_name(api: Api) -> None:
    for name in ("b", "c", "a"):
        await make(api, name)
    assert [each["name"] for each in await api.post(f"{LIMITS}/filter", {})] == ["a", "b", "c"]
    assert [each["name"] for each in await api.post(f"{LIMITS}/filter", {"limit": 1, "offset": 1})] == ["b"]
    assert (await api.call("POST", f"{LIMITS}/filter", {"limit": 201}))[0] == 422


async def test_a_change_touches_only_what_it_names(api: Api) -> None:
    made = await make(api, "room", active_slots=1)
    await api.patch(f"{LIMITS}/room", {"name": "hall", "limit": 5})
    await api.patch(f"{LIMITS}/{made['id']}", {"slot_decay_per_second": 0.001})
    await api.patch(f"{LIMITS}/hall", {})
    hall = await api.get(f"{LIMITS}/hall")
    assert (hall["id"], hall["limit"], hall["active"], hall["active_slots"]) == (made["id"], 5, True, 1)
    assert hall["slot_decay_per_second"] == 0.001
    assert hall["updated"] > made["updated"]


async def test_slots_can_be_set_by_hand(api: Api) -> None:
    await make(api, "room", 1, active_slots=1)
    assert (await ask(api, "room"))[0] == 423
    await api.patch(f"{LIMITS}/room", {"active_slots": 0, "denied_slots": 0})
    assert (await ask(api, "room"))[0] == 200


@pytest.mark.parametrize("change", [{"name": "taken"}, {"name": None}, {"limit": None}])
async def test_a_taken_name_or_a_null_is_a_conflict(api: Api, change: dict[str, Any]) -> None:
    await make(api, "taken")
    await make(api, "mine")
    assert (await api.call("PATCH", f"{LIMITS}/mine", change))[0] == 409
    assert (await api.get(f"{LIMITS}/mine"))["limit"] == 2


async def test_an_unknown_key_in_a_change_is_refused(api: Api) -> None:
    await make(api, "mine")
    assert (await api.call("PATCH", f"{LIMITS}/mine", {"id": NOBODY}))[0] == 422


@pytest.mark.parametrize("key", [NOBODY, "nobody"])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_what_is_not_there_is_not_found(api: Api, method: str, key: str) -> None:
    assert await api.call(method, f"{LIMITS}/{key}", {} if method == "PATCH" else None) == NOT_FOUND


async def test_a_deleted_limit_binds_nobody(api: Api) -> None:
    await make(api, "room", 1)
    held = await lease(api, "room")
    await api.delete(f"{LIMITS}/room")
    assert await ask(api, "room") == (200, [])
    await api.post(f"{LIMITS}/leases/{held['lease_id']}/renew", {})
    await api.post(f"{LIMITS}/decrement-with-lease", {"lease_id": held["lease_id"]})


async def test_each_change_of_a_limit_is_told_of_but_no_slot(api: Api) -> None:
    await make(api, "room", slot_decay_per_second=0.5)
    await ask(api, "room")
    await api.patch(f"{LIMITS}/room", {"active_slots": 0})
    await api.patch(f"{LIMITS}/room", {"limit": 3, "active": False})
    await api.delete(f"{LIMITS}/room")
    first = {"name": "room", "limit": 2, "active": True, "slot_decay_per_second": 0.5}
    last = {**first, "limit": 3, "active": False}
    assert await told(api, "concurrency-limit") == [("created", first), ("updated", last), ("deleted", last)]


# Slots


@pytest.mark.parametrize("way", ["increment", "increment-with-lease"])
@pytest.mark.parametrize(
    ("names", "slots", "mode", "answer"),
    [
        pytest.param(["room"], 0, "concurrency", 422, id="no slots"),
        pytest.param(["nobody"], 0, "concurrency", 422, id="no slots of nothing"),
        pytest.param([], 1, "concurrency", 200, id="no names"),
        pytest.param(["nobody"], 5, "rate_limit", 200, id="an unknown name"),
        pytest.param(["room"], 3, "rate_limit", TOO_MANY, id="more than the limit, asked before the mode is"),
        pytest.param(["closed"], 1, "concurrency", TOO_MANY, id="a limit of nothing"),
        pytest.param(["room"], 1, "rate_limit", 422, id="a rate without decay"),
        pytest.param(["room", "full"], 1, "rate_limit", 422, id="asked before there is room"),
        pytest.param(["off"], 9, "rate_limit", 200, id="switched off"),
        pytest.param(["rate"], 1, "rate_limit", 200, id="a rate"),
        pytest.param(["room"], 1, "both", 422, id="an unknown mode"),
        pytest.param(["room", "full"], 1, "concurrency", (423, {"detail": "Locked"}), id="no room in one"),
        pytest.param(["room"], 2, "concurrency", 200, id="all there is"),
        pytest.param(["room", "room"], 2, "concurrency", 200, id="named twice, counted once"),
    ],
)
async def test_what_is_asked_for_is_checked_in_order(
    api: Api, way: str, names: list[str], slots: int, mode: str, answer: Any
) -> None:
    await make(api, "room", 2)
    await make(api, "closed", 0)
    await make(api, "full", 1, active_slots=1)
    await make(api, "off", 1, active=False)
    await make(api, "rate", 1, slot_decay_per_second=0.01)
    got = await api.call("POST", f"{LIMITS}/{way}", {"names": names, "slots": slots, "mode": mode})
    assert got == answer if isinstance(answer, tuple) else got[0] == answer
    assert await taken(api.db, "room") == (slots if "room" in names and got[0] == 200 else 0)


async def test_limits_without_decay_are_named_to_who_would_limit_a_rate(api: Api) -> None:
    for name, decay in (("b", 0), ("a", 0), ("rate", 1)):
        await make(api, name, slot_decay_per_second=decay)
    detail = (
        "Only concurrency limits with slot decay can be used for rate limiting. "
        "The following limits do not have a decay configured: 'a,b'"
    )
    assert await ask(api, "b", "rate", "a", mode="rate_limit") == (422, {"detail": detail})


async def test_who_is_refused_is_told_when_to_come_back(api: Api) -> None:
    await make(api, "room", 1, active_slots=1)
    body = {"names": ["room"], "slots": 1}
    async with api.client.post(f"/api{LIMITS}/increment", json=body) as answer:
        assert answer.status == 423
        assert 2 * 0.7 - 0.001 <= float(answer.headers["Retry-After"]) <= 2 * 1.3 + 0.001


async def test_the_answer_names_the_limits_that_exist(api: Api) -> None:
    made = [await make(api, "a"), await make(api, "off", active=False)]
    named = [{"id": each["id"], "name": each["name"], "limit": 2} for each in made]
    assert await ask(api, "off", "nobody", "a") == (200, named)
    decrement = {"names": ["off", "nobody", "a"], "slots": 1, "occupancy_seconds": 1.5}
    assert await api.post(f"{LIMITS}/decrement", decrement) == named
    assert await api.post(f"{LIMITS}/decrement", {"names": ["nobody"], "slots": 1}) == []


async def test_slots_are_given_back_but_never_more_than_there_are(api: Api) -> None:
    await make(api, "room", 3, active_slots=2)
    await api.post(f"{LIMITS}/decrement", {"names": ["room"], "slots": 1})
    assert await taken(api.db, "room") == 1
    await api.post(f"{LIMITS}/decrement", {"names": ["room"], "slots": 5})
    assert await taken(api.db, "room") == 0


async def test_a_limit_that_is_switched_off_does_not_count(api: Api) -> None:
    await make(api, "off", 1, active=False, active_slots=1)
    assert (await ask(api, "off"))[0] == 200
    await api.post(f"{LIMITS}/decrement", {"names": ["off"], "slots": 1})
    assert await taken(api.db, "off") == 1


@pytest.mark.parametrize("body", [{"slots": 0}, {"occupancy_seconds": 0}, {"names": "room"}])
async def test_a_return_that_makes_no_sense_is_refused(api: Api, body: dict[str, Any]) -> None:
    whole = {"names": ["room"], "slots": 1, **body}
    assert (await api.call("POST", f"{LIMITS}/decrement", whole))[0] == 422


# Leases


async def test_a_lease_holds_slots_until_it_is_given_back(api: Api) -> None:
    made = await make(api, "room", 2)
    held = await lease(api, "room", slots=2, holder={"type": "task_run", "id": str(uuid4())})
    assert held["limits"] == [{"id": made["id"], "name": "room", "limit": 2}]
    assert (await api.get(f"{LIMITS}/room"))["active_slots"] == 2
    for _ in range(2):
        assert await api.call("POST", f"{LIMITS}/decrement-with-lease", {"lease_id": held["lease_id"]}) == (204, "")
        assert (await api.get(f"{LIMITS}/room"))["active_slots"] == 0
    assert await leases(api.db) == {}


async def test_names_without_a_limit_bind_nobody_and_leave_nothing_behind(api: Api) -> None:
    held = await lease(api, "tag:a", "tag:b")
    assert held["limits"] == []
    assert UUID(held["lease_id"])
    assert await leases(api.db) == {}
    assert await api.call("POST", f"{LIMITS}/decrement-with-lease", {"lease_id": held["lease_id"]}) == (204, "")


async def test_a_refusal_leaves_no_lease(api: Api) -> None:
    await make(api, "room", 1)
    await lease(api, "room")
    status, _ = await api.call("POST", f"{LIMITS}/increment-with-lease", {"names": ["room"], "slots": 1})
    assert (status, len(await leases(api.db))) == (423, 1)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"lease_duration": 59.9}, id="too short"),
        pytest.param({"lease_duration": 86401}, id="too long"),
        pytest.param({"holder": {"type": "worker", "id": NOBODY}}, id="an unknown kind of holder"),
        pytest.param({"names": ["n"] * 1001}, id="too many names"),
    ],
)
async def test_a_lease_that_makes_no_sense_is_refused(api: Api, body: dict[str, Any]) -> None:
    whole = {"names": ["room"], "slots": 1, **body}
    assert (await api.call("POST", f"{LIMITS}/increment-with-lease", whole))[0] == 422


async def test_a_renewal_lets_the_lease_hold_on(api: Api) -> None:
    await make(api, "room")
    held = UUID((await lease(api, "room", lease_duration=60))["lease_id"])
    first = (await leases(api.db))[held]
    await api.post(f"{LIMITS}/leases/{held}/renew", {"lease_duration": 600})
    second = (await leases(api.db))[held]
    assert 530 <= (second - first).total_seconds() <= 660
    await api.post(f"{LIMITS}/leases/{held}/renew")
    assert (await leases(api.db))[held] < second


async def test_a_lease_that_is_over_cannot_be_renewed(api: Api) -> None:
    await make(api, "room")
    held = (await lease(api, "room"))["lease_id"]
    await api.post(f"{LIMITS}/decrement-with-lease", {"lease_id": held})
    gone = (410, {"detail": "Lease not found - it may have expired or been revoked"})
    assert await api.call("POST", f"{LIMITS}/leases/{held}/renew", {"lease_duration": 60}) == gone
    assert (await api.call("POST", f"{LIMITS}/leases/{NOBODY}/renew", {"lease_duration": 1}))[0] == 422


async def test_callers_at_once_get_what_there_is_and_no_more(api: Api) -> None:
    await make(api, "room", 3)
    await make(api, "hall", 5)
    answers = await asyncio.gather(*(ask(api, "hall", "room") for _ in range(12)))
    assert sorted(status for status, _ in answers) == [200] * 3 + [423] * 9
    assert (await taken(api.db, "room"), await taken(api.db, "hall")) == (3, 3)
