"""Block types, their schemas, and block documents. Going down drops every block, the secrets in them included."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision, down_revision = "0011", "0010"

UUID = sa.LargeBinary(16).with_variant(postgresql.UUID(), "postgresql")
TIME = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")  # microseconds in SQLite
JSON = sa.Text().with_variant(postgresql.JSON(), "postgresql")
JSONB = sa.Text().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "block_type",
        sa.Column("id", UUID, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("updated", TIME, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("logo_url", sa.Text()),
        sa.Column("documentation_url", sa.Text()),
        sa.Column("description", sa.Text()),
        sa.Column("code_example", sa.Text()),
        sa.Column("is_protected", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_block_type"),
        sa.UniqueConstraint("slug", name="uq_block_type_slug"),
    )
    op.create_table(
        "block_schema",
        sa.Column("id", UUID, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("updated", TIME, nullable=False),
        sa.Column("checksum", sa.Text(), nullable=False),
        sa.Column("fields", JSON, nullable=False),
        sa.Column("capabilities", JSONB, nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("block_type_id", UUID, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_block_schema"),
        sa.UniqueConstraint("checksum", "version", name="uq_block_schema_checksum_version"),
        sa.ForeignKeyConstraint(
            ["block_type_id"], ["block_type.id"], name="fk_block_schema_block_type_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_block_schema_block_type_id", "block_schema", ["block_type_id"])
    op.create_table(
        "block_schema_reference",
        sa.Column("id", UUID, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("updated", TIME, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent_block_schema_id", UUID, nullable=False),
        sa.Column("reference_block_schema_id", UUID, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_block_schema_reference"),
        sa.ForeignKeyConstraint(
            ["parent_block_schema_id"],
            ["block_schema.id"],
            name="fk_block_schema_reference_parent_block_schema_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["reference_block_schema_id"],
            ["block_schema.id"],
            name="fk_block_schema_reference_reference_block_schema_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_block_schema_reference_parent_block_schema_id", "block_schema_reference", ["parent_block_schema_id"]
    )
    op.create_index(
        "ix_block_schema_reference_reference_block_schema_id", "block_schema_reference", ["reference_block_schema_id"]
    )
    op.create_table(
        "block_document",
        sa.Column("id", UUID, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("updated", TIME, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("is_anonymous", sa.Boolean(), nullable=False),
        sa.Column("block_type_id", UUID, nullable=False),
        sa.Column("block_schema_id", UUID, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_block_document"),
        sa.UniqueConstraint("block_type_id", "name", name="uq_block_document_block_type_id_name"),
        sa.ForeignKeyConstraint(
            ["block_type_id"], ["block_type.id"], name="fk_block_document_block_type_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["block_schema_id"], ["block_schema.id"], name="fk_block_document_block_schema_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_block_document_block_schema_id", "block_document", ["block_schema_id"])
    op.create_index("ix_block_document_name", "block_document", ["name"])
    op.create_table(
        "block_document_reference",
        sa.Column("id", UUID, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("updated", TIME, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent_block_document_id", UUID, nullable=False),
        sa.Column("reference_block_document_id", UUID, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_block_document_reference"),
        sa.ForeignKeyConstraint(
            ["parent_block_document_id"],
            ["block_document.id"],
            name="fk_block_document_reference_parent_block_document_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["reference_block_document_id"],
            ["block_document.id"],
            name="fk_block_document_reference_reference_block_document_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_block_document_reference_parent_block_document_id", "block_document_reference", ["parent_block_document_id"]
    )
    op.create_index(
        "ix_block_document_reference_reference_block_document_id",
        "block_document_reference",
        ["reference_block_document_id"],
    )


def downgrade() -> None:
    op.drop_table("block_document_reference")
    op.drop_table("block_document")
    op.drop_table("block_schema_reference")
    op.drop_table("block_schema")
    op.drop_table("block_type")
