"""Flows and tasks of the unmodified client: the states they go through are the states that the server keeps."""

from collections import Counter

import pytest

from tests.compat.clients import Api, Report

RAN = ["Pending", "Running", "Completed"]


def test_a_hello_world_is_recorded_whole(api: Api, basics: Report) -> None:
    run = api.flow_run(basics.runs["hello"])
    assert basics.results["hello"] == "Hello, world!"
    assert (run["name"], run["parameters"], run["run_count"]) == ("greets-world", {"name": "world"}, 1)
    assert run["state_type"] == "COMPLETED"
    assert run["start_time"] < run["end_time"]
    assert run["total_run_time"] > 0
    assert api.get(f"/flows/{run['flow_id']}")["name"] == "hello"
    assert api.states(run["id"]) == RAN


def test_what_a_flow_logs_and_prints_is_kept_in_order(api: Api, basics: Report) -> None:
    messages = api.logs(basics.runs["hello"], containing="Finished in state")
    said = [message for message in messages if message in {"Hello, world!", "a warning", "a printed line"}]
    assert said == ["Hello, world!", "a warning", "a printed line"]


def test_subflows_hang_on_their_parents_three_deep(api: Api, basics: Report) -> None:
    for parent, child in (("parent", "child"), ("child", "grandchild")):
        (task_run,) = api.task_runs(basics.runs[parent], expected=1)
        assert api.flow_run(basics.runs[child])["parent_task_run_id"] == task_run["id"]
        assert task_run["state"]["state_details"]["child_flow_run_id"] == basics.runs[child]
        assert task_run["state_type"] == "COMPLETED"
    assert basics.results["parent"] == 3


def test_subflows_are_found_by_their_parent(api: Api, basics: Report) -> None:
    body = {"flow_runs": {"parent_flow_run_id": {"any_": [basics.runs["parent"]]}}}
    assert [run["id"] for run in api.post("/flow_runs/filter", body)] == [basics.runs["child"]]


def test_a_task_is_retried_until_it_succeeds(api: Api, basics: Report) -> None:
    (run,) = api.task_runs(basics.runs["retries_a_task"], expected=1)
    assert run["run_count"] == 3
    again = ["AwaitingRetry", "Retrying"]
    assert api.states(run["id"], "task") == ["Pending", "Running", *again, *again, "Completed"]


def test_a_flow_is_retried_until_it_succeeds(api: Api, basics: Report) -> None:
    run = basics.runs["retries_itself"]
    assert basics.results["retries_itself"] == "the second time"
    assert api.flow_run(run)["run_count"] == 2
    assert api.states(run) == ["Pending", "Running", "AwaitingRetry", "Running", "Completed"]


def test_a_failing_task_fails_its_flow(api: Api, basics: Report) -> None:
    run = api.flow_run(basics.runs["fails"])
    (task_run,) = api.task_runs(run["id"], expected=1)
    assert (run["state_type"], task_run["state_type"]) == ("FAILED", "FAILED")
    assert "this task is broken" in run["state"]["message"]
    assert "this task is broken" in task_run["state"]["message"]


def test_a_flow_may_look_at_a_failed_state_and_go_on(api: Api, basics: Report) -> None:
    (task_run,) = api.task_runs(basics.runs["goes_on_after_a_failure"], expected=1)
    assert basics.results["goes_on_after_a_failure"] == task_run["state_type"] == "FAILED"
    assert api.state_name(basics.runs["goes_on_after_a_failure"]) == "Completed"


def test_every_one_of_200_mapped_tasks_is_recorded(api: Api, basics: Report) -> None:
    runs = api.task_runs(basics.runs["maps"], expected=200)
    assert basics.results["maps"] == 20100
    assert Counter(run["state_type"] for run in runs) == {"COMPLETED": 200}
    assert len({run["id"] for run in runs}) == len({run["dynamic_key"] for run in runs}) == 200
    assert all(run["start_time"] and run["end_time"] and run["run_count"] == 1 for run in runs)
    for run in runs[::40]:
        assert api.states(run["id"], "task") == RAN


def test_a_cached_result_is_used_again(api: Api, basics: Report) -> None:
    first, second = api.task_runs(basics.runs["hits_the_cache"], expected=2)
    assert basics.results["hits_the_cache"] is True
    assert [first["state"]["name"], second["state"]["name"]] == ["Completed", "Cached"]
    assert first["state"]["state_details"]["cache_key"] == second["state"]["state_details"]["cache_key"]


def test_a_task_that_takes_too_long_times_out(api: Api, basics: Report) -> None:
    (run,) = api.task_runs(basics.runs["task_times_out"], expected=1)
    assert (run["state_type"], run["state"]["name"]) == ("FAILED", "TimedOut")


def test_a_flow_that_takes_too_long_times_out(api: Api, basics: Report) -> None:
    assert api.states(basics.runs["times_out"]) == ["Pending", "Running", "TimedOut"]


def test_tasks_in_threads_know_whose_results_they_took(api: Api, basics: Report) -> None:
    runs = api.task_runs(basics.runs["uses_threads"], expected=9)
    assert Counter(run["state_type"] for run in runs) == {"COMPLETED": 9}
    (last,) = [run for run in runs if run["task_inputs"].get("wait_for")]
    known = {run["id"] for run in runs} - {last["id"]}
    assert {source["id"] for source in last["task_inputs"]["wait_for"]} == known
    assert last["task_inputs"]["n"][0]["id"] in known


def test_a_flow_that_returns_states_ends_as_they_say(api: Api, basics: Report) -> None:
    assert api.flow_run(basics.runs["returns_states"])["state"]["message"] == "1/2 states failed."


@pytest.mark.parametrize("name", ["parent", "uses_threads"])
def test_the_graph_of_a_run_shows_its_task_runs(api: Api, basics: Report, name: str) -> None:
    runs = api.task_runs(basics.runs[name], expected=1 if name == "parent" else 9)
    graph = api.get(f"/flow_runs/{basics.runs[name]}/graph-v2")
    drawn = {node["id"]: node["kind"] for _, node in graph["nodes"]}
    wanted = {basics.runs["child"]: "flow-run"} if name == "parent" else {run["id"]: "task-run" for run in runs}
    assert drawn == wanted


def test_the_events_of_a_run_tell_its_states(api: Api, basics: Report) -> None:
    states = ["Pending", "Running", "AwaitingRetry", "Running", "Completed"]
    names = [f"prefect.flow-run.{name}" for name in states]
    resource = {"id": [f"prefect.flow-run.{basics.runs['retries_itself']}"]}
    kept = api.events({"filter": {"resource": resource, "event": {"name": names}}}, expected=5)
    assert [event["event"] for event in sorted(kept, key=lambda event: event["occurred"])] == names


def test_every_task_run_event_of_a_run_is_kept(api: Api, basics: Report) -> None:
    related = {"id": [f"prefect.flow-run.{basics.runs['uses_threads']}"]}
    kept = api.events({"filter": {"related": related, "event": {"prefix": ["prefect.task-run."]}}}, expected=27)
    assert Counter(event["event"] for event in kept) == {f"prefect.task-run.{name}": 9 for name in RAN}
