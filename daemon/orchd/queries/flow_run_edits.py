"""What changes of a flow run, that are no transitions, read and write."""

from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import bindparam, select, update

from orchd.db import Statement, Tx
from orchd.db.tables import deployment, flow_run
from orchd.kit.jsontext import Raw


class Edited(Struct, frozen=True):
    """The run, locked; `deployment_id` is that of a deployment which still exists."""

    labels: Raw | None
    state_type: str | None
    deployment_id: UUID | None


_LOCK = Statement(
    select(flow_run.c.labels, flow_run.c.state_type, deployment.c.id)
    .select_from(flow_run.outerjoin(deployment, deployment.c.id == flow_run.c.deployment_id))
    .where(flow_run.c.id == bindparam("run"))
    .with_for_update(of=flow_run)
)


def lock(tx: Tx, id: UUID) -> Edited | None:
    """None when there is no such run."""
    row = tx.first(_LOCK, {"run": id})
    return None if row is None else Edited(*row)


def change(tx: Tx, id: UUID, values: dict[str, Any]) -> bool:
    """Writes these columns. False when there is no such run."""
    changed = update(flow_run).where(flow_run.c.id == id).values(values).returning(flow_run.c.id)
    return tx.execute(changed).first() is not None
