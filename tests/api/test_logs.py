"""Log lines over the API."""

import csv
import io
from typing import Any
from uuid import UUID, uuid4

import pytest

from orchd.queries.logs import Place, after
from tests.api.conftest import Api

RUN, OTHER, TASK = (str(uuid4()) for _ in range(3))
NOON = "2026-04-01T12:00:0{}Z"


def line(message: str, second: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "name": "flow",
        "level": 20,
        "message": message,
        "timestamp": NOON.format(second),
        "flow_run_id": RUN,
        "task_run_id": None,
        **more,
    }


async def messages(api: Api, asked: dict[str, Any] | None = None, **body: Any) -> list[str]:
    return [each["message"] for each in await api.post("/logs/filter", {"logs": asked, **body})]


async def test_lines_come_back_as_they_were_written(api: Api) -> None:
    assert await api.post("/logs/", [line("hello \u2603", task_run_id=TASK)]) is None
    (found,) = await api.post("/logs/filter", {})
    assert found == {
        "id": found["id"],
        "created": found["created"],
        "updated": found["created"],
        **line("hello \u2603", task_run_id=TASK),
    }


async def test_a_batch_of_none_is_fine(api: Api) -> None:
    assert await api.call("POST", "/logs/", []) == (201, None)
    assert await messages(api) == []


async def test_a_large_batch_keeps_its_order(api: Api) -> None:
    await api.post("/logs/", [line(str(at)) for at in range(5000)])
    assert await messages(api, limit=3, offset=4997) == ["4997", "4998", "4999"]


async def test_the_character_nul_is_dropped(api: Api) -> None:
    await api.post("/logs/", [line("a\0b", name="\0lo\0g")])
    (found,) = await api.post("/logs/filter", {})
    assert (found["message"], found["name"]) == ("ab", "log")


async def test_a_moment_without_a_zone_is_utc(api: Api) -> None:
    await api.post("/logs/", [line("x", timestamp="2026-04-01 12:00:00.5")])
    (found,) = await api.post("/logs/filter", {"logs": {"timestamp": {"after_": "2026-04-01T12:00:00.5"}}})
    assert found["timestamp"] == "2026-04-01T12:00:00.500000Z"


@pytest.mark.parametrize(
    "body", [{"name": "x"}, [{"name": "x"}], [line("x", level=2**31)], [line("x", timestamp="noon")]]
)
async def test_lines_of_another_shape_are_refused_whole(api: Api, body: Any) -> None:
    good = [line("good")]
    assert (await api.call("POST", "/logs/", good + body if isinstance(body, list) else body))[0] == 422
    assert await messages(api) == []


@pytest.fixture
async def lines(api: Api) -> Api:
    await api.post(
        "/logs/",
        [
            line("second", 2),
            line("first", 1, level=40),
            line("also second", 2, level=10, task_run_id=TASK),
            line("elsewhere", 0, flow_run_id=OTHER),
            line("nowhere", 3, flow_run_id=None),
        ],
    )
    return api


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        pytest.param(None, ["elsewhere", "first", "second", "also second", "nowhere"], id="nothing asked"),
        pytest.param({"flow_run_id": {"any_": [RUN]}}, ["first", "second", "also second"], id="one run"),
        pytest.param({"flow_run_id": {"any_": [RUN, OTHER]}, "level": {"le_": 20}},
                     ["elsewhere", "second", "also second"], id="two runs up to a level"),
        pytest.param({"flow_run_id": {"any_": []}}, [], id="none of the runs"),
        pytest.param({"task_run_id": {"any_": [TASK]}}, ["also second"], id="one task run"),
        pytest.param({"flow_run_id": {"any_": [RUN]}, "task_run_id": {"any_": [TASK]}}, ["also second"], id="both"),
        pytest.param({"flow_run_id": {"any_": [RUN]}, "task_run_id": {"is_null_": True}}, ["first", "second"],
                     id="not of a task run"),
        pytest.param({"task_run_id": {"is_null_": False}}, ["also second"], id="of any task run"),
        pytest.param({"flow_run_id": {"any_": [RUN]}, "level": {"ge_": 20}}, ["first", "second"], id="from a level"),
        pytest.param({"flow_run_id": {"any_": [RUN]}, "level": {"le_": 20}}, ["second", "also second"],
                     id="up to a level"),
        pytest.param({"flow_run_id": {"any_": [RUN]}, "timestamp": {"after_": NOON.format(2)}},
                     ["second", "also second"], id="from a moment on, itself included"),
        pytest.param({"flow_run_id": {"any_": [RUN]}, "timestamp": {"before_": NOON.format(1)}}, ["first"],
                     id="up to a moment, itself included"),
        pytest.param({"operator": "or_", "level": {"ge_": 40}, "flow_run_id": {"any_": [OTHER]}},
                     ["elsewhere", "first"], id="either criterion"),
        pytest.param({"text": {"query": "ALSO flow"}}, ["elsewhere", "first", "second", "also second", "nowhere"],
                     id="words in the message or the name"),
        pytest.param({"flow_run_id": {"any_": [RUN]}, "text": {"query": "+second -also"}}, ["second"],
                     id="with one word, without another"),
        pytest.param({"text": {"query": '"first flow"'}}, ["first"], id="a phrase across message and name"),
        pytest.param({"text": {"query": "s_c s%d"}}, [], id="no wildcards in words"),
    ],
)  # fmt: skip
async def test_lines_are_found(lines: Api, asked: Any, found: list[str]) -> None:
    assert await messages(lines, asked) == found


async def test_the_newest_lines_come_first_when_asked_so(lines: Api) -> None:
    asked = {"flow_run_id": {"any_": [RUN]}}
    assert await messages(lines, asked, sort="TIMESTAMP_DESC") == ["also second", "second", "first"]
    assert await messages(lines, asked, sort="TIMESTAMP_DESC", limit=1, offset=1) == ["second"]


async def test_pages_put_together_are_the_whole(api: Api) -> None:
    await api.post("/logs/", [line(str(at), at // 3) for at in range(10)])
    asked = {"flow_run_id": {"any_": [RUN]}}
    pages = [await messages(api, asked, limit=4, offset=offset) for offset in (0, 4, 8)]
    assert [message for page in pages for message in page] == [str(at) for at in range(10)]


@pytest.mark.parametrize(
    "asked", [{"nmae": {}}, {"text": {"query": "x" * 201}}, {"text": {}}, {"level": {"ge_": "high"}}]
)
async def test_a_filter_of_another_shape_is_refused(api: Api, asked: Any) -> None:
    assert (await api.call("POST", "/logs/filter", {"logs": asked}))[0] == 422


async def test_a_page_is_at_most_as_long_as_the_server_allows(api: Api) -> None:
    status, answer = await api.call("POST", "/logs/filter", {"limit": 201})
    assert (status, answer) == (422, {"detail": "Invalid limit: must be less than or equal to 200."})
    assert await messages(api, limit=0) == []


async def test_a_run_is_read_to_its_end_in_steps_that_miss_and_repeat_nothing(lines: Api) -> None:
    place, seen = Place(), []
    for _ in range(3):
        rows, place = await lines.db.read(after, UUID(RUN), place, 2)
        seen += [row[-1] for row in rows]
    assert seen == ["first", "second", "also second"]


async def test_the_log_of_a_run_is_downloaded_as_a_csv_file(api: Api) -> None:
    flow = await api.post("/flows/", {"name": "etl"})
    run = (await api.post("/flow_runs/", {"flow_id": flow["id"], "name": "n\u00e9e/1"}))["id"]
    await api.post("/logs/", [line('say "hi",\nthen go', 1, flow_run_id=run, task_run_id=TASK)])
    await api.post("/logs/", [line("first", 0, flow_run_id=run, level=40), line("of another")])
    async with api.client.get(f"/api/flow_runs/{run}/logs/download") as answer:
        text = await answer.text()
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
        assert answer.headers["Content-Disposition"].endswith("filename*=UTF-8''n%C3%A9e%2F1-logs.csv")
    assert text.splitlines()[0] == "timestamp,level,flow_run_id,task_run_id,message"
    assert list(csv.reader(io.StringIO(text)))[1:] == [
        ["2026-04-01 12:00:00+00:00", "40", run, "", "first"],
        ["2026-04-01 12:00:01+00:00", "20", run, TASK, 'say "hi",\nthen go'],
    ]


async def test_a_long_log_is_downloaded_whole(api: Api) -> None:
    flow = await api.post("/flows/", {"name": "etl"})
    run = (await api.post("/flow_runs/", {"flow_id": flow["id"]}))["id"]
    await api.post("/logs/", [line(str(at), at // 500, flow_run_id=run) for at in range(2500)])
    text = await api.get(f"/flow_runs/{run}/logs/download")
    assert [row[-1] for row in csv.reader(io.StringIO(text))][1:] == [str(at) for at in range(2500)]


async def test_an_unknown_run_has_no_log_to_download(api: Api) -> None:
    status, answer = await api.call("GET", f"/flow_runs/{RUN}/logs/download")
    assert (status, answer) == (404, {"detail": "Flow run not found"})
