"""Schedules of deployments over the API."""

from typing import Any

import pytest
from sqlalchemy import update

from orchd.db import Tx
from orchd.db.tables import flow_run
from tests.api.conftest import Api
from tests.api.test_deployments import NOBODY, a_deployment, runs_of

CRON = {"cron": "0 9 * * MON-FRI", "timezone": "Europe/Berlin"}
PAST, FUTURE = "2020-01-01T00:00:00Z", "2090-01-01T00:00:00Z"


async def slugs(api: Api, id: str) -> dict[str | None, str]:
    return {each["slug"]: each["id"] for each in await api.get(f"/deployments/{id}/schedules")}


async def with_runs(api: Api, **body: Any) -> str:
    """A deployment with two runs that a schedule made, and one that a person made for the future."""
    id: str = (await a_deployment(api, **body))["id"]
    for name, time in (("past", PAST), ("future", FUTURE), ("by hand", FUTURE)):
        state = {"type": "SCHEDULED", "state_details": {"scheduled_time": time}}
        await api.post(f"/deployments/{id}/create_flow_run", {"name": name, "state": state})

    def mark(tx: Tx) -> None:
        tx.execute(update(flow_run).where(flow_run.c.name != "by hand").values(auto_scheduled=True))

    await api.db.write(mark)
    return id


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"cron": "0 0 * * *"}, {"cron": "0 0 * * *", "timezone": None, "day_or": True}),
        (
            {"interval": "PT1H", "anchor_date": "2020-01-01T00:00:00"},
            {"interval": 3600.0, "anchor_date": "2020-01-01T00:00:00Z", "timezone": "UTC"},
        ),
        ({"rrule": "FREQ=DAILY"}, {"rrule": "DTSTART:20200101T000000\nFREQ=DAILY", "timezone": "UTC"}),
        (
            {"rrule": "DTSTART:20240101T000000\nRRULE:FREQ=DAILY;COUNT=3", "timezone": "Asia/Tokyo"},
            {"rrule": "DTSTART:20240101T000000\nRRULE:FREQ=DAILY;COUNT=3", "timezone": "Asia/Tokyo"},
        ),
    ],
)
async def test_a_schedule_is_kept_whole(api: Api, given: dict[str, Any], kept: dict[str, Any]) -> None:
    made = await a_deployment(api, schedules=[{"schedule": given, "slug": "s"}])
    (found,) = made["schedules"]
    assert found["schedule"] == kept
    assert (found["active"], found["parameters"], found["max_scheduled_runs"]) == (True, {}, None)
    assert await api.get(f"/deployments/{made['id']}/schedules") == [found]


@pytest.mark.parametrize(
    "schedule",
    [
        {},
        {"cron": "0 0 * * *", "interval": 5},
        {"cron": "0 0 * * *", "extra": 1},
        {"cron": "@reboot"},
        {"cron": "61 0 * * *"},
        {"cron": "H 0 * * *"},
        {"cron": "0 0 * * *", "timezone": "Mars/Base"},
        {"cron": "0 0 * * *", "timezone": "../UTC"},
        {"interval": 0},
        {"interval": -3},
        {"interval": 1e300},
        {"rrule": "FOO"},
        {"rrule": "FREQ=DAILY;BYFOO=1"},
        {"rrule": "FREQ=DAILY;INTERVAL=0"},
        {"rrule": "FREQ=DAILY;" + "BYDAY=MO;" * 1000},
    ],
)
async def test_a_schedule_that_means_nothing_is_refused(api: Api, schedule: dict[str, Any]) -> None:
    id = (await a_deployment(api))["id"]
    assert (await api.call("POST", f"/deployments/{id}/schedules", [{"schedule": schedule}]))[0] == 422


@pytest.mark.parametrize(("most", "status"), [(0, 422), (1, 201), (50, 201), (51, 422)])
async def test_the_most_runs_of_a_schedule_are_bounded(api: Api, most: int, status: int) -> None:
    id = (await a_deployment(api))["id"]
    body = [{"schedule": CRON, "max_scheduled_runs": most}]
    assert (await api.call("POST", f"/deployments/{id}/schedules", body))[0] == status


async def test_schedules_are_added_and_a_slug_is_taken_once(api: Api) -> None:
    id = (await a_deployment(api, schedules=[{"schedule": CRON, "slug": "a"}]))["id"]
    path = f"/deployments/{id}/schedules"
    await api.post(path, [{"schedule": CRON, "slug": "b"}, {"schedule": CRON}, {"schedule": CRON}])
    assert [each["slug"] for each in await api.get(path)] == [None, None, "b", "a"]
    assert (await api.call("POST", path, [{"schedule": CRON, "slug": "a"}]))[0] == 409


async def test_a_schedule_is_changed_and_null_leaves_a_field_as_it_is(api: Api) -> None:
    id = (await a_deployment(api, schedules=[{"schedule": CRON, "slug": "a", "parameters": {"x": 1}}]))["id"]
    path = f"/deployments/{id}/schedules/{(await slugs(api, id))['a']}"
    await api.patch(path, {"active": False, "slug": None, "schedule": {"interval": 60}})
    (changed,) = await api.get(f"/deployments/{id}/schedules")
    assert (changed["active"], changed["slug"], changed["parameters"]) == (False, "a", {"x": 1})
    assert changed["schedule"]["interval"] == 60


async def test_what_is_unknown_is_not_found(api: Api) -> None:
    id = (await a_deployment(api))["id"]
    for method, body in (("PATCH", {}), ("DELETE", None)):
        assert (await api.call(method, f"/deployments/{id}/schedules/{NOBODY}", body))[0] == 404
    assert (await api.call("GET", f"/deployments/{NOBODY}/schedules"))[0] == 404
    assert (await api.call("POST", f"/deployments/{NOBODY}/schedules", [{"schedule": CRON}]))[0] == 404


async def test_posting_the_deployment_again_replaces_its_schedules_and_future_runs(api: Api) -> None:
    id = await with_runs(api, schedules=[{"schedule": CRON, "slug": "a"}])
    before = await slugs(api, id)
    await a_deployment(api, schedules=[{"schedule": CRON, "slug": "a"}])
    assert (await slugs(api, id))["a"] != before["a"]
    assert await runs_of(api, id) == ["by hand", "past"]
    await a_deployment(api)
    assert await slugs(api, id) == {}


async def test_a_change_of_the_deployment_drops_the_future_runs_of_its_schedules(api: Api) -> None:
    id = await with_runs(api, schedules=[{"schedule": CRON, "slug": "a"}])
    await api.patch(f"/deployments/{id}", {"description": "new"})
    assert await runs_of(api, id) == ["by hand", "past"]
    assert list(await slugs(api, id)) == ["a"]


async def test_pausing_drops_all_runs_of_the_schedules(api: Api) -> None:
    id = await with_runs(api)
    assert await api.post(f"/deployments/{id}/pause_deployment") is None
    assert (await runs_of(api, id), (await api.get(f"/deployments/{id}"))["paused"]) == (["by hand"], True)
    await api.post(f"/deployments/{id}/resume_deployment")
    assert (await api.get(f"/deployments/{id}"))["paused"] is False


async def test_a_changed_schedule_drops_future_runs_and_a_deleted_one_all(api: Api) -> None:
    id = await with_runs(api, schedules=[{"schedule": CRON, "slug": "a"}])
    path = f"/deployments/{id}/schedules/{(await slugs(api, id))['a']}"
    await api.patch(path, {"active": False})
    assert await runs_of(api, id) == ["by hand", "past"]
    await api.delete(path)
    assert (await runs_of(api, id), await slugs(api, id)) == (["by hand"], {})


async def test_schedules_with_slugs_are_changed_in_place_and_swapped(api: Api) -> None:
    id = (await a_deployment(api, schedules=[{"schedule": CRON, "slug": each} for each in "ab"]))["id"]
    before = await slugs(api, id)
    new = [
        {"slug": "b", "replaces": "a"},
        {"slug": "a", "replaces": "b", "active": False},
        {"slug": "c", "schedule": CRON},
    ]
    await api.patch(f"/deployments/{id}", {"schedules": new})
    after = await slugs(api, id)
    assert (after["b"], after["a"]) == (before["a"], before["b"])
    assert "c" in after
    await api.patch(f"/deployments/{id}", {"schedules": []})
    assert await slugs(api, id) == after


@pytest.mark.parametrize(
    "given",
    [
        [{"active": False}],
        [{"slug": "new"}],
        [{"slug": "b", "replaces": "a"}],
        [{"slug": "x", "replaces": "a"}, {"slug": "y", "replaces": "a"}],
    ],
)
async def test_a_change_that_cannot_be_told_apart_is_refused(api: Api, given: list[dict[str, Any]]) -> None:
    id = (await a_deployment(api, schedules=[{"schedule": CRON, "slug": each} for each in "ab"]))["id"]
    assert (await api.call("PATCH", f"/deployments/{id}", {"schedules": given}))[0] == 422


async def test_where_a_schedule_has_no_slug_the_given_ones_take_the_place_of_all(api: Api) -> None:
    id = (await a_deployment(api, schedules=[{"schedule": CRON}, {"schedule": CRON, "slug": "a"}]))["id"]
    await api.patch(f"/deployments/{id}", {"schedules": [{"schedule": CRON, "slug": "z"}, {"slug": "dropped"}]})
    assert list(await slugs(api, id)) == ["z"]
