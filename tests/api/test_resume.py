"""Pausing and resuming, with and without the input that the author asked for."""

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.api.conftest import Api

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


async def a_paused_run(api: Api, keyset: dict[str, str] | None = None, **details: Any) -> str:
    flow = (await api.post("/flows/", {"name": "etl"}))["id"]
    run = str((await api.post("/flow_runs/", {"flow_id": flow, "state": {"type": "RUNNING"}}))["id"])
    state = {"type": "PAUSED", "state_details": {"pause_key": "1", "run_input_keyset": keyset, **details}}
    await api.post(f"/flow_runs/{run}/set_state", {"state": state})
    return run


async def a_run_that_asks(api: Api, schema: str = json.dumps(SCHEMA)) -> str:
    run = await a_paused_run(api, {name: f"paused-1-{name}" for name in ("schema", "description", "response")})
    await api.post(f"/flow_runs/{run}/input", {"key": "paused-1-schema", "value": schema})
    return run


async def resume(api: Api, run: str, **body: Any) -> tuple[int, dict[str, Any]]:
    status, answer = await api.call("POST", f"/flow_runs/{run}/resume", body or None)
    return status, answer


async def test_a_pause_ends_in_running(api: Api) -> None:
    run = await a_paused_run(api)
    status, answer = await resume(api, run)
    assert (status, answer["status"], answer["state"]["type"]) == (201, "ACCEPT", "RUNNING")


async def test_a_run_that_is_not_paused_cannot_be_resumed(api: Api) -> None:
    run = await a_paused_run(api)
    await resume(api, run)
    status, answer = await resume(api, run)
    assert (status, answer["status"], answer["state"]) == (200, "ABORT", None)


async def test_an_unknown_run_is_not_found(api: Api) -> None:
    status, answer = await resume(api, str(uuid4()))
    assert (status, list(answer)) == (404, ["detail"])


async def test_input_that_fits_is_kept_for_the_run(api: Api) -> None:
    run = await a_run_that_asks(api)
    status, answer = await resume(api, run, run_input={"n": 3})
    assert (status, answer["status"]) == (201, "ACCEPT")
    assert json.loads(await api.get(f"/flow_runs/{run}/input/paused-1-response")) == {"n": 3}


@pytest.mark.parametrize("given", [{"n": "three"}, {}, {"m": 1}])
async def test_input_that_does_not_fit_leaves_the_run_paused(api: Api, given: dict[str, Any]) -> None:
    run = await a_run_that_asks(api)
    status, answer = await resume(api, run, run_input=given)
    assert (status, answer["status"], answer["state"]["type"]) == (200, "REJECT", "PAUSED")


@pytest.mark.parametrize("schema", ["not json", '{"type": 7}', '{"$ref": "http://127.0.0.1:9/x"}', '{"$ref": "#"}'])
async def test_a_schema_that_cannot_be_used_refuses_all_input(api: Api, schema: str) -> None:
    run = await a_run_that_asks(api, schema)
    status, answer = await resume(api, run, run_input={"n": 1})
    assert (status, answer["status"]) == (200, "REJECT")


async def test_a_pause_whose_time_is_over_fails_instead(api: Api) -> None:
    run = await a_paused_run(api, pause_timeout="2020-01-01T00:00:00Z")
    _, answer = await resume(api, run)
    assert (answer["status"], answer["state"]["type"]) == ("REJECT", "FAILED")
