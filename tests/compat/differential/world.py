"""The objects that filters are tried on. Whatever a filter can tell apart is there in both ways, and absent once."""

from collections.abc import Iterator
from typing import Any

from tests.compat.differential.steps import BASE, Case, Step, at, get, post

BY_AUTOMATION = {
    "prefect-automation-id": "11111111-1111-4111-8111-111111111111",
    "prefect-automation-name": "Z2l2ZW4=",
}
STATES = ("SCHEDULED", "PENDING", "RUNNING", "COMPLETED", "FAILED", "CANCELLED", "CRASHED", "PAUSED", "CANCELLING")
SHORT_LIFE = {"type": "SCHEDULED", "state_details": {"scheduled_time": at(1)}}


def world() -> Case:
    """All of it, in the order of its making."""
    parts = (_flows, _pools, _deployments, _flow_runs, _task_runs, _subflow, _logs, _artifacts, _things, _blocks)
    return Case(THE_WORLD, [*(step for part in parts for step in part()), *_events()])


def _flows() -> Iterator[Step]:
    yield post("/flows/", {"name": "alpha_1", "tags": ["x", "y"], "labels": {"a": 1, "b": "c"}}, "flow alpha_1")
    yield post("/flows/", {"name": "Alpha_2", "tags": ["x"]}, "flow Alpha_2")
    yield post("/flows/", {"name": "beta 3", "tags": []}, "flow beta")
    yield post("/flows/", {"name": "alone é\\_1"}, "flow alone")


def _pools() -> Iterator[Step]:
    yield post("/work_pools/", {"name": "pool_1", "type": "process", "concurrency_limit": 5}, "pool pool_1")
    yield post("/work_pools/", {"name": "Pool_2", "type": "docker", "description": "given"}, "pool Pool_2")
    yield post("/work_pools/", {"name": "pool paused", "type": "process", "is_paused": True}, "pool paused")
    fast = {"name": "fast", "priority": 1, "description": "given", "concurrency_limit": 3}
    yield post("/work_pools/pool_1/queues", fast, "queue fast")
    yield post("/work_pools/pool_1/queues", {"name": "Faster_2"}, "queue Faster_2")
    yield post("/work_pools/Pool_2/queues", {"name": "fast"}, "queue fast_of_2")
    yield post("/work_queues/", {"name": "old"}, "queue old")
    yield post("/work_pools/pool_1/workers/heartbeat", {"name": "worker_1", "heartbeat_interval_seconds": 30})
    yield post("/work_pools/pool_1/workers/heartbeat", {"name": "worker_2"})


def _deployments() -> Iterator[Step]:
    one = {"name": "daily_1", "flow_id": "<flow alpha_1>", "work_pool_name": "pool_1", "work_queue_name": "fast"}
    yield post("/deployments/", {**one, "tags": ["x", "z"], "parameters": {"a": 1}}, "deployment daily_1")
    two = {"name": "Daily_2", "flow_id": "<flow alpha_1>", "paused": True, "tags": ["x"], "version": "v1"}
    yield post("/deployments/", {**two, "description": "given", "entrypoint": "a.py:f"}, "deployment Daily_2")
    three = {"name": "weekly", "flow_id": "<flow Alpha_2>", "work_pool_name": "Pool_2", "concurrency_limit": 2}
    yield post("/deployments/", three, "deployment weekly")
    four = {"name": "legacy", "flow_id": "<flow beta>", "work_queue_name": "old", "labels": {"a": True}}
    yield post("/deployments/", four, "deployment legacy")


def _run(name: str, number: int, **more: Any) -> Iterator[Step]:
    """A flow run that is scheduled at an hour of its own and goes the way to its state."""
    states = more.pop("states", ())
    headers = more.pop("headers", {})
    state = {"type": "SCHEDULED", "message": "given", "state_details": {"scheduled_time": at(number)}}
    body = {"name": name, "flow_id": "<flow alpha_1>", "state": state, **more}
    yield post("/flow_runs/", body, f"run {name}", headers=headers)
    for each in states:
        yield post(f"/flow_runs/<run {name}>/set_state", {"state": {"type": each, "message": "given"}, "force": True})
    yield get(f"/flow_runs/<run {name}>", f"run {name}")


def _flow_runs() -> Iterator[Step]:
    for number, state in enumerate(STATES):
        way = {"SCHEDULED": (), "PENDING": ("PENDING",)}.get(
            state, ("PENDING", "RUNNING", state)[: 2 + (state != "RUNNING")]
        )
        flow = ("<flow alpha_1>", "<flow Alpha_2>", "<flow beta>")[number % 3]
        tags = (["x"], ["x", "y"], [], ["Y"])[number % 4]
        yield from _run(f"run_{number}", number, states=way, flow_id=flow, tags=tags, flow_version=f"v{number % 2}")
    yield from _run("Run_key", 10, idempotency_key="key_1", parameters={"p": [1, {"q": None}]}, labels={"l": 1.5})
    yield from _run("by automation", 11, headers=BY_AUTOMATION, context={"c": 1}, tags=["x", "y", "z"])
    queued = {"work_pool_name": "pool_1", "work_queue_name": "fast"}
    yield from _run("queued_1", 12, **queued, empirical_policy={"retries": 2, "retry_delay": 3}, job_variables={"k": 1})
    yield post("/flow_runs/", {"name": "stateless", "flow_id": "<flow Alpha_2>"}, "run stateless")
    for number, deployment in enumerate(("daily_1", "Daily_2", "weekly", "legacy")):
        state = {"type": "SCHEDULED", "state_details": {"scheduled_time": at(20 + number)}}
        body = {"name": f"of {deployment}", "state": state, "tags": ["own"], "idempotency_key": f"d{number}"}
        yield post(f"/deployments/<deployment {deployment}>/create_flow_run", body, f"run of_{deployment}")
    late = {"type": "SCHEDULED", "name": "Late", "state_details": {"scheduled_time": at(13)}}
    yield post("/flow_runs/", {"name": "late_1", "flow_id": "<flow beta>", "state": late}, "run late_1")


def _task(name: str, number: int, **more: Any) -> Iterator[Step]:
    states = more.pop("states", ())
    body = {"name": name, "task_key": f"key.{name}", "dynamic_key": "0", "flow_run_id": "<run run_2>", **more}
    body["state"] = {"type": "SCHEDULED", "state_details": {"scheduled_time": at(number)}}
    yield post("/task_runs/", body, f"task {name}")
    for each in states:
        yield post(f"/task_runs/<task {name}>/set_state", {"state": {"type": each, "message": "given"}, "force": True})
    yield get(f"/task_runs/<task {name}>", f"task {name}")


def _task_runs() -> Iterator[Step]:
    yield from _task("task_1", 1, tags=["x", "y"], states=("PENDING", "RUNNING", "COMPLETED"))
    yield from _task("Task_2", 2, tags=["x"], states=("PENDING", "RUNNING", "FAILED"), task_version="v1")
    yield from _task("task 3", 3, states=("RUNNING",), flow_run_id="<run run_3>")
    yield from _task("alone", 4, flow_run_id=None, tags=["z"])
    inputs = {
        "x": [{"input_type": "task_run", "id": "<task task_1>"}],
        "y": [{"input_type": "constant", "type": "int"}],
    }
    yield from _task("taking", 5, task_inputs=inputs, empirical_policy={"retries": 1, "retry_delay": [1, 2]})
    yield post("/task_runs/", {"name": "none", "task_key": "k", "dynamic_key": "1", "flow_run_id": "<run run_5>"})


def _subflow() -> Iterator[Step]:
    yield from _task("mirror", 6, states=("RUNNING",))
    yield from _run("child_1", 14, parent_task_run_id="<task mirror>", flow_id="<flow beta>", states=("RUNNING",))


def _logs() -> Iterator[Step]:
    texts = ("one apple", "Two pears", 'a "quoted phrase" here', "100% of_it", "apple and pear", "nothing\nmore", "é")
    lines: list[dict[str, Any]] = [
        {
            "name": f"logger.{number % 2}",
            "level": 10 * (number % 5 + 1),
            "message": f"given {text}",
            "timestamp": at(number),
        }
        for number, text in enumerate(texts)
    ]
    for number, line in enumerate(lines):
        line["flow_run_id"] = ("<run run_2>", "<run run_3>", None)[number % 3]
        line["task_run_id"] = ("<task task_1>", None)[number % 2]
    yield post("/logs/", lines)


def _artifacts() -> Iterator[Step]:
    made = (
        {"key": "report-1", "type": "markdown", "data": "# one", "flow_run_id": "<run run_2>"},
        {"key": "report-1", "type": "table", "data": '[{"a": 1}]', "task_run_id": "<task task_1>"},
        {"key": "other-2", "type": "link", "data": None, "description": "given", "metadata_": {"a": "b"}},
        {"type": "progress", "data": 12.5, "flow_run_id": "<run of_daily_1>"},
        {"type": "result", "data": {"deep": [1]}, "flow_run_id": "<run run_2>", "task_run_id": "<task task_1>"},
        {"key": "untyped"},
    )
    for number, body in enumerate(made):
        yield post("/artifacts/", body, f"artifact a{number}")
    yield get("/artifacts/report-1/latest", "collection report-1")


def _things() -> Iterator[Step]:
    for number, value in enumerate((1, "text", None, {"deep": [1, None]}, [True])):
        tags = (["x", "y"], ["x"], [])[number % 3]
        name = ("var_1", "var_2", "other-3", "x4", "var_10")[number]
        yield post("/variables/", {"name": name, "value": value, "tags": tags}, f"variable {name}")
    yield post("/concurrency_limits/", {"tag": "one_tag", "concurrency_limit": 2}, "limit one_tag")
    yield post("/concurrency_limits/", {"tag": "other tag", "concurrency_limit": 0}, "limit other_tag")
    for name, more in (("limit b", {"slot_decay_per_second": 0.5}), ("Limit a", {"active": False}), ("limit_c", {})):
        yield post("/v2/concurrency_limits/", {"name": name, "limit": 3, **more}, f"limit {name.replace(' ', '_')}")
    part = {"object": "flow", "property": "name", "type": "string", "operation": "contains", "value": "a"}
    yield Step("PUT", "/saved_searches/", {"name": "search b", "filters": [part]}, "search b")
    yield Step("PUT", "/saved_searches/", {"name": "Search a"}, "search a")


def _blocks() -> Iterator[Step]:
    for slug in ("kind-1", "other-kind"):
        body = {"name": f"Named {slug}", "slug": slug, "description": "given", "logo_url": "http://x.y/z"}
        yield post("/block_types/", body, f"block_type {slug}")
    inner = {"type": "object", "title": "Inner", "properties": {"w": {"type": "string", "format": "password"}}}
    fields = {**inner, "secret_fields": ["w"], "block_type_slug": "kind-1", "block_schema_references": {}}
    first = {"fields": fields, "block_type_id": "<block_type kind-1>", "capabilities": ["get", "put"], "version": "1.0"}
    yield post("/block_schemas/", first, "schema one")
    plain = {"type": "object", "title": "Plain", "properties": {"n": {"type": "integer"}}}
    yield post(
        "/block_schemas/",
        {"fields": plain, "block_type_id": "<block_type other-kind>", "capabilities": ["get"]},
        "schema two",
    )
    one = {"block_type_id": "<block_type kind-1>", "block_schema_id": "<schema one>"}
    yield post("/block_documents/", {**one, "name": "doc-1", "data": {"w": "hidden"}}, "document doc-1")
    yield post("/block_documents/", {**one, "is_anonymous": True, "data": {"w": "hidden"}}, "document anonymous")
    two = {"block_type_id": "<block_type other-kind>", "block_schema_id": "<schema two>"}
    yield post("/block_documents/", {**two, "name": "adoc-2", "data": {"n": 1}}, "document adoc-2")


def _events() -> Iterator[Step]:
    made = [
        {
            "id": f"22222222-2222-4222-8222-22222222222{number}",
            "occurred": at(number * 3),
            "event": ("seen.a", "seen.b", "Other.c")[number % 3],
            "resource": {
                "prefect.resource.id": f"given.{'ab'[number % 2]}.{number // 2}",
                "kind": "xyz"[number % 3],
                "n%_": "1",
            },
            "related": [
                {
                    "prefect.resource.id": f"rel.{number % 2}",
                    "prefect.resource.role": ("r1", "r2")[number % 2],
                    "color": "red",
                },
                {"prefect.resource.id": "rel.all", "prefect.resource.role": "all"},
            ][: number % 3],
            "payload": {"word": ("apple pie", "pear", 'say "x"')[number % 3]},
        }
        for number in range(9)
    ]
    yield post("/events", made)


THE_WORLD = "the world"
LAST_EVENT = post(
    "/events/filter",
    {"filter": {"occurred": {"since": at(-1)}, "id": {"id": ["22222222-2222-4222-8222-222222222228"]}}},
)
HISTORY = {"history_start": at(0), "history_end": at(24), "history_interval_seconds": 7200}
DAY = {"since": at(-1), "until": at(47)}
assert BASE.tzinfo
