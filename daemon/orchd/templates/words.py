"""Filters of orchd's own: JSON, ids, links and numbers in words."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

import humanize
import msgspec
from jinja2 import Undefined, pass_context
from jinja2.runtime import Context

UI = "ui, base"
"""Where the context of a rendering has the address of the pages."""

_FLOW_RUN = re.compile(r"flow-run[/.]([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})")
_SAFE = {ord(each): f"\\u{ord(each):04x}" for each in "<>&'"}
_KINDS = {
    "Automation": ("automation", "automations/automation"),
    "BlockDocument": ("block-document", "blocks/block"),
    "ConcurrencyLimit": ("concurrency-limit", "concurrency-limits/concurrency-limit"),
    "Deployment": ("deployment", "deployments/deployment"),
    "Flow": ("flow", "flows/flow"),
    "FlowRun": ("flow-run", "runs/flow-run"),
    "GlobalConcurrencyLimit": ("concurrency-limit", "concurrency-limits/concurrency-limit"),
    "TaskRun": ("task-run", "runs/task-run"),
    "WorkPool": ("work-pool", "work-pools/work-pool"),
    "WorkQueue": ("work-queue", "work-queues/work-queue"),
}


def kind(value: Any) -> tuple[str, str] | None:
    """The kind of resource that an object is, and the folder of its page. A refinement of a struct is of its kind."""
    names = (each.__name__ for each in type(value).__mro__)
    return next((_KINDS[name] for name in names if name in _KINDS), None)


def to_json(value: Any, indent: int | None = None) -> str:
    """JSON of plain values, structs, ids and times; what is missing is null. Safe within HTML, as Jinja's own is."""
    plain = msgspec.to_builtins(value, enc_hook=_plain, str_keys=True)
    return json.dumps(plain, indent=indent, sort_keys=True).translate(_SAFE)


def _plain(value: Any) -> Any:
    if isinstance(value, Undefined):
        return None
    if isinstance(value, Mapping):
        return dict(value)
    raise NotImplementedError(f"{type(value).__name__} cannot be written as JSON")


def flow_run_id(value: Any) -> str | None:
    """The id in the address or the resource id of a flow run."""
    found = _FLOW_RUN.search(value) if isinstance(value, str) else None
    return found[1] if found else None


@pass_context
def ui_url(context: Context, value: Any) -> str | None:
    """The page that shows an object."""
    if isinstance(when := getattr(value, "occurred", None), datetime):
        return f"{context.get(UI)}/events/event/{when:%Y-%m-%d}/{value.id}"
    if (known := kind(value)) is None:
        return None
    name, folder = known
    return f"{context.get(UI)}/{folder}/{quote(str(value.name if name == 'work-pool' else value.id), safe='')}"


@pass_context
def ui_resource_events_url(context: Context, value: Any) -> str | None:
    """The page with the events of an object, or of a resource."""
    known = kind(value)
    resource = f"prefect.{known[0]}.{value.id}" if known else getattr(value, "id", None)
    return f"{context.get(UI)}/events?resource={quote(resource, safe='')}" if isinstance(resource, str) else None


IN_WORDS: Mapping[str, Callable[..., Any]] = {
    f"humanize_{each.__name__}": each
    for each in (
        humanize.apnumber,
        humanize.clamp,
        humanize.fractional,
        humanize.intcomma,
        humanize.intword,
        humanize.metric,
        humanize.naturaldate,
        humanize.naturalday,
        humanize.naturaldelta,
        humanize.naturalsize,
        humanize.naturaltime,
        humanize.ordinal,
        humanize.precisedelta,
        humanize.scientific,
    )
}
OWN: Mapping[str, Callable[..., Any]] = {
    "tojson": to_json,
    "flow_run_id": flow_run_id,
    "ui_url": ui_url,
    "ui_resource_events_url": ui_resource_events_url,
    "humanize_abs_timedelta": abs,
}
