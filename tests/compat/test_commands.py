"""The client's command line against the server."""

import json
import re
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.compat.clients import Api, Client, Report, eventually, since


@pytest.fixture(scope="session")
def emitting(api: Api) -> Iterator[str]:
    """Sends an event over and over, because a stream shows only what comes after it was opened."""
    resource, stop = f"compat.{uuid.uuid4().hex[:8]}", threading.Event()

    def emit() -> None:
        while not stop.wait(0.3):
            now = datetime.now(UTC).isoformat()
            event = {"id": str(uuid.uuid4()), "occurred": now, "event": "compat.tick"}
            api.http.post("/events", json=[event | {"resource": {"prefect.resource.id": resource}}])

    ticking = threading.Thread(target=emit)
    ticking.start()
    yield resource
    stop.set()
    ticking.join()


def test_flow_run_ls_lists_the_newest_runs(client: Client, basics: Report) -> None:
    listed = client.cli("flow-run", "ls", "--flow-name", "hello")
    assert basics.runs["hello"] in listed
    assert "COMPLETED" in listed


@since("3.4", "`-o json`")
def test_flow_run_inspect_shows_the_run(client: Client, basics: Report) -> None:
    run = json.loads(client.cli("flow-run", "inspect", basics.runs["hello"], "-o", "json"))
    assert (run["name"], run["state"]["type"]) == ("greets-world", "COMPLETED")


def test_flow_run_logs_prints_what_the_flow_said(api: Api, client: Client, basics: Report) -> None:
    api.logs(basics.runs["hello"], containing="Finished in state")
    printed = client.cli("flow-run", "logs", basics.runs["hello"])
    assert printed.index("Hello, world!") < printed.index("a printed line") < printed.index("Finished in state")


def test_flow_run_delete_removes_the_run_and_its_logs(api: Api, client: Client) -> None:
    flow = api.post("/flows/", {"name": "to be deleted"})["id"]
    run = api.post("/flow_runs/", {"flow_id": flow, "state": {"type": "PENDING"}})["id"]
    assert "Successfully deleted" in client.cli("flow-run", "delete", run)
    assert api.http.get(f"/flow_runs/{run}").status_code == 404
    assert "not found" in client.cli("flow-run", "delete", run, status=1)


def test_flow_run_cancel_refuses_a_run_that_has_ended(client: Client, basics: Report) -> None:
    assert "was unable to be cancelled" in client.cli("flow-run", "cancel", basics.runs["hello"], status=1)


def test_flow_ls_lists_the_flows(client: Client, basics: Report) -> None:
    listed = client.cli("flow", "ls", "--limit", "100")
    assert {"hello", "retries-itself"} <= set(listed.split())


def test_variables_are_set_listed_and_unset(client: Client) -> None:
    name = f"cli_{uuid.uuid4().hex[:8]}"
    client.cli("variable", "set", name, '{"a": 1}', "--tag", "compat")
    assert client.cli("variable", "get", name).strip() == '{"a": 1}'
    assert name in client.cli("variable", "ls")
    assert "compat" in client.cli("variable", "inspect", name)
    client.cli("variable", "unset", name)
    assert "not found" in client.cli("variable", "get", name, status=1)


def test_artifact_ls_lists_the_latest_of_each_key(client: Client, data: Report) -> None:
    listed = client.cli("artifact", "ls")
    assert listed.count(f"markdown-{data.mark}") == 1


def test_artifact_inspect_shows_every_version(client: Client, data: Report) -> None:
    shown = client.cli("artifact", "inspect", f"markdown-{data.mark}")
    assert "# First" in shown
    assert "# Second" in shown


def test_global_limits_are_managed(api: Api, client: Client) -> None:
    name = f"cli-{uuid.uuid4().hex[:8]}"
    client.cli("gcl", "create", name, "--limit", "3")
    client.cli("gcl", "update", name, "--limit", "4")
    client.cli("gcl", "disable", name)
    limit = api.get(f"/v2/concurrency_limits/{name}")
    assert (limit["limit"], limit["active"]) == (4, False)
    client.cli("gcl", "enable", name)
    assert name in client.cli("gcl", "ls")
    assert "limit=4" in client.cli("gcl", "inspect", name)
    client.cli("gcl", "delete", name)
    assert name not in client.cli("gcl", "ls")


def test_limits_of_tags_are_managed(client: Client) -> None:
    tag = f"cli-{uuid.uuid4().hex[:8]}"
    client.cli("concurrency-limit", "create", tag, "3")
    assert tag in client.cli("concurrency-limit", "ls")
    assert tag in client.cli("concurrency-limit", "inspect", tag)
    client.cli("concurrency-limit", "reset", tag)
    client.cli("concurrency-limit", "delete", tag)
    assert "No concurrency limit found" in client.cli("concurrency-limit", "inspect", tag, status=1)


def test_blocks_are_listed_shown_and_deleted(client: Client, data: Report) -> None:
    block = f"secret/secret-{data.mark}"
    assert block in client.cli("block", "ls")
    assert "swordfish" not in client.cli("block", "inspect", block)
    client.cli("block", "delete", block)
    assert "not found" in client.cli("block", "inspect", block, status=1)


def test_block_types_are_listed_and_those_of_the_system_stay(client: Client) -> None:
    client.cli("block", "register", "-m", "prefect.blocks.system")
    assert "secret" in client.cli("block", "type", "ls")
    assert "Secret" in client.cli("block", "type", "inspect", "secret")
    assert "protected" in client.cli("block", "type", "delete", "secret", status=1)


def test_events_stream_shows_an_event_as_it_comes(own_client: Client, emitting: str) -> None:
    stream = own_client.command("events", "stream", "--format", "json", "--run-once")
    printed = ""
    while '"compat.tick"' not in printed:
        printed = stream.line()
    assert emitting in printed


@since("3.4", "`prefect events emit`")
def test_events_emit_reaches_the_server(api: Api, client: Client) -> None:
    resource = f"compat.{uuid.uuid4().hex[:8]}"
    client.cli("events", "emit", "compat.emitted", "--resource-id", resource)
    (event,) = api.events({"filter": {"resource": {"id": [resource]}}}, expected=1)
    assert event["event"] == "compat.emitted"


@since("3.6", "`prefect server status`")
def test_the_server_is_found_available(client: Client) -> None:
    assert "Server is available" in client.cli("server", "status")


def test_the_version_of_the_server_is_shown(client: Client) -> None:
    assert eventually(lambda: re.search(r"Server type: +server\b", client.cli("version")))


def test_work_pool_create_knows_the_types_whose_package_is_not_installed(api: Api, client: Client) -> None:
    name = f"pool-{uuid.uuid4().hex[:8]}"
    assert "Created work pool" in client.cli("work-pool", "create", name, "-t", "docker")
    assert "image" in api.get(f"/work_pools/{name}")["base_job_template"]["variables"]["properties"]
    assert "{}" in client.cli("work-pool", "get-default-base-job-template", "-t", "kubernetes")


AUTOMATION = {
    "name": "told-when-it-fails",
    "description": "From a file.",
    "trigger": {"posture": "Reactive", "expect": ["prefect.flow-run.Failed"], "match_related": {"prefect.tag": ["a"]}},
    "actions": [{"type": "do-nothing"}],
}


@since("3.6", "automations from files")
def test_automations_are_made_listed_paused_resumed_and_deleted(api: Api, client: Client, tmp_path: Path) -> None:
    file = tmp_path / "automation.json"
    file.write_text(json.dumps(AUTOMATION))
    client.cli("automation", "create", "--from-file", str(file))
    name = AUTOMATION["name"]
    assert name in client.cli("automation", "ls")
    assert "prefect.flow-run.Failed" in client.cli("automation", "inspect", name)
    only = {"automations": {"name": {"any_": [name]}}}
    for command, enabled in (("pause", False), ("resume", True)):
        client.cli("automation", command, name)
        assert [each["enabled"] for each in api.post("/automations/filter", only)] == [enabled]
    client.cli("automation", "delete", name)
    assert api.post("/automations/count", only) == 0


def test_work_pools_and_their_queues_are_managed(api: Api, client: Client) -> None:
    pool = f"cli-{uuid.uuid4().hex[:8]}"
    client.cli("work-pool", "create", pool, "--type", "process")
    client.cli("work-pool", "set-concurrency-limit", pool, "3")
    assert "concurrency_limit=3" in client.cli("work-pool", "inspect", pool)
    client.cli("work-queue", "create", "slow", "--pool", pool, "--limit", "2")
    assert "slow" in client.cli("work-queue", "ls", "--pool", pool)
    client.cli("work-pool", "pause", pool)
    assert api.get(f"/work_pools/{pool}")["is_paused"]
    client.cli("work-pool", "delete", pool)
    assert "not found" in client.cli("work-pool", "inspect", pool, status=1)
