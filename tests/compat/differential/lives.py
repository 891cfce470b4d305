"""Lives of objects: every state after every state, the same thing twice, what hangs on what when it goes."""

from collections.abc import Iterator
from itertools import count
from typing import Any

from tests.compat.differential.steps import Case, Step, at, get, post
from tests.compat.differential.targets import numbered
from tests.compat.differential.values import NIL
from tests.compat.differential.world import STATES


def life_cases() -> Iterator[Case]:
    """All of them, each with names of its own."""
    numbers = count(1)
    for name, steps in (*_state_after_state(), *_twice(), *_ends(), *_pauses(), *_slots(), *_queues(), *_schedules()):
        number = next(numbers)
        yield Case(f"life {name}", [numbered(step, 10_000 + number) for step in steps])


def _proposed(kind: str, state: dict[str, Any], *, force: bool = False) -> Step:
    return post(f"/{kind}_runs/<{kind} l#>/set_state", {"state": state, "force": force})


def _new_run(state: str | None = None, **more: Any) -> Step:
    return post(
        "/flow_runs/",
        {"flow_id": "<flow alone>", "name": "life #", "state": state and {"type": state}, **more},
        "flow l#",
    )


def _new_task(state: str | None = None, **more: Any) -> Step:
    body = {
        "flow_run_id": "<run run_2>",
        "name": "life #",
        "task_key": "life #",
        "dynamic_key": "0",
        "state": state and {"type": state},
    }
    return post("/task_runs/", {**body, **more}, "task l#")


def _state_after_state() -> Iterator[tuple[str, list[Step]]]:
    for kind, new in (("flow", _new_run), ("task", _new_task)):
        for before in (*STATES, None):
            for after in STATES:
                for force in (False, True):
                    steps = [
                        new(before),
                        _proposed(kind, {"type": after}, force=force),
                        get(f"/{kind}_runs/<{kind} l#>"),
                    ]
                    yield f"{kind} {before} {after} {'forced' if force else ''}", steps
        states = [
            {"type": each} for each in ("PENDING", "RUNNING", "FAILED", "RUNNING", "COMPLETED", "RUNNING", "SCHEDULED")
        ]
        again = {"retries": 1, "retry_delay": 0}
        way = [_proposed(kind, state) for state in states]
        look = [get(f"/{kind}_runs/<{kind} l#>"), Step("GET", f"/{kind}_run_states/?{kind}_run_id=<{kind} l#>")]
        yield f"{kind} tried again", [new("SCHEDULED", empirical_policy=again), *way, *look]
        yield f"{kind} not tried again", [new("SCHEDULED"), *way, *look]
        data = {"type": "COMPLETED", "data": {"type": "reference", "storage_key": "k"}, "message": "given"}
        yield f"{kind} with data", [new("PENDING"), _proposed(kind, {"type": "RUNNING"}), _proposed(kind, data), *look]
        far = {"type": "SCHEDULED", "state_details": {"scheduled_time": at(10_000)}}
        yield f"{kind} too early", [new("RUNNING"), _proposed(kind, far), _proposed(kind, {"type": "PENDING"}), *look]
        named = {"type": "SCHEDULED", "name": "AwaitingRetry", "state_details": {"scheduled_time": at(1)}}
        yield f"{kind} named", [new("RUNNING"), _proposed(kind, named), _proposed(kind, {"type": "RUNNING"}), *look]
        same = {"type": "RUNNING", "state_details": {"transition_id": NIL}}
        yield f"{kind} the same transition", [new("PENDING"), _proposed(kind, same), _proposed(kind, same), *look]
    hit = {"type": "RUNNING", "state_details": {"cache_key": "cached #"}}
    done = {"type": "COMPLETED", "state_details": {"cache_key": "cached #"}, "data": 1}
    one, two = (
        _new_task("PENDING"),
        post(
            "/task_runs/",
            {"task_key": "other #", "dynamic_key": "1", "flow_run_id": "<run run_2>", "name": "n"},
            "task m#",
        ),
    )
    other = post("/task_runs/<task m#>/set_state", {"state": hit})
    yield (
        "task from the cache",
        [one, _proposed("task", {"type": "RUNNING"}), _proposed("task", done), two, other, get("/task_runs/<task m#>")],
    )


def _twice() -> Iterator[tuple[str, list[Step]]]:
    bodies: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
        ("POST", "/flows/", {"name": "twice #", "tags": ["a"]}, {"tags": ["b"], "labels": {"x": 1}}),
        (
            "POST",
            "/flow_runs/",
            {"flow_id": "<flow alone>", "idempotency_key": "twice #", "name": "n#"},
            {"name": "m#"},
        ),
        (
            "POST",
            "/task_runs/",
            {"task_key": "twice #", "dynamic_key": "1", "flow_run_id": "<run run_2>", "name": "n#"},
            {"tags": ["x"]},
        ),
        (
            "POST",
            "/task_runs/",
            {"task_key": "twice #", "dynamic_key": "1", "name": "n#"},
            {"state": {"type": "RUNNING"}},
        ),
        (
            "POST",
            "/deployments/",
            {"name": "twice #", "flow_id": "<flow alone>", "tags": ["a"], "version": "v"},
            {"tags": ["b"]},
        ),
        (
            "POST",
            "/deployments/",
            {"name": "twice #", "flow_id": "<flow alone>", "concurrency_limit": 2},
            {"concurrency_limit": None},
        ),
        ("POST", "/work_pools/", {"name": "twice #"}, {"type": "process"}),
        ("POST", "/work_pools/pool_1/queues", {"name": "twice #"}, {"priority": 3}),
        ("POST", "/work_queues/", {"name": "twice #"}, {"description": "given"}),
        ("POST", "/concurrency_limits/", {"tag": "twice #", "concurrency_limit": 1}, {"concurrency_limit": 2}),
        ("POST", "/v2/concurrency_limits/", {"name": "twice #", "limit": 1}, {"limit": 2}),
        ("POST", "/variables/", {"name": "twice_#", "value": 1}, {"value": 2}),
        ("POST", "/block_types/", {"name": "twice #", "slug": "twice-#"}, {"name": "thrice #"}),
        (
            "POST",
            "/block_schemas/",
            {"block_type_id": "<block_type kind-1>", "fields": {"title": "twice #"}},
            {"capabilities": ["a"]},
        ),
        (
            "POST",
            "/block_documents/",
            {"block_type_id": "<block_type kind-1>", "block_schema_id": "<schema one>", "name": "twice#", "data": {}},
            {},
        ),
        ("PUT", "/saved_searches/", {"name": "twice #"}, {"filters": []}),
        ("POST", "/artifacts/", {"key": "twice-#", "data": "given"}, {"type": "table"}),
        ("POST", "/flow_runs/<run run_2>/input", {"key": "twice-#", "value": "1"}, {"value": "2"}),
    ]
    for method, path, body, change in bodies:
        first, second = Step(method, path, body, "twice #"), Step(method, path, {**body, **change})
        look = [get(f"{path}<twice #>")] if path.endswith("/") and path != "/work_pools/" else []
        yield f"twice {path}", [first, second, *look]


def _ends() -> Iterator[tuple[str, list[Step]]]:
    flow = post("/flows/", {"name": "end #"}, "flow e#")
    deployment = post(
        "/deployments/", {"name": "end #", "flow_id": "<flow e#>", "work_pool_name": "end #"}, "deployment e#"
    )
    pool = post("/work_pools/", {"name": "end #", "type": "process"}, "pool e#")
    run = post("/deployments/<deployment e#>/create_flow_run", {"name": "end #"}, "run e#")
    task = post(
        "/task_runs/", {"task_key": "e#", "dynamic_key": "0", "flow_run_id": "<run e#>", "name": "n"}, "task e#"
    )
    artifact = post("/artifacts/", {"key": "end-#", "flow_run_id": "<run e#>", "data": "1"}, "artifact e#")
    newer = post("/artifacts/", {"key": "end-#", "data": "2"}, "artifact n#")
    whole = [flow, pool, deployment, run, task, artifact, newer]
    looks = [
        get(path)
        for path in (
            "/flows/<flow e#>", "/work_pools/end #", "/deployments/<deployment e#>", "/flow_runs/<run e#>", "/task_runs/<task e#>",
            "/artifacts/<artifact e#>", "/artifacts/end-#/latest", "/flow_runs/<run e#>/graph-v2", "/flow_run_states/?flow_run_id=<run e#>",
        )
    ]  # fmt: skip
    gone = (
        "/flows/<flow e#>", "/work_pools/end #", "/deployments/<deployment e#>", "/flow_runs/<run e#>", "/task_runs/<task e#>",
        "/artifacts/<artifact n#>", "/artifacts/<artifact e#>", "/work_pools/end #/queues/default",
    )  # fmt: skip
    for path in gone:
        yield f"end of {path}", [*whole, Step("DELETE", path), Step("DELETE", path), *looks]
    others = {
        "/variables/": {"name": "end_#", "value": 1}, "/saved_searches/": {"name": "end #"}, "/work_queues/": {"name": "end #"},
        "/concurrency_limits/": {"tag": "end #", "concurrency_limit": 1}, "/v2/concurrency_limits/": {"name": "end #", "limit": 1},
        "/block_types/": {"name": "end #", "slug": "end-#"}, "/block_schemas/": {"block_type_id": "<block_type kind-1>", "fields": {"title": "#"}},
    }  # fmt: skip
    for path, body in others.items():
        made = Step("PUT" if "saved" in path else "POST", path, body, "end #")
        yield (
            f"end of {path}",
            [made, Step("DELETE", f"{path}<end #>"), get(f"{path}<end #>"), Step("DELETE", f"{path}<end #>")],
        )
    kind = post("/block_types/", {"name": "end #", "slug": "end-#"}, "kind e#")
    schema = post("/block_schemas/", {"block_type_id": "<kind e#>", "fields": {"title": "end #"}}, "schema e#")
    block = post(
        "/block_documents/",
        {"block_type_id": "<kind e#>", "block_schema_id": "<schema e#>", "name": "e#", "data": {}},
        "block e#",
    )
    seen = [
        get(path) for path in ("/block_types/<kind e#>", "/block_schemas/<schema e#>", "/block_documents/<block e#>")
    ]
    for path in ("/block_types/<kind e#>", "/block_schemas/<schema e#>", "/block_documents/<block e#>"):
        yield f"end of {path}", [kind, schema, block, Step("DELETE", path), *seen]


def _pauses() -> Iterator[tuple[str, list[Step]]]:
    pause = {"type": "PAUSED", "state_details": {"pause_timeout": at(1000), "pause_key": "k"}}
    suspend = {
        "type": "PAUSED",
        "name": "Suspended",
        "state_details": {"pause_timeout": at(1000), "pause_reschedule": True},
    }
    over = {"type": "PAUSED", "state_details": {"pause_timeout": at(1)}}
    resume = post("/flow_runs/<flow l#>/resume", {})
    look = get("/flow_runs/<flow l#>")
    for name, state in (("pause", pause), ("suspend", suspend), ("overdue", over), ("plain", {"type": "PAUSED"})):
        for deployment in (None, "<deployment daily_1>"):
            start = [_new_run("RUNNING", flow_id="<flow alpha_1>", deployment_id=deployment), _proposed("flow", state)]
            yield (
                f"{name} {deployment}",
                [*start, resume, look, resume, _proposed("flow", {"type": "RUNNING"}), _proposed("flow", state)],
            )
    yield "resume what never paused", [_new_run("RUNNING"), resume, post("/flow_runs/<flow l#>/resume"), look]
    asked = post(
        "/flow_runs/<flow l#>/input",
        {"key": "k-schema", "value": '{"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}'},
    )
    keys = {"run_input_keyset": {"schema": "k-schema", "response": "k-response"}}
    state = {"type": "PAUSED", "state_details": {"pause_timeout": at(1000), **keys}}
    tries = [post("/flow_runs/<flow l#>/resume", {"run_input": each}) for each in (None, {"a": "x"}, {"a": 1})]
    yield (
        "resume with input",
        [
            _new_run("RUNNING"),
            asked,
            _proposed("flow", state),
            *tries,
            look,
            get("/flow_runs/<flow l#>/input/k-response"),
        ],
    )


def _slots() -> Iterator[tuple[str, list[Step]]]:
    limit = post("/v2/concurrency_limits/", {"name": "slots #", "limit": 2}, "limit l#")
    take, give = (
        post(f"/v2/concurrency_limits/{each}", {"names": ["slots #"], "slots": 1})
        for each in ("increment", "decrement")
    )
    look = get("/v2/concurrency_limits/<limit l#>")
    yield "slots", [limit, take, take, take, look, give, look, take, give, give, give, look]
    leased = post(
        "/v2/concurrency_limits/increment-with-lease",
        {"names": ["slots #"], "slots": 2, "lease_duration": 60},
        "lease l#",
    )
    lease = "<lease l#.lease_id>"
    renew = post(f"/v2/concurrency_limits/leases/{lease}/renew", {"lease_duration": 90})
    back = post("/v2/concurrency_limits/decrement-with-lease", {"lease_id": lease})
    yield "leased slots", [limit, leased, look, leased, renew, back, look, renew, back, look]
    off = [
        Step("PATCH", "/v2/concurrency_limits/<limit l#>", body)
        for body in ({"active": False}, {"limit": 0, "active": True})
    ]
    yield "slots of no limit", [limit, off[0], take, take, take, look, off[1], take, look]


def _queues() -> Iterator[tuple[str, list[Step]]]:
    pool = post("/work_pools/", {"name": "queues #", "type": "process"}, "pool q#")
    at_once = {"type": "SCHEDULED", "state_details": {"scheduled_time": at(1)}}
    places = [
        post("/work_pools/queues #/queues", {"name": name, **more})
        for name, more in (("a", {}), ("b", {"priority": 1}), ("c", {"priority": 1}))
    ]
    all_of = post("/work_pools/queues #/queues/filter", {})
    runs = [
        post(
            "/flow_runs/",
            {
                "flow_id": "<flow alone>",
                "name": f"{name} #",
                "state": at_once,
                "work_pool_name": "queues #",
                "work_queue_name": name,
            },
        )
        for name in ("a", "b", "default")
    ]
    poll = post("/work_pools/queues #/get_scheduled_flow_runs", {"scheduled_before": at(1000)})
    change = [
        Step("PATCH", "/work_pools/queues #/queues/a", {"priority": 1}), Step("PATCH", "/work_pools/queues #/queues/b", {"name": "d"}),
        Step("PATCH", "/work_pools/queues #/queues/c", {"is_paused": True}), Step("PATCH", "/work_pools/queues #/queues/default", {"concurrency_limit": 0}),
        Step("PATCH", "/work_pools/queues #", {"is_paused": True}), Step("PATCH", "/work_pools/queues #", {"is_paused": False, "concurrency_limit": 1}),
        Step("DELETE", "/work_pools/queues #/queues/a"),
    ]  # fmt: skip
    steps = [pool, *places, all_of, *runs, poll]
    for each in change:
        steps += [each, all_of, poll]
    yield "queues of a pool", steps


def _schedules() -> Iterator[tuple[str, list[Step]]]:
    made = post(
        "/deployments/",
        {
            "name": "s#",
            "flow_id": "<flow alone>",
            "schedules": [{"schedule": {"interval": 3600, "anchor_date": at(0)}, "active": False, "slug": "one"}],
        },
        "deployment s#",
    )
    address = "/deployments/<deployment s#>/schedules"
    more = [
        post(address, [{"schedule": {"cron": "0 9 * * *"}, "active": False, "slug": "two"}]), post(address, [{"schedule": {"interval": 60}, "slug": "one", "active": False}]),
        post(address, [{"schedule": {"rrule": "FREQ=DAILY"}, "active": False}]), post(address, []), post(address, [{"schedule": {"cron": "bad"}}]),
    ]  # fmt: skip
    yield (
        "schedules",
        [
            made,
            get(address),
            *more,
            get(address),
            get("/deployments/<deployment s#>"),
            Step("DELETE", f"{address}/{NIL}"),
        ],
    )
    rest = [post(f"/deployments/<deployment s#>/{each}_deployment") for each in ("pause", "resume")]
    yield (
        "pause of a deployment",
        [made, rest[0], get("/deployments/<deployment s#>"), rest[1], get("/deployments/<deployment s#>")],
    )
