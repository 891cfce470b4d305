"""Block types: what kinds of block there are."""

from typing import Annotated

from orchd.wire.base import UNSET, UUID, Answer, Body, Limit, Meta, Offset, Patch, UnsetType, datetime
from orchd.wire.block_filters import BlockSchemaFilter, BlockTypeFilter

PROTECTED = frozenset({"secret", "webhook", "local-file-system"})
"""Slugs of the types that belong to every server and cannot be deleted."""

Slug = Annotated[str, Meta(pattern=r"^[a-z0-9-]*$(?!\n)")]
TypeName = Annotated[str, Meta(pattern="^[^/%&><]+$")]


class BlockType(Answer, frozen=True, kw_only=False):
    """A block type. Built from rows by position: the fields' order is that of the query's columns."""

    id: UUID
    created: datetime
    updated: datetime
    name: str
    slug: str
    logo_url: str | None
    documentation_url: str | None
    description: str | None
    code_example: str | None
    is_protected: bool


class BlockTypeCreate(Body, frozen=True, kw_only=True):
    """A new block type."""

    name: TypeName
    slug: Slug
    logo_url: str | None = None
    documentation_url: str | None = None
    description: str | None = None
    code_example: str | None = None


class BlockTypeUpdate(Patch, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change of what is shown of a type; its name and slug stay."""

    logo_url: str | UnsetType | None = UNSET
    documentation_url: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    code_example: str | UnsetType | None = UNSET


class BlockTypeList(Body, frozen=True, kw_only=True):
    """Body of `filter`."""

    block_types: BlockTypeFilter | None = None
    block_schemas: BlockSchemaFilter | None = None
    limit: Limit | None = None
    offset: Offset | None = None
