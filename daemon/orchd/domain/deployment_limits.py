"""How many runs of a deployment may be under way at once: a limit of its own, or one that it shares."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import UNSET

from orchd.db import Tx
from orchd.db.transaction import Retry
from orchd.domain import concurrency_limits, leases
from orchd.errors import NotFound
from orchd.queries import concurrency_limits as query
from orchd.wire.deployments import DeploymentFields
from orchd.wire.v2_concurrency_limits import LimitCreate


def linked(tx: Tx, deployment_id: UUID, present: UUID | None, asked: DeploymentFields, now: datetime) -> dict[str, Any]:
    """The column that says which limit a deployment has from now on. Raises NotFound for an unknown one."""
    wanted = asked.concurrency_limit
    if isinstance(wanted, int):
        return {"concurrency_limit_id": _own(tx, deployment_id, present, wanted, now)}
    shared = asked.global_concurrency_limit_id
    if isinstance(shared, UUID):
        if query.by_id(tx, shared) is None:
            raise NotFound("Concurrency limit not found")
        return {"concurrency_limit_id": shared}
    if wanted is UNSET and shared is UNSET:
        return {}
    return {"concurrency_limit_id": None}


def drop_own(tx: Tx, deployment_id: UUID, limit_id: UUID | None) -> None:
    """Deletes the limit that was made for a deployment; one that others may use stays."""
    if limit_id is None:
        return
    row = query.by_id(tx, limit_id)
    if row is not None and row.name == _name(deployment_id):
        query.remove(tx, limit_id)


def _own(tx: Tx, deployment_id: UUID, present: UUID | None, wanted: int, now: datetime) -> UUID:
    """The linked limit, or else one of the deployment's own, at the wanted height."""
    row = query.lock(tx, present) if present else query.lock_by_name(tx, _name(deployment_id))
    if row is None:
        row = concurrency_limits.fresh(LimitCreate(name=_name(deployment_id), limit=wanted), now)
        if not query.insert_new(tx, row):
            raise Retry
        return row.id
    if row.limit != wanted:
        settled = leases.decayed(row, now)
        counts = {name: getattr(settled, name) for name in ("active_slots", "denied_slots")}
        query.change(tx, row.id, {**counts, "decayed_at": now, "limit": wanted, "updated": now})
    return row.id


def _name(deployment_id: UUID) -> str:
    return f"deployment:{deployment_id}"
