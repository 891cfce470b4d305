"""What a change of an artifact means for itself and for the newest of its key."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec.structs import asdict

from orchd.db import Tx, Write
from orchd.domain import events
from orchd.errors import NotFound
from orchd.kit.ids import uuid7
from orchd.kit.jsontext import Raw
from orchd.queries import artifacts as query
from orchd.wire.artifacts import NULL, Artifact, ArtifactCollection, ArtifactCreate, ArtifactUpdate, shortened
from orchd.wire.base import changes
from orchd.wire.events import EVENT_SIZE, Resource


def read(tx: Tx, id: UUID) -> Artifact:
    """The artifact. Raises NotFound."""
    return _found(query.by_id(tx, id))


def read_latest(tx: Tx, key: str) -> Artifact:
    """The newest artifact of a key. Raises NotFound."""
    return _found(query.latest(tx, key))


def create(tx: Tx, new: ArtifactCreate, now: datetime) -> Artifact:
    """A new artifact, at once the newest of its key if it has one."""
    values: dict[str, Any] = {"id": uuid7(), "created": now, "updated": now, **asdict(new)}
    values.update(data=_stored(new.data), metadata_=shortened(new.metadata_))
    told: list[Write] = []
    if new.key is not None:
        own_id = uuid7()
        latest = query.put_latest(tx, {**values, "id": own_id, "latest_id": values["id"]})
        told = _told(tx, "created" if latest.id == own_id else "updated", latest, now)
    tx.run_all([query.inserted(values), *told], last=True)
    return Artifact(**values)


def update(tx: Tx, id: UUID, patch: ArtifactUpdate, now: datetime) -> None:
    """Changes an artifact, and what is shown as the newest of its key when it is that. Raises NotFound."""
    values = {**changes(patch), "updated": now}
    if "data" in values:
        values["data"] = _stored(values["data"])
    if "metadata_" in values:
        values["metadata_"] = shortened(values["metadata_"])
    if not query.change(tx, id, values):
        raise NotFound("Artifact not found.")
    latest = query.change_latest(tx, id, values)
    if latest is not None:
        tx.run_all(_told(tx, "updated", latest, now), last=True)


def delete(tx: Tx, id: UUID, now: datetime) -> None:
    """Deletes an artifact; the next newest takes its place as the newest of its key. Raises NotFound."""
    found, key = query.remove(tx, id)
    if not found:
        raise NotFound("Artifact not found.")
    if key is None:
        return
    newest = query.newest_of(tx, key)
    if newest is None:
        action, latest = "deleted", query.remove_collection(tx, id)
    else:
        values = {**asdict(newest), "latest_id": newest.id, "updated": now}
        for own in ("id", "created", "key"):
            del values[own]
        action, latest = "updated", query.change_latest(tx, id, values)
    if latest is not None:
        tx.run_all(_told(tx, action, latest, now), last=True)


def _found(artifact: Artifact | None) -> Artifact:
    if artifact is None:
        raise NotFound("Artifact not found.")
    return artifact


def _stored(data: Raw) -> Raw | None:
    return None if bytes(data) == bytes(NULL) else data


def _told(tx: Tx, action: str, latest: ArtifactCollection, now: datetime) -> list[Write]:
    """The event of a change of a key. Data too large for an event are left out of it."""
    data = latest.data
    if data is not None and len(bytes(data)) > EVENT_SIZE:
        data = None
    payload = {"key": latest.key, "type": latest.type, "data": data, "description": latest.description}
    related: list[Resource] = [events.related("latest", "artifact", latest.latest_id)]
    if latest.flow_run_id is not None:
        related.append(events.related("flow-run", "flow-run", latest.flow_run_id))
    if latest.task_run_id is not None:
        related.append(events.related("task-run", "task-run", latest.task_run_id))
    told = events.object_changed("artifact-collection", action, latest.id, latest.key, payload, now, related)
    return events.event_writes(tx, told, now)
