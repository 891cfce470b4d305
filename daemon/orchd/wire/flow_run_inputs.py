"""Values that people and other runs send to a flow run."""

from typing import Annotated

from orchd.wire.base import UUID, Answer, Body, Meta, datetime

InputKey = Annotated[str, Meta(pattern="^[a-z0-9-]*$(?!\n)")]
Many = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class FlowRunInputCreate(Body, frozen=True, kw_only=True):
    """A new value under a key of the run's own."""

    key: InputKey
    value: str
    sender: str | None = None


class FlowRunInput(Answer, frozen=True, kw_only=False):
    """A value. Built from rows by position: the fields' order is that of the query's columns."""

    id: UUID
    created: datetime
    updated: datetime
    flow_run_id: UUID
    key: str
    value: str
    sender: str | None


class FlowRunInputList(Body, frozen=True, kw_only=True):
    """The oldest values whose key begins so; `limit` is 1 unless given."""

    prefix: str
    limit: Many | None = None
    exclude_keys: list[str] | None = None
