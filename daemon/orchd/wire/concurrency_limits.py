"""Limits of tags, as clients of the older API see them: each is the limit named `tag:<tag>`."""

from typing import Annotated

from orchd.wire.base import UUID, Answer, Body, Limit, Meta, Offset, datetime
from orchd.wire.v2_concurrency_limits import Count, LimitNames

Tag = Annotated[str, Meta(pattern=r"^[^/%&><]*$", max_length=590)]


class TagLimit(Answer, frozen=True):
    """The limit of a tag, and the task runs that hold its slots."""

    id: UUID
    created: datetime
    updated: datetime
    tag: str
    concurrency_limit: int
    active_slots: list[UUID]


class TagLimitCreate(Body, frozen=True):
    """A tag's limit, new or changed."""

    tag: Tag
    concurrency_limit: Count


class TagLimitList(Body, frozen=True):
    """Body of `filter`."""

    limit: Limit | None = None
    offset: Offset | None = None


class TagLimitReset(Body, frozen=True):
    """The task runs that hold the tag's slots from now on; none when left out."""

    slot_override: list[UUID] | None = None


class TagSlots(Body, frozen=True):
    """The tags of a task run, of each of which it takes, or gives back, a slot."""

    names: LimitNames
    task_run_id: UUID
