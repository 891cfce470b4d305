"""Artifacts: what runs leave behind for people to read, and the newest one of each key."""

from enum import StrEnum
from typing import Annotated, Any

import msgspec

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
    Raw,
    UnsetType,
    datetime,
)
from orchd.wire.criteria import RunCriteria
from orchd.wire.filters import IdAny, Operated, TextAnyOrNot, Texts

METADATA_LENGTH = 500  # characters of a value that are kept

ArtifactKey = Annotated[str, Meta(pattern=r"^[a-z0-9-]*$(?!\n)")]
NULL = Raw(b"null")


class Artifact(Answer, frozen=True, kw_only=False):
    """An artifact. Built from rows by position: the fields' order is that of the query's columns."""

    id: UUID
    created: datetime
    updated: datetime
    key: str | None
    type: str | None
    description: str | None
    data: Any
    metadata_: dict[str, str] | None
    flow_run_id: UUID | None
    task_run_id: UUID | None


class ArtifactCollection(Answer, frozen=True, kw_only=False):
    """A key with its newest artifact. Built from rows by position."""

    id: UUID
    created: datetime
    updated: datetime
    key: str
    latest_id: UUID
    type: str | None
    description: str | None
    data: Any
    metadata_: dict[str, str] | None
    flow_run_id: UUID | None
    task_run_id: UUID | None


class ArtifactCreate(Body, frozen=True, kw_only=True):
    """A new artifact; with a key it becomes the newest of that key."""

    key: ArtifactKey | None = None
    type: str | None = None
    description: str | None = None
    data: Raw = msgspec.field(default_factory=lambda: NULL)  # a plain default would have no JSON schema
    metadata_: dict[str, str] | None = None
    flow_run_id: UUID | None = None
    task_run_id: UUID | None = None


class ArtifactUpdate(Patch, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change of an artifact: a progress bar moves by it."""

    data: Raw | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    metadata_: dict[str, str] | UnsetType | None = UNSET


def shortened(metadata: dict[str, str] | None) -> JsonObject | None:
    """Metadata with long values cut, which clients know."""
    if metadata is None:
        return None
    return {
        key: value if len(value) <= METADATA_LENGTH else value[:METADATA_LENGTH] + "..."
        for key, value in metadata.items()
    }


class ArtifactSort(StrEnum):
    """Orders of a list of artifacts or keys."""

    CREATED_DESC = "CREATED_DESC"
    UPDATED_DESC = "UPDATED_DESC"
    ID_DESC = "ID_DESC"
    KEY_DESC = "KEY_DESC"
    KEY_ASC = "KEY_ASC"


class KeyFilter(Filter, frozen=True, kw_only=True):
    """`exists_` asks whether there is a key at all."""

    any_: Texts | None = None
    like_: str | None = None
    exists_: bool | None = None


class _OfRuns(Operated, frozen=True, kw_only=True):
    key: KeyFilter | None = None
    flow_run_id: IdAny | None = None
    task_run_id: IdAny | None = None
    type: TextAnyOrNot | None = None


class ArtifactFilter(_OfRuns, frozen=True, kw_only=True):
    """Which artifacts are meant."""

    id: IdAny | None = None


class CollectionFilter(_OfRuns, frozen=True, kw_only=True):
    """Which keys are meant, by what their newest artifact is."""

    latest_id: IdAny | None = None


class ArtifactCriteria(RunCriteria, frozen=True, kw_only=True):
    """Body of `count`."""

    artifacts: ArtifactFilter | None = None


class ArtifactList(ArtifactCriteria, frozen=True, kw_only=True):
    """Body of `filter`."""

    sort: ArtifactSort | None = None
    limit: Limit | None = None
    offset: Offset | None = None


class CollectionCriteria(RunCriteria, frozen=True, kw_only=True):
    """Body of `latest/count`."""

    artifacts: CollectionFilter | None = None


class CollectionList(CollectionCriteria, frozen=True, kw_only=True):
    """Body of `latest/filter`."""

    sort: ArtifactSort | None = None
    limit: Limit | None = None
    offset: Offset | None = None
