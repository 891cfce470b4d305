"""Artifacts over the API."""

from typing import Any
from uuid import uuid4

import pytest

from tests.api.conftest import Api
from tests.api.told import related, told

NOBODY = "00000000-0000-0000-0000-000000000000"
RUN, TASK = str(uuid4()), str(uuid4())


async def make(api: Api, **body: Any) -> Any:
    return await api.post("/artifacts/", body)


async def keys(api: Api, path: str = "/artifacts/filter", **body: Any) -> list[str | None]:
    return [each["key"] for each in await api.post(path, body)]


async def latest(api: Api, **body: Any) -> dict[str, Any]:
    (found,) = await api.post("/artifacts/latest/filter", body)
    return dict(found)


@pytest.mark.parametrize("data", [None, 0.5, "# Report", [{"a": 1}], {"b": None, "a": [1]}])
async def test_an_artifact_comes_back_as_it_was(api: Api, data: Any) -> None:
    body = {"type": "table", "description": "d", "data": data, "flow_run_id": RUN, "task_run_id": TASK, "key": "k-1"}
    made = await make(api, **body, metadata_={"rows": "3"})
    assert await api.get(f"/artifacts/{made['id']}") == made
    assert {name: made[name] for name in body} == body
    assert made["metadata_"] == {"rows": "3"}


async def test_an_artifact_needs_nothing(api: Api) -> None:
    made = await make(api)
    assert {made[name] for name in ("key", "type", "description", "data", "metadata_", "flow_run_id")} == {None}
    assert await api.post("/artifacts/latest/count", {}) == 0


@pytest.mark.parametrize("key", ["Upper", "a_b", "a b", "a/b", "line\n"])
async def test_a_key_of_other_characters_is_refused(api: Api, key: str) -> None:
    status, answer = await api.call("POST", "/artifacts/", {"key": key})
    assert (status, answer["exception_detail"][0]["loc"]) == (422, ["body", "key"])


async def test_long_metadata_are_cut(api: Api) -> None:
    made = await make(api, metadata_={"short": "x" * 500, "long": "x" * 501})
    assert made["metadata_"] == {"short": "x" * 500, "long": "x" * 500 + "..."}
    await api.patch(f"/artifacts/{made['id']}", {"metadata_": {"long": "y" * 501}})
    assert (await api.get(f"/artifacts/{made['id']}"))["metadata_"] == {"long": "y" * 500 + "..."}


async def test_the_newest_artifact_of_a_key_is_found_by_the_key(api: Api) -> None:
    await make(api, key="report", data=1)
    second = await make(api, key="report", data=2, type="markdown", flow_run_id=RUN)
    found = await latest(api)
    assert (found["latest_id"], found["data"], found["type"], found["flow_run_id"]) == (
        second["id"],
        2,
        "markdown",
        RUN,
    )
    by_key = await api.get("/artifacts/report/latest")
    assert (by_key["id"], by_key["data"]) == (found["id"], 2)
    assert "latest_id" not in by_key


async def test_the_collection_keeps_its_id_and_its_age(api: Api) -> None:
    await make(api, key="report")
    before = await latest(api)
    await make(api, key="report")
    after = await latest(api)
    assert (after["id"], after["created"]) == (before["id"], before["created"])
    assert after["updated"] > before["updated"]


async def test_a_change_shows_in_the_artifact_and_in_the_newest_of_its_key(api: Api) -> None:
    made = await make(api, key="bar", data=1, description="moves")
    await api.patch(f"/artifacts/{made['id']}", {"data": 55.5})
    changed, newest = await api.get(f"/artifacts/{made['id']}"), await latest(api)
    assert (changed["data"], changed["description"]) == (newest["data"], newest["description"]) == (55.5, "moves")
    assert changed["updated"] > made["updated"]


async def test_a_change_of_an_older_artifact_leaves_the_newest_alone(api: Api) -> None:
    old = await make(api, key="bar", data=1)
    await make(api, key="bar", data=2)
    await api.patch(f"/artifacts/{old['id']}", {"data": None})
    assert (await api.get(f"/artifacts/{old['id']}"))["data"] is None
    assert (await latest(api))["data"] == 2


async def test_a_key_is_not_changed(api: Api) -> None:
    made = await make(api, key="bar")
    assert (await api.call("PATCH", f"/artifacts/{made['id']}", {"key": "foo"}))[0] == 422


async def test_when_the_newest_is_deleted_the_one_before_takes_its_place(api: Api) -> None:
    first, second, third = [await make(api, key="report", data=at) for at in (1, 2, 3)]
    await api.delete(f"/artifacts/{third['id']}")
    assert ((await latest(api))["latest_id"], (await latest(api))["data"]) == (second["id"], 2)
    await api.delete(f"/artifacts/{first['id']}")
    assert (await latest(api))["latest_id"] == second["id"]
    await api.delete(f"/artifacts/{second['id']}")
    assert await api.call("GET", "/artifacts/report/latest") == (404, {"detail": "Artifact not found."})


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_what_is_not_there_is_not_found(api: Api, method: str) -> None:
    status, answer = await api.call(method, f"/artifacts/{NOBODY}", {} if method == "PATCH" else None)
    assert (status, answer) == (404, {"detail": "Artifact not found."})


@pytest.fixture
async def several(api: Api) -> Api:
    flow = await api.post("/flows/", {"name": "etl", "tags": ["prod"]})
    run = await api.post("/flow_runs/", {"flow_id": flow["id"], "name": "night"})
    await make(api, key="alpha", type="table", flow_run_id=run["id"])
    await make(api, key="beta", type="markdown", flow_run_id=RUN, task_run_id=TASK)
    await make(api, key="gamma")
    await make(api, type="result", flow_run_id=run["id"])
    return api


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({}, ["alpha", "beta", "gamma", None]),
        ({"artifacts": {"key": {"like_": "AM"}}}, ["gamma"]),
        ({"artifacts": {"key": {"any_": ["alpha", "x"]}}}, ["alpha"]),
        ({"artifacts": {"key": {"exists_": True}}}, ["alpha", "beta", "gamma"]),
        ({"artifacts": {"key": {"exists_": False}}}, [None]),
        ({"artifacts": {"type": {"any_": ["table", "result"]}}}, ["alpha", None]),
        ({"artifacts": {"type": {"not_any_": ["table"]}}}, ["beta", None]),
        ({"artifacts": {"flow_run_id": {"any_": [RUN]}}}, ["beta"]),
        ({"artifacts": {"task_run_id": {"any_": [TASK]}}}, ["beta"]),
        ({"artifacts": {"operator": "or_", "task_run_id": {"any_": [TASK]}, "key": {"any_": ["gamma"]}}},
         ["beta", "gamma"]),
        ({"artifacts": {"id": {"any_": [NOBODY]}}}, []),
        ({"flow_runs": {"name": {"any_": ["night"]}}}, ["alpha", None]),
        ({"flow_runs": {}}, ["alpha", None]),
        ({"flows": {"name": {"any_": ["etl"]}}, "artifacts": {"type": {"any_": ["table"]}}}, ["alpha"]),
        ({"flows": {"name": {"any_": ["other"]}}}, []),
        ({"deployments": {}}, []),
        ({"task_runs": {}}, []),
    ],
)  # fmt: skip
async def test_artifacts_are_found_by_what_they_are_and_whose(several: Api, body: Any, found: list[str | None]) -> None:
    assert await keys(several, **body, sort="CREATED_DESC") == found[::-1]
    assert await several.post("/artifacts/count", body) == len(found)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({}, ["alpha", "beta", "gamma"]),
        ({"artifacts": {"type": {"any_": ["table", "result"]}}}, ["alpha"]),
        ({"artifacts": {"latest_id": {"any_": [NOBODY]}}}, []),
        ({"artifacts": {"flow_run_id": {"any_": [RUN]}}}, ["beta"]),
        ({"flows": {"tags": {"all_": ["prod"]}}}, ["alpha"]),
    ],
)
async def test_keys_are_found_by_their_newest_artifact(several: Api, body: Any, found: list[str]) -> None:
    assert await keys(several, "/artifacts/latest/filter", **body, sort="KEY_ASC") == found
    assert await several.post("/artifacts/latest/count", body) == len(found)


async def test_a_page_has_the_order_that_was_asked_for(api: Api) -> None:
    made = {key: await make(api, key=key) for key in ("b", "a", "c")}
    await api.patch(f"/artifacts/{made['b']['id']}", {"data": 1})
    for path in ("/artifacts/filter", "/artifacts/latest/filter"):
        assert await keys(api, path, sort="CREATED_DESC") == ["c", "a", "b"]
        assert await keys(api, path, sort="UPDATED_DESC") == ["b", "c", "a"]
        assert await keys(api, path, sort="KEY_ASC", limit=2, offset=1) == ["b", "c"]
        assert await keys(api, path, sort="KEY_DESC") == ["c", "b", "a"]
        assert sorted(str(key) for key in await keys(api, path)) == ["a", "b", "c"]


async def test_changes_of_a_key_are_told_of(api: Api) -> None:
    await make(api, type="result")
    first = await make(api, key="report", type="table", data=[1], flow_run_id=RUN, task_run_id=TASK)
    kind = "artifact-collection"
    assert [(each["prefect.resource.role"], each["prefect.resource.id"]) for each in await related(api, kind)] == [
        ("latest", f"prefect.artifact.{first['id']}"),
        ("flow-run", f"prefect.flow-run.{RUN}"),
        ("task-run", f"prefect.task-run.{TASK}"),
    ]
    second = await make(api, key="report")
    await api.patch(f"/artifacts/{first['id']}", {"description": "not the newest"})
    await api.patch(f"/artifacts/{second['id']}", {"description": "newest"})
    await api.delete(f"/artifacts/{second['id']}")
    await api.delete(f"/artifacts/{first['id']}")
    assert [(action, payload["data"], payload["description"]) for action, payload in await told(api, kind)] == [
        ("created", [1], None),
        ("updated", None, None),
        ("updated", None, "newest"),
        ("updated", [1], "not the newest"),
        ("deleted", [1], "not the newest"),
    ]
