"""Artifacts: tables, texts, links, images and progress that runs leave for people to read."""

from uuid import UUID

from orchd.api._context import Call
from orchd.api._operation import operation
from orchd.domain import artifacts
from orchd.queries import artifacts as query
from orchd.wire.artifacts import (
    Artifact,
    ArtifactCollection,
    ArtifactCreate,
    ArtifactCriteria,
    ArtifactList,
    ArtifactSort,
    ArtifactUpdate,
    CollectionCriteria,
    CollectionList,
)

PREFIX = "/artifacts"


@operation("POST", "/artifacts/", role="worker", status=201)
async def create_artifact(call: Call, body: ArtifactCreate) -> Artifact:
    """Creates an artifact."""
    return await call.db.write(artifacts.create, body, call.now)


@operation("GET", "/artifacts/{id}", role="viewer")
async def read_artifact(call: Call, id: UUID) -> Artifact:
    """The artifact with this id."""
    return await call.db.read(artifacts.read, id)


@operation("GET", "/artifacts/{key}/latest", role="viewer")
async def read_latest_artifact(call: Call, key: str) -> Artifact:
    """The newest artifact of this key."""
    return await call.db.read(artifacts.read_latest, key)


@operation("POST", "/artifacts/filter", role="viewer")
async def read_artifacts(call: Call, body: ArtifactList) -> list[Artifact]:
    """The artifacts that match."""
    limit, sort = call.limit(body.limit), body.sort or ArtifactSort.ID_DESC
    return await call.db.read(query.page, body.artifacts, body, sort, limit, body.offset or 0)


@operation("POST", "/artifacts/latest/filter", role="viewer")
async def read_latest_artifacts(call: Call, body: CollectionList) -> list[ArtifactCollection]:
    """The newest artifact of each key that matches."""
    limit, sort = call.limit(body.limit), body.sort or ArtifactSort.ID_DESC
    return await call.db.read(query.page_latest, body.artifacts, body, sort, limit, body.offset or 0)


@operation("POST", "/artifacts/count", role="viewer")
async def count_artifacts(call: Call, body: ArtifactCriteria) -> int:
    """How many artifacts match."""
    return await call.db.read(query.count, body.artifacts, body)


@operation("POST", "/artifacts/latest/count", role="viewer")
async def count_latest_artifacts(call: Call, body: CollectionCriteria) -> int:
    """How many keys match."""
    return await call.db.read(query.count_latest, body.artifacts, body)


@operation("PATCH", "/artifacts/{id}", role="worker", status=204)
async def update_artifact(call: Call, id: UUID, body: ArtifactUpdate) -> None:
    """Changes the artifact with this id."""
    await call.db.write(artifacts.update, id, body, call.now)


@operation("DELETE", "/artifacts/{id}", role="worker", status=204)
async def delete_artifact(call: Call, id: UUID) -> None:
    """Deletes the artifact with this id."""
    await call.db.write(artifacts.delete, id, call.now)
