"""Questions about artifacts and the newest of each key."""

from typing import Any
from uuid import UUID

from sqlalchemy import Table, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert  # its ON CONFLICT is written the same way for SQLite

from orchd.db import Statement, Tx, Write
from orchd.db.tables import artifact, artifact_collection, deployment, flow, flow_run, task_run
from orchd.queries import _filters as filters
from orchd.queries._filters import Condition, refers, together
from orchd.queries._filters_nouns import of_deployment, of_flow, of_flow_run, of_task_run
from orchd.wire.artifacts import (
    Artifact,
    ArtifactCollection,
    ArtifactFilter,
    ArtifactSort,
    CollectionFilter,
    KeyFilter,
)
from orchd.wire.criteria import RunCriteria
from orchd.wire.flow_runs import FlowRunFilter

_COLUMNS = [artifact.c[name] for name in Artifact.__struct_fields__]
_NEWEST_COLUMNS = [artifact_collection.c[name] for name in ArtifactCollection.__struct_fields__]
_OF_LATEST = ("latest_id", "type", "description", "data", "metadata_", "flow_run_id", "task_run_id", "updated")

_BY_ID = Statement(select(*_COLUMNS).where(artifact.c.id == bindparam("id")))
_LATEST = Statement(
    select(*(artifact_collection.c[name] for name in Artifact.__struct_fields__)).where(
        artifact_collection.c.key == bindparam("key")
    )
)
_INSERT = Statement(insert(artifact))
_put = upsert(artifact_collection).values({c: bindparam(c.key, type_=c.type) for c in artifact_collection.c})
_PUT = Statement(
    _put.on_conflict_do_update(
        index_elements=["key"], set_={name: _put.excluded[name] for name in _OF_LATEST}
    ).returning(*_NEWEST_COLUMNS)
)
_DELETE = Statement(delete(artifact).where(artifact.c.id == bindparam("id")).returning(artifact.c.key))
_NEWEST_OF_KEY = Statement(
    select(*_COLUMNS)
    .where(artifact.c.key == bindparam("key"))
    .order_by(artifact.c.created.desc(), artifact.c.id.desc())
    .limit(1)
)
_DELETE_KEY = Statement(
    delete(artifact_collection).where(artifact_collection.c.latest_id == bindparam("id")).returning(*_NEWEST_COLUMNS)
)


def by_id(tx: Tx, id: UUID) -> Artifact | None:
    """The artifact; None when there is none."""
    row = tx.first(_BY_ID, {"id": id})
    return None if row is None else Artifact(*row)


def latest(tx: Tx, key: str) -> Artifact | None:
    """The newest artifact of a key under the id of the key's collection, as clients know it; None without one."""
    row = tx.first(_LATEST, {"key": key})
    return None if row is None else Artifact(*row)


def inserted(values: dict[str, Any]) -> Write:
    """A new artifact."""
    return Write(_INSERT, values)


def put_latest(tx: Tx, values: dict[str, Any]) -> ArtifactCollection:
    """Makes an artifact the newest of its key. The collection has the id in `values` when the key was unknown."""
    row = tx.first(_PUT, values)
    assert row is not None
    return ArtifactCollection(*row)


def change(tx: Tx, id: UUID, values: dict[str, Any]) -> bool:
    """Writes these columns of an artifact. False when there is none."""
    return tx.execute(update(artifact).where(artifact.c.id == id).values(values)).rowcount == 1


def change_latest(tx: Tx, artifact_id: UUID, values: dict[str, Any]) -> ArtifactCollection | None:
    """Writes these columns of the collection whose newest artifact this is; None when it is none's newest."""
    changed = update(artifact_collection).where(artifact_collection.c.latest_id == artifact_id).values(values)
    row: Any = tx.execute(changed.returning(*_NEWEST_COLUMNS)).first()
    return None if row is None else ArtifactCollection(*row)


def remove(tx: Tx, id: UUID) -> tuple[bool, str | None]:
    """Deletes an artifact: whether there was one, and its key."""
    row = tx.first(_DELETE, {"id": id})
    return (False, None) if row is None else (True, row[0])


def remove_collection(tx: Tx, artifact_id: UUID) -> ArtifactCollection | None:
    """Deletes the collection whose newest artifact this was; None when it was none's newest."""
    row = tx.first(_DELETE_KEY, {"id": artifact_id})
    return None if row is None else ArtifactCollection(*row)


def newest_of(tx: Tx, key: str) -> Artifact | None:
    """The newest artifact of a key among those that are kept."""
    row = tx.first(_NEWEST_OF_KEY, {"key": key})
    return None if row is None else Artifact(*row)


def page(
    tx: Tx, asked: ArtifactFilter | None, runs: RunCriteria, sort: ArtifactSort, limit: int, offset: int
) -> list[Artifact]:
    """The artifacts that match, in order."""
    meant = select(*_COLUMNS).where(_artifacts_meant(asked, runs))
    rows: Any = tx.execute(meant.order_by(*_order(artifact, sort)).limit(limit).offset(offset))
    return [Artifact(*row) for row in rows]


def page_latest(
    tx: Tx, asked: CollectionFilter | None, runs: RunCriteria, sort: ArtifactSort, limit: int, offset: int
) -> list[ArtifactCollection]:
    """The keys that match, in order."""
    meant = select(*_NEWEST_COLUMNS).where(_collections_meant(asked, runs))
    rows: Any = tx.execute(meant.order_by(*_order(artifact_collection, sort)).limit(limit).offset(offset))
    return [ArtifactCollection(*row) for row in rows]


def count(tx: Tx, asked: ArtifactFilter | None, runs: RunCriteria) -> int:
    """How many artifacts match."""
    found = select(func.count()).select_from(artifact).where(_artifacts_meant(asked, runs))
    return int(tx.execute(found).scalar_one())


def count_latest(tx: Tx, asked: CollectionFilter | None, runs: RunCriteria) -> int:
    """How many keys match."""
    found = select(func.count()).select_from(artifact_collection).where(_collections_meant(asked, runs))
    return int(tx.execute(found).scalar_one())


def _order(table: Table, sort: ArtifactSort) -> list[Any]:
    name, _, direction = sort.value.lower().rpartition("_")
    keys = [table.c[name]] if name == "id" else [table.c[name], table.c.id]
    return [key.asc() if direction == "asc" else key.desc() for key in keys]


def _artifacts_meant(asked: ArtifactFilter | None, runs: RunCriteria) -> Condition:
    own = None if asked is None else _own(artifact, asked, filters.only_among(artifact.c.id, asked.id))
    return together(own, *_of_runs(artifact, runs))


def _collections_meant(asked: CollectionFilter | None, runs: RunCriteria) -> Condition:
    table = artifact_collection
    own = None if asked is None else _own(table, asked, filters.only_among(table.c.latest_id, asked.latest_id))
    return together(own, *_of_runs(table, runs))


def _own(table: Table, asked: ArtifactFilter | CollectionFilter, by_id: Condition | None) -> Condition:
    return filters.joined(
        asked.operator,
        [
            by_id,
            _of_key(table, asked.key),
            filters.only_among(table.c.flow_run_id, asked.flow_run_id),
            filters.only_among(table.c.task_run_id, asked.task_run_id),
            filters.among_or_not(table.c.type, asked.type),
        ],
    )


def _of_key(table: Table, asked: KeyFilter | None) -> Condition | None:
    if asked is None:
        return None
    missing = None if asked.exists_ is None else not asked.exists_
    return together(
        filters.among(table.c.key, asked.any_),
        filters.like(table.c.key, asked.like_),
        filters.null(table.c.key, missing),
    )


def _of_runs(table: Table, asked: RunCriteria) -> list[Condition | None]:
    """What its flow run and its task run have to be."""
    tasks, runs = asked.task_runs, asked.flow_runs
    of_task = None if tasks is None else refers(table.c.task_run_id, task_run.c.id, tasks, of_task_run(tasks))
    if runs is None and asked.flows is None and asked.deployments is None:
        return [of_task]
    condition = together(
        None if runs is None else of_flow_run(runs),
        None if asked.flows is None else refers(flow_run.c.flow_id, flow.c.id, asked.flows, of_flow(asked.flows)),
        None
        if asked.deployments is None
        else refers(flow_run.c.deployment_id, deployment.c.id, asked.deployments, of_deployment(asked.deployments)),
    )
    return [of_task, refers(table.c.flow_run_id, flow_run.c.id, runs or FlowRunFilter(), condition)]
