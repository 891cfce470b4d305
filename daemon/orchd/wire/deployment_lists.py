"""Lists of deployments: what is asked, and pages."""

from typing import Annotated

from orchd.wire.base import UUID, Answer, Body, Limit, Meta, Offset, PageNumber, datetime
from orchd.wire.criteria import Few, Page, QueueCriteria
from orchd.wire.deployments import Deployment, DeploymentFilter, DeploymentSort
from orchd.wire.filters import MOST


class DeploymentList(QueueCriteria, frozen=True, kw_only=True):
    sort: DeploymentSort | None = None
    limit: Limit | None = None
    offset: Offset | None = None


class DeploymentPageAsked(QueueCriteria, frozen=True, kw_only=True):
    sort: DeploymentSort | None = None
    limit: Limit | None = None
    page: PageNumber | None = None


class DeploymentPage(Page, frozen=True, kw_only=True):
    results: list[Deployment]


MOST_SCHEDULED = 10_000
FOREVER = 365_000 * 86_400  # seconds


class RunsToSchedule(Body, frozen=True, kw_only=True):
    """For which span of time the schedules make runs, past spans too, and how many each: see the scheduler's options.

    `min_time` is in seconds from `start_time`.
    """

    start_time: datetime | None = None
    end_time: datetime | None = None
    min_time: Annotated[float, Meta(ge=-FOREVER, le=FOREVER)] | None = None
    min_runs: int | None = None
    max_runs: Annotated[int, Meta(le=MOST_SCHEDULED)] | None = None


class DeploymentsToDelete(Body, frozen=True, kw_only=True):
    """Without a filter: any."""

    deployments: DeploymentFilter | None = None
    limit: Few | None = None


class DeploymentsDeleted(Answer, frozen=True, kw_only=True):
    deleted: list[UUID]


class ScheduledRunsAsked(Body, frozen=True, kw_only=True):
    """Of which deployments, and due until when; a runner asks some seconds ahead."""

    deployment_ids: Annotated[list[UUID], Meta(max_length=MOST)]
    scheduled_before: datetime | None = None
    limit: Limit | None = None
