"""Block types, their schemas, and the documents made from them."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Text, UniqueConstraint

from orchd.db.tables.base import object_table
from orchd.db.types import JsonDoc, JsonSet, Uuid

block_type = object_table(
    "block_type",
    Column("name", Text, nullable=False),
    Column("slug", Text, nullable=False, unique=True),
    Column("logo_url", Text),
    Column("documentation_url", Text),
    Column("description", Text),
    Column("code_example", Text),
    Column("is_protected", Boolean, nullable=False),
)

block_schema = object_table(
    "block_schema",
    Column("checksum", Text, nullable=False),
    Column("fields", JsonDoc, nullable=False),
    Column("capabilities", JsonSet, nullable=False),
    Column("version", Text, nullable=False),
    Column("block_type_id", Uuid, ForeignKey("block_type.id", ondelete="CASCADE"), nullable=False),
    UniqueConstraint("checksum", "version"),
)
Index("ix_block_schema_block_type_id", block_schema.c.block_type_id)

block_schema_reference = object_table(
    "block_schema_reference",
    Column("name", Text, nullable=False),
    Column("parent_block_schema_id", Uuid, ForeignKey("block_schema.id", ondelete="CASCADE"), nullable=False),
    Column("reference_block_schema_id", Uuid, ForeignKey("block_schema.id", ondelete="CASCADE"), nullable=False),
)
Index("ix_block_schema_reference_parent_block_schema_id", block_schema_reference.c.parent_block_schema_id)
Index("ix_block_schema_reference_reference_block_schema_id", block_schema_reference.c.reference_block_schema_id)

# `data` is one Fernet token over the JSON text of the document.
block_document = object_table(
    "block_document",
    Column("name", Text, nullable=False),
    Column("data", Text, nullable=False),
    Column("is_anonymous", Boolean, nullable=False),
    Column("block_type_id", Uuid, ForeignKey("block_type.id", ondelete="CASCADE"), nullable=False),
    Column("block_schema_id", Uuid, ForeignKey("block_schema.id", ondelete="CASCADE"), nullable=False),
    UniqueConstraint("block_type_id", "name"),
)
Index("ix_block_document_name", block_document.c.name)
Index("ix_block_document_block_schema_id", block_document.c.block_schema_id)

block_document_reference = object_table(
    "block_document_reference",
    Column("name", Text, nullable=False),
    Column("parent_block_document_id", Uuid, ForeignKey("block_document.id", ondelete="CASCADE"), nullable=False),
    Column("reference_block_document_id", Uuid, ForeignKey("block_document.id", ondelete="CASCADE"), nullable=False),
)
Index("ix_block_document_reference_parent_block_document_id", block_document_reference.c.parent_block_document_id)
Index("ix_block_document_reference_reference_block_document_id", block_document_reference.c.reference_block_document_id)
