"""Asking for stored events: filters, pages, counts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.conftest import Api
from tests.api.event_cases import ALL, CASES, CLOSED, LONG_AGO, SOLD, own
from tests.api.event_kit import NOON, SECOND, an_event

DAY = timedelta(days=1)


async def found(api: Api, **asked: Any) -> list[str]:
    """The names of the events that match, oldest first."""
    body = {"filter": {"occurred": LONG_AGO, "order": "ASC", **asked}}
    answer = await api.post("/events/filter", body)
    names = [each["event"].partition(".")[2] for each in answer["events"]]
    assert answer["total"] == len(names)
    return names


async def test_filters_find_what_they_describe(api: Api) -> None:
    await api.post("/events", list(ALL.values()))
    answers = [(asked, " ".join(await found(api, **asked))) for asked, _ in CASES]
    assert answers == CASES


async def test_the_first_and_the_last_moment_of_all_can_be_asked_for(api: Api) -> None:
    await api.post("/events", [SOLD])
    ever = {"since": "0001-01-01T00:00:00+14:00", "until": "9999-12-31T23:59:59-12:00"}
    assert await found(api, occurred=ever) == ["sold"]
    assert await found(api, occurred={"since": ever["until"], "until": ever["since"]}) == []


@pytest.mark.parametrize(
    "asked",
    [
        {"colour": "red"},
        {"resource": {"name": ["x"]}},
        {"related": [{"ids": []}]},
        {"occurred": {"before": "2020-01-01T00:00:00Z"}},
        {"order": "SIDEWAYS"},
        {"text": {"query": "x" * 201}},
        {"text": {}},
        {"id": {"id": ["7"]}},
    ],
)
async def test_a_filter_with_anything_unknown_in_it_is_refused(api: Api, asked: dict[str, Any]) -> None:
    assert (await api.call("POST", "/events/filter", {"filter": asked}))[0] == 422


async def test_an_event_is_answered_as_it_was_told(api: Api) -> None:
    told = {**SOLD, "follows": CLOSED["id"]}
    await api.post("/events", [told])
    [answer] = (await api.post("/events/filter", {"filter": {"occurred": LONG_AGO}}))["events"]
    assert list(answer) == ["occurred", "event", "resource", "related", "payload", "id", "follows", "received"]
    assert {**answer, "occurred": None} == {**told, "occurred": None, "received": answer["received"]}
    assert answer["occurred"] == "2026-04-01T12:00:00Z"


async def test_the_newest_come_first_and_old_ones_only_when_asked_for(api: Api) -> None:
    now = datetime.now(UTC)
    ages = {"old": 181 * DAY, "recent": DAY, "now": timedelta(0), "future": -DAY}
    await api.post("/events", [an_event(name, occurred=(now - age).isoformat()) for name, age in ages.items()])
    assert [each["event"] for each in (await api.post("/events/filter"))["events"]] == ["now", "recent"]


async def pages(api: Api, body: dict[str, Any], **options: Any) -> list[list[str]]:
    answer = await api.post("/events/filter", body, **options)
    found = [[each["event"] for each in answer["events"]]]
    while answer["next_page"]:
        _, _, rest = answer["next_page"].partition("/api")
        answer = await api.get(rest)
        found.append([each["event"] for each in answer["events"]])
    return found


async def test_pages_follow_each_other_and_what_comes_meanwhile_shifts_nothing(api: Api) -> None:
    def at(number: int) -> dict[str, Any]:
        return an_event(str(number), occurred=(NOON + number * SECOND).isoformat())

    await api.post("/events", [at(number) for number in range(7)])
    body = {"filter": {"occurred": {**LONG_AGO, "until": (NOON + 6 * SECOND).isoformat()}, "order": "ASC"}, "limit": 3}
    first = await api.post("/events/filter", body)
    await api.post("/events", [at(7), at(8)])
    second = await api.get(first["next_page"].partition("/api")[2])
    assert [each["event"] for each in second["events"]] == ["3", "4", "5"]
    assert (first["total"], second["total"]) == (7, 7)
    assert await pages(api, body) == [["0", "1", "2"], ["3", "4", "5"], ["6"]]


async def test_the_link_to_the_next_page_leads_the_way_that_the_client_came(api: Api) -> None:
    await api.post("/events", [an_event(), an_event()])
    answer = await api.post("/events/filter", {"limit": 1})
    assert answer["next_page"].startswith(str(api.client.make_url("/api/events/filter/next?page-token=")))
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "orchd.example.org"}
    answer = await api.post("/events/filter", {"limit": 1}, headers=headers)
    assert answer["next_page"].startswith("https://orchd.example.org/api/events/filter/next?page-token=")


@pytest.mark.parametrize("token", ["", "abc", "e30=", "\N{SNOWMAN}"])
async def test_a_page_token_of_somebody_elses_making_is_forbidden(api: Api, token: str) -> None:
    answer = await api.call("GET", "/events/filter/next", params={"page-token": token})
    assert answer == (403, {"detail": "Forbidden"})


async def test_a_page_needs_its_token(api: Api) -> None:
    assert (await api.call("GET", "/events/filter/next"))[0] == 422


@pytest.mark.parametrize("limit", [-1, 51])
async def test_a_page_has_at_most_fifty_events(api: Api, limit: int) -> None:
    assert (await api.call("POST", "/events/filter", {"limit": limit}))[0] == 422


async def test_distinct_shows_one_event_of_each_resource(api: Api) -> None:
    told = [("a", 0), ("b", 1), ("a", 2), ("c", 3), ("b", 4)]
    await api.post(
        "/events", [an_event(f"{key}{at}", key, occurred=(NOON + at * SECOND).isoformat()) for key, at in told]
    )
    asked = {"occurred": LONG_AGO, "resource": {"distinct": True}}
    newest = await api.post("/events/filter", {"filter": asked, "limit": 2})
    assert ([each["event"] for each in newest["events"]], newest["total"]) == (["b4", "c3"], 3)
    assert await pages(api, {"filter": {**asked, "order": "ASC"}, "limit": 2}) == [["a0", "b1"], ["c3"]]


async def counted(api: Api, what: str, **body: Any) -> list[dict[str, Any]]:
    return await api.post(f"/events/count-by/{what}", body)


async def test_events_are_counted_by_name_and_by_resource(api: Api) -> None:
    renamed = an_event("shop.sold", occurred=(NOON + DAY).isoformat(), resource=own("shop.1", **{"prefect.name": "B"}))
    first = an_event(
        "shop.sold", occurred=(NOON - DAY).isoformat(), resource=own("shop.1", **{"prefect.resource.name": "A"})
    )
    await api.post("/events", [*ALL.values(), renamed, first])
    asked = {"filter": {"occurred": {**LONG_AGO, "until": "2026-05-01T00:00:00Z"}}, "time_unit": "week"}
    assert [(each["value"], each["label"], each["count"]) for each in await counted(api, "event", **asked)] == [
        ("shop.sold", "shop.sold", 3),
        ("shop.closed", "shop.closed", 1),
        ("stock.moved", "stock.moved", 1),
    ]
    by_resource = await counted(api, "resource", **asked)
    assert [(each["value"], each["label"], each["count"]) for each in by_resource] == [
        ("shop.1", "B", 3),
        ("shop.2", "shop.2", 1),
        ("stock.1", "stock.1", 1),
    ]
    assert (by_resource[0]["start_time"], by_resource[0]["end_time"]) == (
        "2026-03-31T12:00:00Z",
        "2026-04-02T12:00:00Z",
    )


@pytest.mark.parametrize("what", ["day", "time"])
async def test_counts_over_time_leave_no_step_out(api: Api, what: str) -> None:
    await api.post("/events", list(ALL.values()))
    period = {"since": (NOON - DAY).isoformat(), "until": (NOON + DAY).isoformat()}
    answer = await counted(api, what, filter={"occurred": period})
    assert [(each["value"], each["count"]) for each in answer] == [("0", 0), ("1", 3), ("2", 0)]
    assert answer[1] == {
        "value": "1",
        "label": "2026-04-01T00:00:00+00:00",
        "count": 3,
        "start_time": "2026-04-01T00:00:00Z",
        "end_time": "2026-04-01T23:59:59.999999Z",
    }


async def test_steps_of_every_length_are_aligned_to_a_monday(api: Api) -> None:
    asked = {"occurred": {"since": "2024-04-08T23:00:00Z", "until": "2024-04-15T00:00:00Z"}}
    [week] = await counted(api, "time", filter=asked, time_unit="week")
    assert week["start_time"] == "2024-04-08T00:00:00Z"
    before = {"occurred": {"since": "2024-03-31T23:59:00Z", "until": "2024-03-31T23:59:30Z"}}
    [step] = await counted(api, "time", filter=before, time_unit="minute", time_interval=1.5)
    assert (step["start_time"], step["end_time"]) == ("2024-03-31T23:58:30Z", "2024-03-31T23:59:59.999999Z")


async def test_counts_end_with_the_step_that_holds_the_present(api: Api) -> None:
    now = datetime.now(UTC)
    period = {"since": (now - DAY).isoformat(), "until": (now + 100 * DAY).isoformat()}
    answer = await counted(api, "day", filter={"occurred": period})
    assert len(answer) in {2, 3}  # three when midnight passes meanwhile
    assert answer[1]["label"] == now.replace(hour=0, minute=0, second=0, microsecond=0).isoformat()


@pytest.mark.parametrize("what", ["day", "time", "event", "resource"])
async def test_a_period_of_too_many_steps_is_refused(api: Api, what: str) -> None:
    period = {"since": "2026-01-01T00:00:00Z", "until": "2026-01-01T00:16:40Z"}
    assert len(await counted(api, "time", filter={"occurred": period}, time_unit="second")) == 1000
    period["until"] = "2026-01-01T00:16:41Z"
    body = {"filter": {"occurred": period}, "time_unit": "second"}
    assert (await api.call("POST", f"/events/count-by/{what}", body))[0] == 422


@pytest.mark.parametrize(
    ("what", "body"),
    [
        pytest.param("colour", {"filter": {}}, id="by what nobody can count"),
        pytest.param("day", {}, id="without a filter"),
        pytest.param("day", {"filter": {}, "time_unit": "month"}, id="an unknown unit"),
        pytest.param("day", {"filter": {}, "time_interval": 0.001}, id="too small a step"),
    ],
)
async def test_a_count_that_makes_no_sense_is_refused(api: Api, what: str, body: dict[str, Any]) -> None:
    assert (await api.call("POST", f"/events/count-by/{what}", body))[0] == 422
