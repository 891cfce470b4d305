"""Where orchd differs on purpose, as docs/compatibility.md tells it. Each one is checked to be a difference still."""

from typing import Any

from tests.compat.differential.differences import (
    Known,
    more,
    statuses,
    taken_by_orchd,
    taken_by_peer,
    without_strangers,
)
from tests.compat.differential.steps import Case, Step, at, get, post
from tests.compat.differential.values import NIL
from tests.compat.differential.world import DAY

BOTH = r'"(type|name)": \{"(not_)?any_": \[[^\]]*\], "(not_)?any_": \['
_FILTERED = {"flow_runs": {"state": {"type": {"any_": ["PENDING"], "not_any_": ["RUNNING"]}}}}
_DAILY = {"deployments": {"work_queue_name": {"any_": ["default"]}}}
_RUN = {"flow_id": "<flow alpha_1>", "deployment_id": "<deployment daily_1>", "name": "probe"}
_KEYED = {"flow_id": "<flow alone>", "name": "probe k", "idempotency_key": "probe"}
_PREFIXED = {"filter": {"occurred": DAY, "event": {"prefix": ["see_.a"]}}}
_READY = {"filter": {"occurred": {"since": at(-1)}, "event": {"name": ["prefect.work-pool.ready"]}}}
_SOON = {"type": "SCHEDULED", "state_details": {"scheduled_time": at(1)}}
_WAITING = {
    "flow_id": "<flow alone>",
    "name": "probe q",
    "state": _SOON,
    "work_pool_name": "probe",
    "work_queue_name": "q",
}
_RENAMED = (
    post("/work_pools/", {"name": "probe", "type": "process"}),
    post("/work_pools/probe/queues", {"name": "q"}),
    post("/flow_runs/", _WAITING, "run probe_q"),
    Step("PATCH", "/work_pools/probe/queues/q", {"name": "r"}),
    get("/flow_runs/<run probe_q>"),
)
_PAUSED = (
    post("/flow_runs/", {"flow_id": "<flow alone>", "name": "probe p", "state": {"type": "PAUSED"}}, "flow probe_p"),
    post("/flow_runs/<flow probe_p>/set_state", {"state": {"type": "CANCELLED"}}),
    get("/flow_runs/<flow probe_p>"),
)
_DRAWN = (
    post("/flow_runs/", {"flow_id": "<flow alone>", "name": "probe g"}, "run probe_g"),
    post("/artifacts/", {"key": "probe-g", "flow_run_id": "<run probe_g>"}),
    get("/flow_runs/<run probe_g>/graph-v2"),
)

_BOUNDED = [{"schedule": {"interval": 60}, "active": False, "max_scheduled_runs": 3}]
_BLOCK = {
    "block_type_id": "<block_type kind-1>",
    "block_schema_id": "<schema one>",
    "name": "probe",
    "data": {"w": "x"},
}
_UNMERGED = (
    post("/block_documents/", _BLOCK, "document p"),
    Step("PATCH", "/block_documents/<document p>", {"merge_existing_data": False}),
    get("/block_documents/<document p>"),
)
_COUNTED = (
    post("/work_queues/", {"name": "probe c"}, "queue probe_c"),
    Step("PATCH", "/work_queues/<queue probe_c>", {"concurrency_limit": 30, "filter": {"tags": None}}),
    get("/work_queues/<queue probe_c>"),
)
_OFFSET = {"type": "SCHEDULED", "state_details": {"scheduled_time": at(30).replace("Z", "+02:00")}}
_TASK = {"dynamic_key": "0", "flow_run_id": "<run run_1>", "name": "probe"}
_SLOW = {"empirical_policy": {"retry_delay_seconds": 0.5}}
_EVENT = {"id": NIL, "occurred": "1.5", "event": "e", "resource": {"prefect.resource.id": "r"}}
_BULK = "/deployments/<deployment daily_1>/create_flow_run/bulk"
DEPLOYED = {"name": "probe d", "flow_id": "<flow beta>"}
RUN = {"name": "probe r", "flow_id": "<flow beta>"}


def _is_null(theirs: Any, ours: Any) -> bool:
    return theirs is None


KNOWN = [
    Known("`any_` and `not_any_` of states together", (post("/flow_runs/count", _FILTERED),), BOTH, r"body.*|lateness.*"),
    Known("searches of texts on SQLite, old graphs, histories by weeks", (get("/flow_runs/<run run_2>/graph"),), r"", r"status",
          lambda theirs, ours: theirs[0] == 500 and ours[0] < 500),
    Known("`true` and `false` where a number belongs", (post("/flows/filter", {"limit": True}),), r": (true|false)|\[true", r"status",
          taken_by_peer),
    Known("a `limit` below zero", (post("/ui/flow_runs/history", {"limit": -1}),), r'limit": -1', r"status", taken_by_peer),
    Known("the filter `work_queue_name` and default queues", (post("/deployments/count", _DAILY),), r"work_queue_name", r"(body|lateness).*"),
    Known("the name of a run's queue", _RENAMED, r"flow_run", r"body.*\.work_queue_name"),
    Known("pages of task runs", (post("/task_runs/paginate", {"sort": "NAME_ASC"}),), r"POST /task_runs/paginate",
          r"body\.results\[\d+\]\.\w+", more),
    Known("runs that a worker or a runner is offered", (post("/work_pools/pool_1/get_scheduled_flow_runs", {}),),
          r"get_scheduled_flow_runs|get_runs", r"body\[\d+\]\.(flow_run\.)?(state|work_pool_\w+)"),
    Known("`%` and `_` in prefixes that events are filtered by", (post("/events/filter", _PREFIXED),),
          r"/events/.*(see_\.a|given\.%|rel_1)", r"body.*"),
    Known("null for a part of a filter of events", (post("/events/filter", {"filter": {"id": None}}),), r'/events/.*"id": null', r"status",
          statuses(422, 200)),
    Known("block types of the first start", (post("/block_types/filter", {}),), r"/block_(types|schemas)/filter", r"body\[\]",
          without_strangers),
    Known("pages of tags' limits", (post("/concurrency_limits/filter", {"limit": 1}),), r"POST /concurrency_limits/filter", r"body\[\]"),
    Known("`job_variables` of a run with an idempotency key", (post("/flow_runs/", _KEYED),), r"", r"body.*\.job_variables", _is_null),
    Known("unknown fields of a body", (post("/flows/", {"name": "probe u", "more": 1}),),
          r'"(unknown\w*|more|id|timestamp|version_info)": ', r"status", taken_by_orchd),
    Known("labels with lists or objects as values", (Step("PATCH", "/flow_runs/<run run_2>/labels", {"a": [1]}),), r"/labels", r"status",
          statuses(204, 422)),
    Known("no body where none of its fields is required", (Step("PATCH", "/flows/<flow beta>", raw=b""),), r'^(PATCH|POST) [^{\["]*$',
          r"status", taken_by_orchd),
    Known("`NaN` in a body", (post("/flows/count", raw=b'{"a": NaN}'),), r"NaN", r"status", taken_by_peer),
    Known("an empty list or object as a name", (post("/flow_runs/", {**RUN, "name": []}),), r'"name": (\[\]|{}|0|false)', r"status",
          taken_by_peer),
    Known("artifacts without a type in a graph", _DRAWN, r"graph-v2", r"body\.artifacts\[\]"),
    Known("a pause that ends by another way than RUNNING or SCHEDULED", _PAUSED, r"/flow_runs/<", r"body\.empirical_policy\.resuming"),
    Known("`POST /flow_runs/` with a deployment and no pool", (post("/flow_runs/", _RUN),), r"/flow_runs/",
          r"body\.work_(queue|pool)_(id|name)", _is_null),
    Known("`follows` of an event of readiness", (post("/events/filter", _READY),), r"/events/filter", r"body\.events\[\d+\]\.follows", _is_null),
    Known("null for a field that has a default", (post("/deployments/", {**DEPLOYED, "paused": None}),), r'": null', r"status", taken_by_orchd),
    Known("an empty name of a state", (post("/flow_runs/", {**RUN, "state": {"type": "CRASHED", "name": ""}}),), r"",
          r"body.*\.(state\.|state_)?name", lambda theirs, ours: theirs == ""),
    Known("`retry_delay_seconds` that is no whole number", (Step("PATCH", "/flow_runs/<run run_0>", _SLOW),), r"retry_delay_seconds", r"status",
          taken_by_orchd),
    Known("what a task run takes in", (post("/task_runs/", {**_TASK, "task_key": "probe", "task_inputs": {"a": [1]}}),), r"/task_runs/",
          r"status|body\.task_inputs.*", lambda theirs, ours: isinstance(theirs, str) or taken_by_orchd(theirs, ours)),
    Known("times of task runs that are given with an offset", (post("/task_runs/", {**_TASK, "task_key": "probe o", "state": _OFFSET}),),
          r"/task_runs/", r"body\.(next_scheduled|expected)_start_time", lambda theirs, ours: theirs.endswith("+02:00")),
    Known("`max_scheduled_runs` of a new deployment's schedule", (post("/deployments/", {**DEPLOYED, "name": "s", "schedules": _BOUNDED}),), r"",
          r"body\.schedules\[\d+\]\.max_scheduled_runs", _is_null),
    Known("an empty `parameter_openapi_schema`", (post("/deployments/", {**DEPLOYED, "name": "e", "parameter_openapi_schema": {}}),), r"",
          r"body\.parameter_openapi_schema(\.\w+)?", lambda theirs, ours: ours in ("<absent>", {})),
    Known("an infrastructure block that is not there", (post(_BULK, [{"infrastructure_document_id": NIL}]),), r"infrastructure_document_id",
          r"body\.results\[\d+\]\.\w+"),
    Known("numbers that a column cannot hold", (post("/variables/", {"name": "probe_n", "value": 10**20}),), r"[ \[]-?\d{10}", r"status",
          lambda theirs, ours: taken_by_peer(theirs, ours) or taken_by_orchd(theirs, ours)),
    Known("numbers and dates as times of events and log lines", (post("/events", [_EVENT]),), r'"(occurred|timestamp)": ', r"status",
          taken_by_peer),
    Known("`merge_existing_data` without data", _UNMERGED, r"/block_documents/", r"body\.data\.\w+", more),
    Known("active slots of a queue with a filter", _COUNTED, r"GET /work_queues/", r"body\.active_slots"),
    Known("the form of a 422 for two faults, or for a template of jobs", (post("/work_pools/", {"name": "probe t", "base_job_template": {"a": 1}}),),
          r'base_job_template|"limit": 201|"slots": \d{6}|retry_delay', r"body\.(detail|exception_\w+|request_body)"),
]  # fmt: skip


def known_difference(step: Step, place: str, theirs: Any, ours: Any) -> Known | None:
    """The reason for a difference, if there is one."""
    return next((each for each in KNOWN if each.covers(step, place, theirs, ours)), None)


def probes() -> list[Case]:
    """What shows each of them."""
    return [Case(f"on purpose: {each.subject}", each.probe) for each in KNOWN]


def unmet(met: dict[Known, int]) -> list[str]:
    """Those that are no difference any more."""
    return [each.subject for each in KNOWN if each not in met]
