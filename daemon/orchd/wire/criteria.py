"""The keys by which lists of runs, flows and deployments are narrowed: a filter for each noun, all of which must hold.

A filter of another noun asks whether a related object matches; an empty one still asks that there is one.
"""

from typing import Annotated, Any

from orchd.wire.base import Answer, Body, Meta
from orchd.wire.deployments import DeploymentFilter
from orchd.wire.flow_runs import FlowRunFilter
from orchd.wire.flows import FlowFilter
from orchd.wire.task_runs import TaskRunFilter
from orchd.wire.work_pools import WorkPoolFilter
from orchd.wire.work_queues import WorkQueueFilter

MOST_AT_ONCE = 50
Few = Annotated[int, Meta(ge=1, le=MOST_AT_ONCE)]
"""How many objects a bulk operation may touch."""


class RunCriteria(Body, frozen=True, kw_only=True):
    flows: FlowFilter | None = None
    flow_runs: FlowRunFilter | None = None
    task_runs: TaskRunFilter | None = None
    deployments: DeploymentFilter | None = None


class PoolCriteria(RunCriteria, frozen=True, kw_only=True):
    work_pools: WorkPoolFilter | None = None


class QueueCriteria(PoolCriteria, frozen=True, kw_only=True):
    work_pool_queues: WorkQueueFilter | None = None


class Page(Answer, frozen=True, kw_only=True):
    """What every numbered page says about itself; its rows are in `results`."""

    count: int
    limit: int
    pages: int
    page: int


def page_numbers(count: int, limit: int, page: int) -> dict[str, Any]:
    """The fields of `Page`."""
    return {"count": count, "limit": limit, "pages": -(-count // limit) if limit else 0, "page": page}
