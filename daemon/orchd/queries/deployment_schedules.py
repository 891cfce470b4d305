"""Questions about the schedules of deployments."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select, update

from orchd.db import Statement, Tx
from orchd.db.tables import deployment_schedule as table
from orchd.wire.schedules import DeploymentSchedule

_COLUMNS = [table.c[name] for name in DeploymentSchedule.__struct_fields__]
_NEWEST_FIRST = select(*_COLUMNS).order_by(table.c.updated.desc(), table.c.id.desc())
_OF_ONE = Statement(_NEWEST_FIRST.where(table.c.deployment_id == bindparam("deployment_id")))
_INSERT = Statement(insert(table))


def of_deployment(tx: Tx, id: UUID) -> list[DeploymentSchedule]:
    """A deployment's schedules, the one changed last first."""
    return [DeploymentSchedule(*row) for row in tx.fetch(_OF_ONE, {"deployment_id": id})]


def of_deployments(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, list[DeploymentSchedule]]:
    """The schedules of each of these deployments."""
    found: dict[UUID, list[DeploymentSchedule]] = {id: [] for id in ids}
    rows: Any = tx.execute(_NEWEST_FIRST.where(table.c.deployment_id.in_(ids))) if ids else ()
    for row in rows:
        each = DeploymentSchedule(*row)
        found[each.deployment_id].append(each)
    return found


def insert_all(tx: Tx, rows: Sequence[dict[str, Any]]) -> None:
    """New schedules. Raises Conflict when a deployment has one of the same slug."""
    if rows:
        tx.run_many(_INSERT, rows)


def change(tx: Tx, deployment_id: UUID, id: UUID, values: dict[str, Any]) -> bool:
    """Writes these columns. False when the deployment has no such schedule; raises Conflict for a slug of another's."""
    meant = (table.c.id == id) & (table.c.deployment_id == deployment_id)
    return tx.execute(update(table).where(meant).values(values).returning(table.c.id)).first() is not None


def clear_slugs(tx: Tx, ids: Sequence[UUID]) -> None:
    """Takes the slugs of schedules away, so that they can be given anew in any order."""
    tx.execute(update(table).where(table.c.id.in_(ids)).values(slug=None))


def remove(tx: Tx, deployment_id: UUID, id: UUID) -> bool:
    """Deletes a schedule. False when the deployment has no such one."""
    meant = (table.c.id == id) & (table.c.deployment_id == deployment_id)
    return tx.execute(delete(table).where(meant).returning(table.c.id)).first() is not None


def remove_all(tx: Tx, deployment_id: UUID) -> None:
    """Deletes a deployment's schedules."""
    tx.execute(delete(table).where(table.c.deployment_id == deployment_id))
