"""A body that fits, for each operation that changes something: what is tried is put in the place of its parts.

`#` is the number of the case, so that each one has names of its own.
"""

import json
from dataclasses import dataclass
from typing import Any

from tests.compat.differential.steps import NOTHING, Case, Step, at, get, post

STATE = {"type": "PENDING"}
EVERY_HOUR = {"interval": 3600, "anchor_date": at(0), "timezone": "UTC"}
EVENT = {"occurred": at(1), "event": "tried", "resource": {"prefect.resource.id": "tried.#"}}


@dataclass(frozen=True)
class Target:
    """An operation with a body that fits, what must be there before, and where to look afterwards."""

    method: str
    path: str
    body: Any
    before: tuple[Step, ...] = ()
    after: str = ""
    listed: bool = False
    """Whether the body is a list of such."""
    kept: str = ""
    """The key that is never changed: it holds a bulk operation to the objects of its case."""

    @property
    def operation(self) -> str:
        """METHOD /path."""
        return f"{self.method} {self.path}"

    def case(self, what: str, number: int, body: Any) -> Case:
        """Sends the body once all is there."""
        found = "tried #" if self.method == "POST" and self.path.endswith("/") else ""
        sent = Step(self.method, self.path, [body] if self.listed else body, keep=found)
        look = self.after or (f"{self.path}<{found}>" if found and self.path not in NOWHERE else "")
        steps = [*self.before, sent, *([get(look)] if look else [])]
        return Case(f"{what} {self.operation} {number}", [numbered(step, number) for step in steps])


NOWHERE = ("/logs/", "/work_pools/")


def numbered(step: Step, number: int) -> Step:
    """The step with the number of its case."""
    body = step.body if step.body is NOTHING else json.loads(json.dumps(step.body).replace("#", str(number)))
    path, keep = (text.replace("#", str(number)) for text in (step.path, step.keep))
    return Step(step.method, path, body, keep, step.raw, step.headers, step.ordered)


_flow = post("/flows/", {"name": "flow #"}, "flow f#")
_run = post("/flow_runs/", {"flow_id": "<flow alone>", "name": "run #", "state": {"type": "SCHEDULED"}}, "run r#")
_task = post(
    "/task_runs/", {"flow_run_id": "<run run_5>", "name": "t#", "task_key": "k#", "dynamic_key": "0"}, "task t#"
)
_pool = post("/work_pools/", {"name": "pool #", "type": "process"}, "pool p#")
_queue = post("/work_queues/", {"name": "queue #"}, "queue q#")
_pool_queue = post("/work_pools/pool #/queues", {"name": "queue"}, "queue q#")
_deployment = post("/deployments/", {"name": "d#", "flow_id": "<flow alone>", "parameters": {"a": 1}}, "deployment d#")
_variable = post("/variables/", {"name": "var_#", "value": 1}, "variable v#")
_limit = post("/v2/concurrency_limits/", {"name": "limit #", "limit": 5}, "limit l#")
_tag = post("/concurrency_limits/", {"tag": "tag #", "concurrency_limit": 5}, "limit t#")
_artifact = post("/artifacts/", {"key": "key-#", "data": "given"}, "artifact a#")
_kind = post("/block_types/", {"name": "kind #", "slug": "slug-#"}, "block_type k#")
_document = post(
    "/block_documents/",
    {"block_type_id": "<block_type kind-1>", "block_schema_id": "<schema one>", "name": "doc#", "data": {"w": "x"}},
    "document d#",
)
_input = post("/flow_runs/<run r#>/input", {"key": "given", "value": "1"})
_schedules = post("/deployments/<deployment d#>/schedules", [{"schedule": EVERY_HOUR, "active": False}])

TARGETS = [
    Target("POST", "/flows/", {"name": "tried #"}),
    Target("PATCH", "/flows/<flow f#>", {}, (_flow,), "/flows/<flow f#>"),
    Target("POST", "/flow_runs/", {"flow_id": "<flow alone>", "name": "tried #"}),
    Target("PATCH", "/flow_runs/<run r#>", {}, (_run,), "/flow_runs/<run r#>"),
    Target("PATCH", "/flow_runs/<run r#>/labels", {}, (_run,), "/flow_runs/<run r#>"),
    Target("POST", "/flow_runs/<run r#>/set_state", {"state": STATE}, (_run,), "/flow_runs/<run r#>"),
    Target("POST", "/flow_runs/<run r#>/resume", {}, (_run,)),
    Target("POST", "/flow_runs/<run r#>/input", {"key": "k", "value": "1"}, (_run,), "/flow_runs/<run r#>/input/k"),
    Target("POST", "/flow_runs/<run r#>/input/filter", {"prefix": ""}, (_run, _input)),
    Target(
        "POST",
        "/flow_runs/bulk_set_state",
        {"flow_runs": {"id": {"any_": ["<run r#>"]}}, "state": STATE},
        (_run,),
        kept="flow_runs",
    ),
    Target("POST", "/flow_runs/bulk_delete", {"flow_runs": {"id": {"any_": ["<run r#>"]}}}, (_run,), kept="flow_runs"),
    Target("POST", "/flows/bulk_delete", {"flows": {"id": {"any_": ["<flow f#>"]}}}, (_flow,), kept="flows"),
    Target(
        "POST",
        "/deployments/bulk_delete",
        {"deployments": {"id": {"any_": ["<deployment d#>"]}}},
        (_deployment,),
        kept="deployments",
    ),
    Target(
        "POST", "/task_runs/", {"task_key": "tried #", "dynamic_key": "0", "flow_run_id": "<run run_5>", "name": "n"}
    ),
    Target("PATCH", "/task_runs/<task t#>", {}, (_task,), "/task_runs/<task t#>"),
    Target("POST", "/task_runs/<task t#>/set_state", {"state": STATE}, (_task,), "/task_runs/<task t#>"),
    Target("POST", "/deployments/", {"name": "tried #", "flow_id": "<flow alone>"}),
    Target("PATCH", "/deployments/<deployment d#>", {}, (_deployment,), "/deployments/<deployment d#>"),
    Target("POST", "/deployments/<deployment d#>/create_flow_run", {"name": "tried"}, (_deployment,)),
    Target("POST", "/deployments/<deployment d#>/create_flow_run/bulk", {"name": "tried"}, (_deployment,), listed=True),
    Target(
        "POST",
        "/deployments/<deployment d#>/schedules",
        {"schedule": EVERY_HOUR, "active": False},
        (_deployment,),
        listed=True,
    ),
    Target("POST", "/deployments/get_scheduled_flow_runs", {"deployment_ids": ["<deployment daily_1>"]}),
    Target("PUT", "/saved_searches/", {"name": "tried #"}),
    Target("POST", "/logs/", {"name": "tried", "level": 20, "message": "m", "timestamp": at(1)}, listed=True),
    Target("POST", "/concurrency_limits/", {"tag": "tried #", "concurrency_limit": 1}),
    Target("POST", "/concurrency_limits/tag/tag #/reset", {}, (_tag,), "/concurrency_limits/tag/tag #"),
    Target("POST", "/concurrency_limits/increment", {"names": ["tag #"], "task_run_id": "<task task_1>"}, (_tag,)),
    Target("POST", "/concurrency_limits/decrement", {"names": ["tag #"], "task_run_id": "<task task_1>"}, (_tag,)),
    Target("POST", "/v2/concurrency_limits/", {"name": "tried #", "limit": 1}),
    Target("PATCH", "/v2/concurrency_limits/<limit l#>", {}, (_limit,), "/v2/concurrency_limits/<limit l#>"),
    Target("POST", "/v2/concurrency_limits/increment", {"names": ["limit #"], "slots": 1}, (_limit,)),
    Target("POST", "/v2/concurrency_limits/decrement", {"names": ["limit #"], "slots": 1}, (_limit,)),
    Target("POST", "/v2/concurrency_limits/increment-with-lease", {"names": ["limit #"], "slots": 1}, (_limit,)),
    Target("POST", "/v2/concurrency_limits/decrement-with-lease", {"lease_id": "<run run_2>"}),
    Target("POST", "/v2/concurrency_limits/leases/<run run_2>/renew", {}),
    Target("POST", "/block_types/", {"name": "tried #", "slug": "tried-#"}),
    Target("PATCH", "/block_types/<block_type k#>", {}, (_kind,), "/block_types/<block_type k#>"),
    Target("POST", "/block_schemas/", {"block_type_id": "<block_type k#>", "fields": {"title": "t#"}}, (_kind,)),
    Target(
        "POST",
        "/block_documents/",
        {
            "block_type_id": "<block_type kind-1>",
            "block_schema_id": "<schema one>",
            "name": "tried#",
            "data": {"w": "x"},
        },
    ),
    Target(
        "PATCH",
        "/block_documents/<document d#>",
        {},
        (_document,),
        "/block_documents/<document d#>?include_secrets=true",
    ),
    Target("POST", "/work_pools/", {"name": "tried #"}, after="/work_pools/tried #"),
    Target("PATCH", "/work_pools/pool #", {}, (_pool,), "/work_pools/pool #"),
    Target("POST", "/work_pools/pool_1/concurrency_status", {}),
    Target("POST", "/work_pools/pool_1/get_scheduled_flow_runs", {"scheduled_before": at(100)}),
    Target("POST", "/work_pools/pool #/queues", {"name": "tried"}, (_pool,), "/work_pools/pool #/queues/tried"),
    Target("PATCH", "/work_pools/pool #/queues/queue", {}, (_pool, _pool_queue), "/work_queues/<queue q#>"),
    Target("POST", "/work_pools/pool #/workers/heartbeat", {"name": "w"}, (_pool,)),
    Target("POST", "/work_queues/", {"name": "tried #"}),
    Target("PATCH", "/work_queues/<queue q#>", {}, (_queue,), "/work_queues/<queue q#>", kept="name"),
    Target("POST", "/work_queues/<queue old>/get_runs", {}),
    Target("POST", "/work_queues/<queue old>/concurrency_status", {}),
    Target("POST", "/artifacts/", {"key": "tried-#"}),
    Target("PATCH", "/artifacts/<artifact a#>", {}, (_artifact,), "/artifacts/<artifact a#>"),
    Target("POST", "/variables/", {"name": "tried_#", "value": 1}),
    Target("PATCH", "/variables/<variable v#>", {}, (_variable,), "/variables/<variable v#>"),
    Target("PATCH", "/variables/name/var_#", {}, (_variable,), "/variables/<variable v#>"),
    Target("POST", "/events", EVENT, listed=True),
    Target("POST", "/ui/flows/next-runs", {"flow_ids": ["<flow alpha_1>"]}),
    Target("POST", "/ui/flows/count-deployments", {"flow_ids": ["<flow alpha_1>"]}),
    Target("POST", "/ui/flow_runs/count-task-runs", {"flow_run_ids": ["<run run_2>"]}),
    Target("PUT", "/admin/storage", {"default_result_storage_block_id": "<document doc-1>"}),
]
