"""Flows: answers, creation, change, and which are meant."""

from enum import StrEnum
from typing import Annotated

from orchd.wire.base import UNSET, UUID, Answer, Body, Labels, Meta, Patch, Tags, UnsetType, datetime
from orchd.wire.filters import IdAnyOrNot, Name, Operated, TagsAll

FlowName = Annotated[str, Meta(pattern="^[^/%&><]+$")]


class Flow(Answer, frozen=True, kw_only=False):
    """A flow. Built from rows by position: the fields' order is that of the query's columns."""

    id: UUID
    created: datetime
    updated: datetime
    name: str
    tags: Tags
    labels: Labels


class FlowCreate(Body, frozen=True, kw_only=True):
    """A new flow, or the one of that name."""

    name: FlowName
    tags: Tags = []
    labels: Labels | None = None


class FlowUpdate(Patch, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change of a flow: its tags are all that can be changed."""

    tags: Tags | UnsetType = UNSET


class FlowSort(StrEnum):
    """Orders of a list of flows."""

    CREATED_DESC = "CREATED_DESC"
    UPDATED_DESC = "UPDATED_DESC"
    NAME_ASC = "NAME_ASC"
    NAME_DESC = "NAME_DESC"


class HasDeployment(Operated, frozen=True, kw_only=True):
    """`is_null_` asks for flows without any deployment."""

    is_null_: bool | None = None


class FlowFilter(Operated, frozen=True, kw_only=True):
    """Which flows are meant."""

    id: IdAnyOrNot | None = None
    deployment: HasDeployment | None = None
    name: Name | None = None
    tags: TagsAll | None = None


class FlowsDeleted(Answer, frozen=True, kw_only=True):
    """The ids of the flows that were deleted."""

    deleted: list[UUID] = []
