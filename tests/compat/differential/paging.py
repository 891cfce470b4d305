"""Orders, pages and bounds of every list, and operations that read one object."""

from collections.abc import Iterator
from typing import Any

from tests.compat.differential.filters import NEEDED, TOTAL, Schemas, merged
from tests.compat.differential.steps import Case, Step, at, get, post
from tests.compat.differential.values import NIL

STARTED: dict[str, Any] = {"flow_runs": {"start_time": {"is_null_": False}, "end_time": {"is_null_": False}}}
WHOLE: dict[str, dict[str, Any]] = {
    "/flow_runs/filter": {"flow_runs": {"tags": {"any_": ["x", "y", "Y", "z"]}, "end_time": {"is_null_": False}}},
    "/flow_runs/paginate": STARTED,
    "/ui/flow_runs/history": STARTED,
    "/task_runs/filter": {"task_runs": {"end_time": {"is_null_": False}}},
    "/task_runs/paginate": {"task_runs": {"end_time": {"is_null_": False}}},
    "/block_types/filter": {"block_types": {"slug": {"any_": ["kind-1", "other-kind"]}}},
    "/block_schemas/filter": {"block_schemas": {"id": {"any_": ["<schema one>", "<schema two>"]}}},
    "/artifacts/filter": {"artifacts": {"key": {"any_": ["report-1", "other-2"]}}},
}
"""Where nulls come in an order follows the database: the rows that have what is ordered by."""
TIED = {"ID_DESC", "KEY_ASC", "KEY_DESC", "NEXT_SCHEDULED_START_TIME_ASC", "BLOCK_TYPE_AND_NAME_ASC"}
"""Orders that leave open which of two rows is the first, or go by ids."""
BOUNDS: list[dict[str, Any]] = [
    {"limit": 0}, {"limit": 1}, {"limit": 2, "offset": 1}, {"limit": 200}, {"limit": 201}, {"limit": -1}, {"offset": -1},
    {"offset": 100}, {"limit": None, "offset": None, "sort": None}, {"limit": "1"}, {"limit": 1.5}, {"sort": "name_asc"},
    {"sort": ""}, {"limit": True}, {"limit": 10**12}, {"offset": 10**12}, {"unknown": 1}, {"limit": [1]},
    {"page": 1, "limit": 2}, {"page": 2, "limit": 2}, {"page": 99, "limit": 2}, {"page": 0}, {"page": -1}, {"page": None},
    {"page": 1, "limit": 0}, {"page": "2", "limit": 1},
]  # fmt: skip


def paging_cases(document: dict[str, Any]) -> Iterator[Case]:
    """Every order, every bound."""
    schemas = Schemas(document)
    for method, path, schema in schemas.bodies():
        listing = method == "POST" and path.endswith(("/filter", "/paginate", "/history", "/get_scheduled_flow_runs"))
        if not listing or path.startswith(("/automations", "/task_workers")):
            continue
        address = path.replace("{work_pool_name}", "pool_1").replace("{name}", "pool_1").replace("{id}", "<run run_2>")
        base = merged(NEEDED.get(path, {}), {"prefix": ""} if "input" in path else {})
        base = merged(base, {"deployment_ids": ["<deployment daily_1>"]} if path.startswith("/deployments/get") else {})
        base = merged(base, WHOLE.get(path, {}) if path.startswith("/block") else {})
        known = schema.get("properties", {})
        orders = schemas.orders(schema)
        for sort in orders:
            body = merged(merged(base, WHOLE.get(path, {})), {"sort": sort})
            yield Case(f"order {path} {sort}", [post(address, body, ordered=sort not in TIED)])
        if sort := next((each for each in TOTAL if each in orders), None):
            base = {**base, "sort": sort}
        for bound in BOUNDS:
            body = merged(base, bound)
            if bound.keys() <= {*known, "unknown"}:
                yield Case(f"bounds {path} {bound}", [post(address, body, ordered=not orders or body["sort"] in TOTAL)])


def history_cases() -> Iterator[Case]:
    """Intervals that fit, do not fit, are too many, and go backwards."""
    intervals: list[tuple[Any, Any, Any]] = [
        (at(0), at(24), 3600), (at(0), at(24), 86400), (at(0), at(24), 5000), (at(24), at(0), 3600), (at(0), at(0), 3600),
        (at(0), at(24), 1), (at(0), at(24), 0.5), (at(0), at(24), 0), (at(0), at(24), -5), (at(0), at(24), "PT2H"),
        (at(0), at(24), "x"), (at(0).removesuffix("Z"), at(5), 3600), (at(0), None, 3600), (at(0), at(24), 7200.5),
        ("x", at(5), 60), (at(0).replace("Z", "+02:00"), at(5), 3600), (at(0), at(0.5), 86400),
    ]  # fmt: skip
    for path in ("/flow_runs/history", "/task_runs/history"):
        for start, end, step in intervals:
            body = {"history_start": start, "history_end": end, "history_interval_seconds": step}
            yield Case(f"{path} {start} {end} {step}", [post(path, body)])
    for path in ("/flow_runs/lateness", "/ui/task_runs/count", "/flow_runs/count", "/task_runs/count"):
        yield Case(f"{path} of all", [post(path, {}), post(path)])
    for unit in ("week", "day", "hour", "minute", "second", "Hour", None):
        for countable in ("day", "time", "event", "resource", "x"):
            body = {"filter": {"occurred": {"since": at(-1), "until": at(13)}}, "time_unit": unit, "time_interval": 3}
            yield Case(f"count-by {countable} {unit}", [post(f"/events/count-by/{countable}", body)])
    since = {"task_runs": {"start_time": {"after_": at(0), "before_": at(24)}}}
    for body in (since, {}, {"task_runs": {}}, {"task_runs": None}, {"task_runs": {"start_time": {"before_": at(2)}}}):
        yield Case(f"dashboard counts {body}", [post("/ui/task_runs/dashboard/counts", body)])


def reading_cases() -> Iterator[Case]:
    """Every object of the world by its id and by its names, and such as are not there."""
    places = {
        "/flows": "flow alpha_1", "/flow_runs": "run run_2", "/task_runs": "task task_1", "/flow_run_states": "run run_2.state",
        "/task_run_states": "task task_1.state", "/deployments": "deployment daily_1", "/saved_searches": "search b",
        "/concurrency_limits": "limit one_tag", "/v2/concurrency_limits": "limit limit_b", "/block_types": "block_type kind-1",
        "/block_documents": "document doc-1", "/block_schemas": "schema one", "/work_queues": "queue fast",
        "/artifacts": "artifact a0", "/variables": "variable var_1", "/ui/task_runs": "task task_1",
    }  # fmt: skip
    for place, name in places.items():
        paths = [f"{place}/<{name}>", f"{place}/{NIL}", f"{place}/not-a-uuid", f"{place}/<{name}>/"]
        steps: list[Step] = [get(path) for path in paths]
        yield Case(f"read {place}", [*steps, Step("DELETE", f"{place}/{NIL}"), Step("PATCH", f"{place}/{NIL}", {})])
    others = (
        "/flows/name/alpha_1", "/flows/name/ALPHA_1", "/flows/name/absent", "/flows/name/alone%20%C3%A9%5C_1",
        "/deployments/name/alpha_1/daily_1", "/deployments/name/alpha_1/absent", "/deployments/name/absent/daily_1",
        "/deployments/<deployment daily_1>/schedules", f"/deployments/{NIL}/schedules", f"/flow_runs/{NIL}/graph",
        "/flow_runs/<run run_2>/graph", "/flow_runs/<run run_2>/graph-v2", f"/flow_runs/{NIL}/graph-v2",
        "/flow_run_states/?flow_run_id=<run run_2>", "/task_run_states/?task_run_id=<task task_1>", "/flow_run_states/",
        f"/flow_run_states/?flow_run_id={NIL}", "/flow_run_states/?flow_run_id=x", "/block_types/slug/kind-1",
        "/block_types/slug/absent", "/block_types/slug/kind-1/block_documents", "/block_types/slug/absent/block_documents",
        "/block_types/slug/kind-1/block_documents/name/doc-1", "/block_types/slug/kind-1/block_documents/name/absent",
        "/block_types/slug/kind-1/block_documents/name/doc-1?include_secrets=true", "/block_types/slug/absent/block_documents/name/x",
        "/block_documents/<document doc-1>?include_secrets=true", "/block_documents/<document doc-1>?include_secrets=x",
        "/block_schemas/checksum/absent", "/artifacts/report-1/latest", "/artifacts/absent/latest", "/variables/name/var_1",
        "/variables/name/absent", "/work_pools/pool_1", "/work_pools/absent", "/work_pools/pool_1/queues/fast",
        "/work_pools/pool_1/queues/absent", "/work_pools/absent/queues/fast", "/work_queues/name/old", "/work_queues/name/absent",
        "/work_queues/<queue fast>/status", f"/work_queues/{NIL}/status", "/concurrency_limits/tag/one_tag",
        "/concurrency_limits/tag/absent", "/v2/concurrency_limits/limit%20b", "/v2/concurrency_limits/absent", "/admin/storage",
        f"/flow_runs/{NIL}/logs/download", "/flow_runs/<run run_2>/input/absent", f"/flow_runs/{NIL}/input/x", "/hello", "/ready",
        "/health", "/version", "/absent", "/flows", "/flows/filter", "/csrf-token", "/csrf-token?client=x", "/collections/views/x",
        "/events/filter/next", "/events/filter/next?page-token=x", "/flow_runs/<run run_2>/graph-v2?since=x",
        f"/flow_runs/<run run_2>/graph-v2?since={at(200)}",
    )  # fmt: skip
    for path in others:
        yield Case(f"read {path}", [get(path)])
    for version in ("0.8.4", "0.8.0", "0.7.9", "0.8", "a.b.c", "99.0.0", ""):
        step = Step("POST", "/flows/count", {}, headers={"x-prefect-api-version": version})
        yield Case(f"API version {version}", [step])
