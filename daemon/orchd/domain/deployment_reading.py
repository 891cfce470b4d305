"""Deployments as they are answered: with their schedules and the limit that counts their runs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from orchd.db import Tx
from orchd.domain.concurrency_limits import in_use
from orchd.errors import NotFound
from orchd.queries import deployment_schedules
from orchd.queries import deployments as query
from orchd.queries._filters import Condition
from orchd.queries.deployments import DeploymentRow
from orchd.wire.deployments import Deployment, DeploymentSort
from orchd.wire.schedules import DeploymentSchedule

MISSING = "Deployment not found"


def read(tx: Tx, id: UUID, now: datetime) -> Deployment:
    """Raises NotFound."""
    return answers(tx, [found(query.by_id(tx, id))], now)[0]


def read_by_name(tx: Tx, flow_name: str, deployment_name: str, now: datetime) -> Deployment:
    """Raises NotFound."""
    return answers(tx, [found(query.by_name(tx, flow_name, deployment_name))], now)[0]


def listed(
    tx: Tx, meant: Condition, now: datetime, *, sort: DeploymentSort, limit: int, offset: int
) -> list[Deployment]:
    """The deployments that are meant, in order."""
    return answers(tx, query.listed(tx, meant, sort=sort, limit=limit, offset=offset), now)


def page(
    tx: Tx, meant: Condition, now: datetime, *, sort: DeploymentSort, limit: int, page: int
) -> tuple[list[Deployment], int]:
    """A numbered page, the first being 1, and how many there are on all pages."""
    return listed(tx, meant, now, sort=sort, limit=limit, offset=(page - 1) * limit), query.count(tx, meant)


def answers(tx: Tx, rows: Sequence[DeploymentRow], now: datetime) -> list[Deployment]:
    """What is answered for these rows."""
    schedules = deployment_schedules.of_deployments(tx, [row.id for row in rows])
    return [_answer(row, schedules[row.id], now) for row in rows]


def _answer(row: DeploymentRow, schedules: list[DeploymentSchedule], now: datetime) -> Deployment:
    values: dict[str, Any] = {name: getattr(row, name) for name in Deployment.__struct_fields__ if hasattr(row, name)}
    limit = None if row.limit is None else in_use(row.limit, now)
    return Deployment(**values, schedules=schedules, concurrency_limit=None, global_concurrency_limit=limit)


def found(row: DeploymentRow | None) -> DeploymentRow:
    """The row. Raises NotFound when there is none."""
    if row is None:
        raise NotFound(MISSING)
    return row
