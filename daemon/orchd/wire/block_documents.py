"""Block documents: configuration and credentials under a name, their secrets masked unless asked for."""

from enum import StrEnum
from typing import Annotated

from orchd.wire.base import UNSET, UUID, Answer, Body, JsonObject, Limit, Meta, Offset, Patch, UnsetType, datetime
from orchd.wire.block_filters import BlockDocumentFilter, BlockSchemaFilter, BlockTypeFilter
from orchd.wire.block_schemas import BlockSchema
from orchd.wire.block_types import BlockType

MASK = "********"
"""Stands for a secret, whatever its type and length."""

DocumentName = Annotated[str, Meta(pattern=r"^[a-z0-9-]*$(?!\n)")]


class BlockDocument(Answer, frozen=True, kw_only=True):
    """A document as it is answered: the data of the documents that it refers to are in its own."""

    id: UUID
    created: datetime
    updated: datetime
    name: str
    data: JsonObject
    block_schema_id: UUID
    block_schema: BlockSchema
    block_type_id: UUID
    block_type_name: str
    block_type: BlockType
    block_document_references: JsonObject
    is_anonymous: bool


class BlockDocumentCreate(Body, frozen=True, kw_only=True):
    """A new document. One without a name is anonymous."""

    name: DocumentName | None = None
    data: JsonObject = {}
    block_schema_id: UUID
    block_type_id: UUID
    is_anonymous: bool = False

    def __post_init__(self) -> None:
        if not self.name and not self.is_anonymous:
            raise ValueError("A block document that is not anonymous needs a name")


class BlockDocumentUpdate(Patch, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change of a document's data, and with them perhaps of its schema."""

    block_schema_id: UUID | UnsetType | None = UNSET
    data: JsonObject | UnsetType = UNSET
    merge_existing_data: bool = True


class BlockDocumentSort(StrEnum):
    """Orders of a list of documents."""

    NAME_ASC = "NAME_ASC"
    NAME_DESC = "NAME_DESC"
    BLOCK_TYPE_AND_NAME_ASC = "BLOCK_TYPE_AND_NAME_ASC"


class BlockDocumentCriteria(Body, frozen=True, kw_only=True):
    """Body of `count`."""

    block_documents: BlockDocumentFilter | None = None
    block_types: BlockTypeFilter | None = None
    block_schemas: BlockSchemaFilter | None = None


class BlockDocumentList(BlockDocumentCriteria, frozen=True, kw_only=True):
    """Body of `filter`."""

    include_secrets: bool | None = None
    sort: BlockDocumentSort | None = None
    limit: Limit | None = None
    offset: Offset | None = None


class ResultStorage(Answer, frozen=True, kw_only=True):
    """The document with which flows store results unless they choose another."""

    default_result_storage_block_id: UUID | None


class ResultStorageUpdate(Body, frozen=True, kw_only=True):
    """The document to store results with."""

    default_result_storage_block_id: UUID
