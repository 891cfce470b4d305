"""Scenarios of flows, flow runs, task runs, their states, logs and inputs."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.compat.contract.caller import Caller


def now(**offset: float) -> str:
    """An ISO time, moved by `offset`."""
    return (datetime.now(UTC) + timedelta(**offset)).isoformat()


def unique(prefix: str) -> str:
    """A name that no other scenario uses."""
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def new_flow(call: Caller) -> Any:
    """A new flow."""
    return call("POST /flows/", {"name": unique("flow"), "tags": ["contract"], "labels": {"team": "a"}}, status=201)


def new_run(call: Caller, flow: Any, state: str = "PENDING", **more: Any) -> Any:
    """A new run of a flow."""
    body = {"flow_id": flow["id"], "state": {"type": state}, "parameters": {"n": 1}, "tags": ["contract"], **more}
    return call("POST /flow_runs/", body, status=201)


def new_task_run(call: Caller, run: Any, state: str = "PENDING") -> Any:
    """A new task run of a flow run."""
    body = {"flow_run_id": run["id"], "task_key": "t", "dynamic_key": unique("d"), "state": {"type": state}}
    return call("POST /task_runs/", body, status=201)


def of_flow(flow: Any) -> dict[str, Any]:
    """The filter that finds what belongs to a flow."""
    return {"flows": {"id": {"any_": [flow["id"]]}}}


def flows(call: Caller) -> None:
    flow = new_flow(call)
    call("POST /flows/", {"name": flow["name"]})
    call("GET /flows/{id}", id=flow["id"])
    call("GET /flows/name/{name}", name=flow["name"])
    call("PATCH /flows/{id}", {"tags": ["changed"]}, id=flow["id"])
    found = call("POST /flows/filter", {**of_flow(flow), "sort": "NAME_ASC"})
    assert [each["tags"] for each in found] == [["changed"]]
    assert call("POST /flows/count", of_flow(flow)) == 1
    assert call("POST /flows/paginate", {**of_flow(flow), "limit": 1, "page": 1})["count"] == 1
    assert call("POST /ui/flows/count-deployments", {"flow_ids": [flow["id"]]}) == {flow["id"]: 0}
    assert call("POST /ui/flows/next-runs", {"flow_ids": [flow["id"]]}) == {flow["id"]: None}
    call("DELETE /flows/{id}", id=flow["id"])


def flows_in_bulk(call: Caller) -> None:
    flow = new_flow(call)
    assert call("POST /flows/bulk_delete", of_flow(flow))["deleted"] == [flow["id"]]


def flow_run_records(call: Caller) -> None:
    flow = new_flow(call)
    run = new_run(call, flow, idempotency_key="once", empirical_policy={"retries": 2, "retry_delay": 1})
    again = {"flow_id": flow["id"], "idempotency_key": "once"}
    assert call("POST /flow_runs/", again, status=200)["id"] == run["id"]
    call("PATCH /flow_runs/{id}", {"name": "renamed", "tags": ["a", "b"]}, id=run["id"])
    call("PATCH /flow_runs/{id}/labels", {"team": "b", "size": 3}, id=run["id"])
    read = call("GET /flow_runs/{id}", id=run["id"])
    assert (read["name"], read["labels"]["size"]) == ("renamed", 3)
    call("DELETE /flow_runs/{id}", id=run["id"])


def flow_run_lists(call: Caller) -> None:
    flow = new_flow(call)
    for state in ("PENDING", "RUNNING", "COMPLETED", "FAILED"):
        new_run(call, flow, state)
    new_run(call, flow, "SCHEDULED")
    wanted = {**of_flow(flow), "sort": "START_TIME_DESC"}
    assert len(call("POST /flow_runs/filter", wanted)) == 5
    assert call("POST /flow_runs/count", of_flow(flow)) == 5
    assert call("POST /flow_runs/paginate", {**wanted, "limit": 2, "page": 2})["pages"] == 3
    span = {"history_start": now(hours=-1), "history_end": now(hours=1), "history_interval_seconds": 1800}
    history = call("POST /flow_runs/history", {**of_flow(flow), **span})
    assert sum(state["count_runs"] for bucket in history for state in bucket["states"]) == 5
    call("POST /flow_runs/lateness", of_flow(flow))
    call("POST /ui/flow_runs/history", {**of_flow(flow), "sort": "EXPECTED_START_TIME_DESC"})


def flow_run_states(call: Caller) -> None:
    run = new_run(call, new_flow(call), "SCHEDULED")
    answers = [
        call("POST /flow_runs/{id}/set_state", {"state": {"type": kind}}, id=run["id"], status=status)
        for kind, status in (("PENDING", 201), ("PENDING", 200), ("RUNNING", 201), ("COMPLETED", 201))
    ]
    assert [answer["status"] for answer in answers] == ["ACCEPT", "ABORT", "ACCEPT", "ACCEPT"]
    states = call("GET /flow_run_states/", query={"flow_run_id": run["id"]})
    assert sorted(state["type"] for state in states) == ["COMPLETED", "PENDING", "RUNNING", "SCHEDULED"]
    call("GET /flow_run_states/{id}", id=states[0]["id"])


def flow_run_waits(call: Caller) -> None:
    scheduled = {"type": "SCHEDULED", "state_details": {"scheduled_time": now(hours=1)}}
    run = new_run(call, new_flow(call), state="PENDING")
    call("POST /flow_runs/{id}/set_state", {"state": scheduled}, id=run["id"], status=201)
    answer = call("POST /flow_runs/{id}/set_state", {"state": {"type": "RUNNING"}}, id=run["id"])
    assert answer["status"] == "WAIT"


def flow_run_pauses(call: Caller) -> None:
    run = new_run(call, new_flow(call), "RUNNING")
    paused = {"type": "PAUSED", "state_details": {"pause_timeout": now(minutes=5), "pause_key": "1"}}
    call("POST /flow_runs/{id}/set_state", {"state": paused}, id=run["id"], status=201)
    assert call("POST /flow_runs/{id}/resume", {}, id=run["id"], status=201)["status"] == "ACCEPT"


def flow_run_inputs(call: Caller) -> None:
    run = new_run(call, new_flow(call), "RUNNING")["id"]
    call("POST /flow_runs/{id}/input", {"key": "k-1", "value": '{"a": 1}', "sender": None}, id=run)
    assert len(call("POST /flow_runs/{id}/input/filter", {"prefix": "k", "limit": 5, "exclude_keys": []}, id=run)) == 1
    call("GET /flow_runs/{id}/input/{key}", id=run, key="k-1")
    call("DELETE /flow_runs/{id}/input/{key}", id=run, key="k-1")


def flow_runs_in_bulk(call: Caller) -> None:
    flow = new_flow(call)
    run = new_run(call, flow, "RUNNING")
    only = {"flow_runs": {"id": {"any_": [run["id"]]}}}
    call("POST /flow_runs/bulk_set_state", {**only, "state": {"type": "CANCELLED", "name": "Cancelled"}, "force": True})
    assert call("POST /flow_runs/bulk_delete", only)["deleted"] == [run["id"]]


def graphs(call: Caller) -> None:
    run = new_run(call, new_flow(call), "RUNNING")
    task_run = new_task_run(call, run, "RUNNING")
    graph = call("GET /flow_runs/{id}/graph-v2", id=run["id"])
    assert [node["id"] for _, node in graph["nodes"]] == [task_run["id"]]
    call("GET /flow_runs/{id}/graph", id=run["id"])


def task_run_records(call: Caller) -> None:
    flow = new_flow(call)
    run = new_task_run(call, new_run(call, flow, "RUNNING"))
    call("PATCH /task_runs/{id}", {"name": "renamed"}, id=run["id"])
    assert call("GET /task_runs/{id}", id=run["id"])["name"] == "renamed"
    assert len(call("POST /task_runs/filter", {**of_flow(flow), "sort": "NAME_ASC"})) == 1
    assert call("POST /task_runs/count", of_flow(flow)) == 1
    call("POST /task_runs/paginate", {**of_flow(flow), "limit": 5, "page": 1})
    span = {"history_start": now(hours=-1), "history_end": now(hours=1), "history_interval_seconds": 1800}
    call("POST /task_runs/history", {**of_flow(flow), **span})
    call("DELETE /task_runs/{id}", id=run["id"])


def task_run_states(call: Caller) -> None:
    run = new_task_run(call, new_run(call, new_flow(call), "RUNNING"))["id"]
    for kind in ("RUNNING", "COMPLETED"):
        call("POST /task_runs/{id}/set_state", {"state": {"type": kind, "name": kind.title()}}, id=run, status=201)
    states = call("GET /task_run_states/", query={"task_run_id": run})
    assert len(states) == 3
    call("GET /task_run_states/{id}", id=states[0]["id"])


def task_runs_of_the_dashboard(call: Caller) -> None:
    run = new_run(call, new_flow(call), "RUNNING")
    task_run = new_task_run(call, run, "RUNNING")
    only = {"flow_runs": {"id": {"any_": [run["id"]]}}}
    assert call("POST /ui/task_runs/count", only)["RUNNING"] == 1
    assert call("POST /ui/flow_runs/count-task-runs", {"flow_run_ids": [run["id"]]}) == {run["id"]: 1}
    call("GET /ui/task_runs/{id}", id=task_run["id"])
    since = {"task_runs": {"start_time": {"after_": now(hours=-1), "before_": now()}}}
    call("POST /ui/task_runs/dashboard/counts", since)


def logs(call: Caller) -> None:
    run = new_run(call, new_flow(call), "RUNNING")["id"]
    line = {"name": "contract", "level": 20, "message": "said", "timestamp": now(), "flow_run_id": run}
    call("POST /logs/", [line, {**line, "message": "again"}])
    found = call("POST /logs/filter", {"logs": {"flow_run_id": {"any_": [run]}}, "sort": "TIMESTAMP_ASC"})
    assert {each["message"] for each in found} == {"said", "again"}
    assert "again" in call("GET /flow_runs/{id}/logs/download", id=run)


SCENARIOS = (
    flows, flows_in_bulk, flow_run_records, flow_run_lists, flow_run_states, flow_run_waits, flow_run_pauses,
    flow_run_inputs, flow_runs_in_bulk, graphs, task_run_records, task_run_states, task_runs_of_the_dashboard, logs,
)  # fmt: skip
