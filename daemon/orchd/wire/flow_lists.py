"""Lists of flows: what is asked, and pages."""

from orchd.wire.base import Body, Limit, Offset, PageNumber
from orchd.wire.criteria import Few, Page, PoolCriteria
from orchd.wire.flows import Flow, FlowFilter, FlowSort


class FlowList(PoolCriteria, frozen=True, kw_only=True):
    sort: FlowSort | None = None
    limit: Limit | None = None
    offset: Offset | None = None


class FlowPageAsked(PoolCriteria, frozen=True, kw_only=True):
    sort: FlowSort | None = None
    limit: Limit | None = None
    page: PageNumber | None = None


class FlowPage(Page, frozen=True, kw_only=True):
    results: list[Flow]


class FlowsToDelete(Body, frozen=True, kw_only=True):
    """Without a filter: any."""

    flows: FlowFilter | None = None
    limit: Few | None = None
