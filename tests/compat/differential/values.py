"""Values for an operator of a filter: such as find something in the world, such as find nothing, and the odd ones."""

from typing import Any

from tests.compat.differential.steps import at

NIL = "00000000-0000-4000-8000-000000000000"
IDS = {
    "flows": ["<flow alpha_1>", "<flow beta>", "<flow alone>"],
    "flow_runs": ["<run run_2>", "<run stateless>", "<run child_1>"],
    "task_runs": ["<task task_1>", "<task alone>", "<task mirror>"],
    "deployments": ["<deployment daily_1>", "<deployment legacy>"],
    "work_pools": ["<pool pool_1>", "<pool paused>"],
    "work_queues": ["<queue fast>", "<queue old>"],
    "artifacts": ["<artifact a0>", "<artifact a3>"],
    "latest": ["<artifact a1>", "<artifact a2>"],
    "variables": ["<variable var_1>", "<variable x4>"],
    "block_types": ["<block_type kind-1>"],
    "block_schemas": ["<schema one>"],
    "block_documents": ["<document doc-1>", "<document anonymous>"],
    "events": ["22222222-2222-4222-8222-222222222220", "22222222-2222-4222-8222-222222222223"],
    "creators": ["11111111-1111-4111-8111-111111111111"],
}
ID_KINDS = {
    "work_pool_queues.id": "work_queues", "flow_runs.deployment_id": "deployments", "task_runs.flow_run_id": "flow_runs",
    "flow_runs.parent_flow_run_id": "flow_runs", "flow_runs.parent_task_run_id": "task_runs", "logs.flow_run_id": "flow_runs",
    "logs.task_run_id": "task_runs", "artifacts.flow_run_id": "flow_runs", "artifacts.task_run_id": "task_runs",
    "artifacts.latest_id": "latest", "block_schemas.block_type_id": "block_types", "filter.id": "events",
    "block_documents.block_type_id": "block_types", "flow_runs.created_by": "creators",
}  # fmt: skip
TEXTS = {
    "flows.name": ["alpha_1", "beta 3"], "flow_runs.name": ["run_2", "Run_key", "by automation"],
    "task_runs.name": ["task_1", "task 3"], "deployments.name": ["daily_1", "weekly"], "tags": ["x", "y"],
    "flow_runs.work_queue_name": ["fast", "old"], "deployments.work_queue_name": ["fast", "default"],
    "flow_runs.state.name": ["Completed", "Late", "Running"], "task_runs.state.name": ["Completed", "Failed"],
    "flow_runs.flow_version": ["v0", "v1"], "flow_runs.idempotency_key": ["key_1", "d0"],
    "flow_runs.created_by": ["AUTOMATION", "SCHEDULE"], "work_pools.name": ["pool_1", "pool paused"],
    "work_pools.type": ["process", "docker"], "work_pool_queues.name": ["fast", "default", "fas", "FAST", "f_s"],
    "work_queues.name": ["fast", "old", "FA"], "artifacts.key": ["report-1", "other-2"],
    "artifacts.type": ["table", "result", "markdown"], "variables.name": ["var_1", "x4"], "block_types.slug": ["kind-1"],
    "block_schemas.block_capabilities": ["get", "put"], "block_schemas.version": ["1.0", "non-versioned"],
    "block_documents.name": ["doc-1", "adoc-2"], "filter.event": ["seen.a", "seen.", "Other.c", "see_.a"],
    "filter.resource": ["given.a.0", "given.a", "given.b.1", "given.%"], "filter.related.id": ["rel.0", "rel.all"],
    "filter.related.role": ["r1", "all", ""], "filter.any_resource": ["rel.1", "given.a.1", "rel", "rel_1"],
}  # fmt: skip
LIKE = ["a", "ALPHA", "_", "%", "", "a_l", "1", "r%n", "\\", "/", " "]
SEARCHES = [
    "apple", "APPLE -pear", "+apple +pear", '"quoted phrase"', "!one", "-", "+", '"apple', "100% of_it", "logger.1", "",
    '\\"x\\"', 'say "x', "given.a", "rel.0", "apple !pie", "x" * 200, "\\", "_",
]  # fmt: skip
LABELS: list[Any] = [
    {}, {"kind": "x"}, {"kind": ["x", "z"]}, {"kind": "!x"}, {"kind": ["!x", "y"]}, {"kind": "?"}, {"kind": "*"}, {"kind": []},
    {"no": "*"}, {"prefect.resource.id": "given.a.*"}, {"prefect.resource.role": "r1"}, {"color": "r*d"}, {"color": ["!blue"]},
    {"n%_": "1"}, {"color": "red", "prefect.resource.id": "rel.0"}, {"prefect.resource.id": "!rel.0"}, {"kind": "!?"},
]  # fmt: skip
TIMES = [
    at(-100), at(2), at(2.001), at(4).replace("Z", "+02:00"), at(3).removesuffix("Z"), at(12), at(200),
    "<run run_3.start_time>", "<task task_1.end_time>",
]  # fmt: skip


def values_of(way: tuple[str, ...], schema: dict[str, Any]) -> list[Any]:
    """What an operator is tried with."""
    name, of = way[-1], ".".join(way[:-1])
    kind = schema.get("type")
    if "enum" in schema:
        return list(schema["enum"])
    if kind == "boolean":
        return [True, False, None]
    if kind == "integer":
        return [0, 2, 20, 30, -1, None]
    if schema.get("format") == "date-time":
        return TIMES
    if name == "labels":
        return LABELS
    if name == "query":
        return SEARCHES
    if kind == "string":
        return [*LIKE, None]
    if name == "resources_in_roles":
        return [[["rel.0", "r1"]], [["rel.0", "all"], ["rel.all", "all"]], [], [["rel.0"]]]
    if kind == "array":
        return _lists(of, name, schema["items"])
    return []


def _lists(of: str, name: str, items: dict[str, Any]) -> list[Any]:
    """Nothing, one, several, one that is not there."""
    if name in ("related", "any_resource"):
        both = [{"id": ["rel.all"]}, {"labels": {"color": "red"}}]
        return [both, [{"id": ["rel.0"]}], []]
    known = _known(of, name, items)
    absent = NIL if items.get("format") == "uuid" else "absent"
    if "$ref" in items:
        absent = known[0]
    singles = [[each] for each in known]
    return [[], *singles, known[:2], [known[0], absent], [absent], [known[-1], known[-1]], None]


def _known(of: str, name: str, items: dict[str, Any]) -> list[Any]:
    if "StateType" in str(items):
        return ["COMPLETED", "SCHEDULED", "CANCELLING"]
    if "WorkerStatus" in str(items):
        return ["ONLINE", "OFFLINE"]
    if items.get("format") == "uuid":
        return IDS[ID_KINDS.get(of, of.split(".")[0])]
    places = ("tags" if of.endswith(".tags") else of, f"{of}.{name}")
    return next(TEXTS[place] for place in places if place in TEXTS)
