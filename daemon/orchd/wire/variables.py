"""Variables: answers, creation, change, and which are meant."""

from enum import StrEnum
from typing import Annotated

from orchd.wire.base import UNSET, UUID, Answer, Body, Limit, Meta, Offset, Patch, Raw, Tags, UnsetType, datetime
from orchd.wire.filters import IdAny, Name, Operated, TagsAll

VALUE_LENGTH = 5000  # characters of JSON text

VariableName = Annotated[str, Meta(pattern=r"^[a-z0-9_-]*$(?!\n)", max_length=255)]


class Variable(Answer, frozen=True, kw_only=False):
    """A variable. Built from rows by position: the fields' order is that of the query's columns."""

    id: UUID
    created: datetime
    updated: datetime
    name: str
    value: Raw
    tags: Tags


def _bounded(value: Raw | UnsetType) -> None:
    if value is not UNSET and len(bytes(value).decode()) > VALUE_LENGTH:
        raise ValueError(f"The value is longer than {VALUE_LENGTH} characters of JSON")


class VariableCreate(Body, frozen=True, kw_only=True):
    """A new variable."""

    name: VariableName
    value: Raw
    tags: Tags = []

    def __post_init__(self) -> None:
        _bounded(self.value)


class VariableUpdate(Patch, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change of a variable. A null name or null tags break a rule of the table: a conflict, as clients know it."""

    name: VariableName | UnsetType | None = UNSET
    value: Raw | UnsetType = UNSET
    tags: Tags | UnsetType | None = UNSET

    def __post_init__(self) -> None:
        _bounded(self.value)


class VariableSort(StrEnum):
    """Orders of a list of variables."""

    CREATED_DESC = "CREATED_DESC"
    UPDATED_DESC = "UPDATED_DESC"
    NAME_ASC = "NAME_ASC"
    NAME_DESC = "NAME_DESC"


class VariableFilter(Operated, frozen=True, kw_only=True):
    """Which variables are meant."""

    id: IdAny | None = None
    name: Name | None = None
    tags: TagsAll | None = None


class VariableCount(Body, frozen=True, kw_only=True):
    """Body of `count`."""

    variables: VariableFilter | None = None


class VariableList(VariableCount, frozen=True, kw_only=True):
    """Body of `filter`."""

    sort: VariableSort | None = None
    limit: Limit | None = None
    offset: Offset | None = None
