"""Work pools: answers, creation, change, and which are meant."""

from enum import StrEnum
from typing import Annotated

from orchd.wire.base import (
    UNSET,
    UUID,
    Answer,
    Body,
    Filter,
    JsonObject,
    Limit,
    Meta,
    Offset,
    Patch,
    UnsetType,
    datetime,
)
from orchd.wire.filters import IdAny, Operated, TextAny

LARGEST = 2**31 - 1
PoolName = Annotated[str, Meta(pattern=r"^[^/%&><]+$(?!\n)", max_length=1000)]
AtMost = Annotated[int, Meta(ge=0, le=LARGEST)]
"""How many runs may be under way at once; 0: none."""


class ReadyStatus(StrEnum):
    """Whether somebody works for a pool, or polls a queue."""

    READY = "READY"
    NOT_READY = "NOT_READY"
    PAUSED = "PAUSED"


class StorageConfiguration(Filter, frozen=True, kw_only=True):
    """How code and results of runs travel: steps that clients carry out, and the block that keeps results."""

    bundle_upload_step: JsonObject | None = None
    bundle_execution_step: JsonObject | None = None
    default_result_storage_block_id: UUID | None = None


class WorkPool(Answer, frozen=True, kw_only=False):
    """A work pool. Built from rows by position: the fields' order is that of the query's columns."""

    id: UUID
    created: datetime
    updated: datetime
    name: str
    description: str | None
    type: str
    base_job_template: JsonObject
    is_paused: bool
    concurrency_limit: int | None
    status: ReadyStatus | None
    default_queue_id: UUID | None
    storage_configuration: StorageConfiguration
    active_slots: int | None
    """Runs that are pending or running; null where nothing limits them."""


class WorkPoolCreate(Body, frozen=True, kw_only=True):
    """A new work pool. A template that is not given is filled in by the first worker."""

    name: PoolName
    description: str | None = None
    type: str = "prefect-agent"
    base_job_template: JsonObject = {}
    is_paused: bool = False
    concurrency_limit: AtMost | None = None
    storage_configuration: StorageConfiguration = StorageConfiguration()


class WorkPoolUpdate(Patch, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change of a work pool. Null where the table needs a value is a conflict, as clients know it."""

    description: str | UnsetType | None = UNSET
    is_paused: bool | UnsetType | None = UNSET
    base_job_template: JsonObject | UnsetType | None = UNSET
    concurrency_limit: AtMost | UnsetType | None = UNSET
    storage_configuration: StorageConfiguration | UnsetType | None = UNSET


class WorkPoolFilter(Operated, frozen=True, kw_only=True):
    """Which work pools are meant."""

    id: IdAny | None = None
    name: TextAny | None = None
    type: TextAny | None = None


class WorkPoolCount(Body, frozen=True, kw_only=True):
    """Body of `count`."""

    work_pools: WorkPoolFilter | None = None


class WorkPoolList(WorkPoolCount, frozen=True, kw_only=True):
    """Body of `filter`."""

    limit: Limit | None = None
    offset: Offset | None = None
