"""What is told of deployments."""

from datetime import datetime
from typing import Any

from orchd.db import Tx
from orchd.domain import events
from orchd.kit.jsontext import Raw, decode
from orchd.queries.deployments import DeploymentRow
from orchd.wire.events import Event, Resource

COMPARED = (
    "description",
    "version",
    "tags",
    "labels",
    "paused",
    "path",
    "entrypoint",
    "parameters",
    "parameter_openapi_schema",
    "enforce_parameter_schema",
    "job_variables",
    "pull_steps",
    "work_queue_id",
    "concurrency_limit_id",
    "concurrency_options",
    "storage_document_id",
    "infrastructure_document_id",
)


def tell(tx: Tx, action: str, row: DeploymentRow, now: datetime, *, last: bool = True) -> None:
    """Tells that a deployment was created, deleted, or is ready."""
    events.emit(tx, _event(action, row, {}, now), now, last=last)


def tell_changes(tx: Tx, before: DeploymentRow, after: DeploymentRow, now: datetime) -> None:
    """Tells what is another than before; nothing when that is nothing."""
    updates = {}
    for name in COMPARED:
        old, new = _plain(getattr(before, name)), _plain(getattr(after, name))
        if old != new:
            updates[name] = {"from": old, "to": new}
    if updates:
        payload = {"updated_fields": list(updates), "updates": updates}
        events.emit(tx, _event("updated", after, payload, now), now, last=True)


def _event(action: str, row: DeploymentRow, payload: dict[str, Any], now: datetime) -> Event:
    return events.object_changed("deployment", action, row.id, row.name, payload, now, _related(row))


def _related(row: DeploymentRow) -> list[Resource]:
    found = [events.related("flow", "flow", row.flow_id, row.flow_name)]
    if row.work_queue_id is not None:
        found.append(events.related("work-queue", "work-queue", row.work_queue_id, row.work_queue_name))
    if row.work_pool_id is not None:
        pool = events.related("work-pool", "work-pool", row.work_pool_id, row.work_pool_name)
        found.append(pool | {"prefect.work-pool.type": row.work_pool_type or ""})
    if row.storage_document_id is not None:
        found.append(events.related("storage", "block-document", row.storage_document_id))
    if row.infrastructure_document_id is not None:
        found.append(events.related("infrastructure", "block-document", row.infrastructure_document_id))
    if row.concurrency_limit_id is not None:
        found.append(events.related("concurrency-limit", "concurrency-limit", row.concurrency_limit_id))
    return found


def _plain(value: Any) -> Any:
    return decode(value) if isinstance(value, Raw) else value
