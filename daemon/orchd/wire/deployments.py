"""Deployments: which are meant."""

from orchd.wire.base import Filter
from orchd.wire.filters import IdAnyOrNot, Name, Operated, TagsAllOrAny, TextAny


class FlowOrDeploymentName(Filter, frozen=True, kw_only=True):
    """Part of the deployment's or of its flow's name; see `filters.Name`."""

    like_: str | None = None


class Paused(Filter, frozen=True, kw_only=True):
    eq_: bool | None = None


class ConcurrencyLimitBounds(Filter, frozen=True, kw_only=True):
    """Taken for the sake of older clients, and asks nothing."""

    ge_: int | None = None
    le_: int | None = None
    is_null_: bool | None = None


class DeploymentFilter(Operated, frozen=True, kw_only=True):
    """Which deployments are meant."""

    id: IdAnyOrNot | None = None
    name: Name | None = None
    flow_or_deployment_name: FlowOrDeploymentName | None = None
    paused: Paused | None = None
    tags: TagsAllOrAny | None = None
    work_queue_name: TextAny | None = None
    concurrency_limit: ConcurrencyLimitBounds | None = None
