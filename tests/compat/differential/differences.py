"""Where orchd differs on purpose, as docs/compatibility.md tells it. Each one is checked to be a difference still."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.compat.differential.steps import Case, Step, at, get, post
from tests.compat.differential.world import DAY

Told = Callable[[Any, Any], bool]


@dataclass(frozen=True, eq=False)
class Known:
    """A difference by its line in the manual. `probe` shows it; `request` and `place` are patterns of where it is found."""

    subject: str
    probe: tuple[Step, ...]
    request: str
    place: str
    told: Told = lambda theirs, ours: True

    def covers(self, step: Step, place: str, theirs: Any, ours: Any) -> bool:
        """Whether it is this difference that was found."""
        if not re.search(self.request, step.text, re.DOTALL) or not re.fullmatch(self.place, place):
            return False
        return self.told(theirs, ours)


def known_difference(step: Step, place: str, theirs: Any, ours: Any) -> Known | None:
    """The reason for a difference, if there is one."""
    return next((each for each in KNOWN if each.covers(step, place, theirs, ours)), None)


def statuses(theirs: int, *ours: int) -> Told:
    """Two answers with such statuses."""
    return lambda a, b: a[0] == theirs and b[0] in ours


def _without_strangers(theirs: Any, ours: Any) -> bool:
    """Lists that are the same but for objects that no request has made."""
    mine, others = ([each for each in rows if each != "<id>"] for rows in (ours, theirs))
    return mine == others


def _more(theirs: Any, ours: Any) -> bool:
    return bool(theirs == "<absent>")


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

KNOWN = [
    Known("`any_` and `not_any_` of states together", (post("/flow_runs/count", _FILTERED),), BOTH, r"body.*|lateness.*"),
    Known("searches of texts on SQLite, old graphs, histories by weeks", (get("/flow_runs/<run run_2>/graph"),), r"", r"status",
          lambda theirs, ours: theirs[0] == 500 and ours[0] < 500),
    Known("`true` and `false` where a number belongs", (post("/flows/filter", {"limit": True}),), r": (true|false)|\[true", r"status",
          lambda theirs, ours: theirs[0] < 300 and ours[0] == 422),
    Known("a `limit` below zero", (post("/ui/flow_runs/history", {"limit": -1}),), r'"limit": -1', r"status", statuses(200, 422)),
    Known("the filter `work_queue_name` and default queues", (post("/deployments/count", _DAILY),), r"work_queue_name", r"(body|lateness).*"),
    Known("the name of a run's queue", _RENAMED, r"flow_run", r"body.*\.work_queue_name"),
    Known("pages of task runs", (post("/task_runs/paginate", {"sort": "NAME_ASC"}),), r"POST /task_runs/paginate", r"body\.results\[\d+\]\.\w+", _more),
    Known("runs that a worker or a runner is offered", (post("/work_pools/pool_1/get_scheduled_flow_runs", {}),),
          r"get_scheduled_flow_runs", r"body\[\d+\]\.flow_run\.(state|work_pool_\w+)"),
    Known("`%` and `_` in prefixes that events are filtered by", (post("/events/filter", _PREFIXED),), r"/events/.*(see_\.a|given\.%)", r"body.*"),
    Known("null for a part of a filter of events", (post("/events/filter", {"filter": {"id": None}}),), r'/events/.*"id": null', r"status", statuses(422, 200)),
    Known("block types of the first start", (post("/block_types/filter", {}),), r"/block_(types|schemas)/filter", r"body\[\]", _without_strangers),
    Known("pages of tags' limits", (post("/concurrency_limits/filter", {"limit": 1}),), r"POST /concurrency_limits/filter", r"body\[\]"),
    Known("`job_variables` of a run with an idempotency key", (post("/flow_runs/", _KEYED),), r"", r"body.*\.job_variables",
          lambda theirs, ours: theirs is None and ours == {}),
    Known("unknown fields of a body", (post("/flows/", {"name": "probe u", "more": 1}),), r'"(unknown\w*|more|id|timestamp)": ', r"status",
          lambda theirs, ours: theirs[0] == 422 and ours[0] < 300),
    Known("labels with lists or objects as values", (Step("PATCH", "/flow_runs/<run run_2>/labels", {"a": [1]}),), r"/labels", r"status",
          statuses(204, 422)),
    Known("no body where none of its fields is required", (Step("PATCH", "/flows/<flow beta>", raw=b""),), r"^PATCH [^ ]*( null)?$", r"status",
          statuses(422, 204)),
    Known("`NaN` in a body", (post("/flows/count", raw=b'{"a": NaN}'),), r"NaN", r"status", statuses(200, 422)),
    Known("an empty list or object as a name", (post("/flow_runs/", {"flow_id": "<flow beta>", "name": []}),), r'"name": (\[\]|{})', r"status",
          lambda theirs, ours: theirs[0] < 300 and ours[0] == 422),
    Known("artifacts without a type in a graph", _DRAWN, r"graph-v2", r"body\.artifacts\[\]"),
    Known("a pause that ends by another way than RUNNING or SCHEDULED", _PAUSED, r"/flow_runs/<flow", r"body\.empirical_policy\.resuming"),
    Known("`POST /flow_runs/` with a deployment and no pool", (post("/flow_runs/", _RUN),), r"/flow_runs/", r"body\.work_(queue|pool)_(id|name)",
          lambda theirs, ours: theirs is None),
    Known("`follows` of an event of readiness", (post("/events/filter", _READY),), r"/events/filter", r"body\.events\[\d+\]\.follows",
          lambda theirs, ours: theirs is None),
]  # fmt: skip


def probes() -> list[Case]:
    """What shows each of them."""
    return [Case(f"on purpose: {each.subject}", each.probe) for each in KNOWN]


def unmet(met: dict[Known, int]) -> list[str]:
    """Those that are no difference any more."""
    return [each.subject for each in KNOWN if each not in met]
