"""Artifacts, and the newest one of each key. Going down drops every artifact."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision, down_revision = "0008", "0007"

UUID = sa.LargeBinary(16).with_variant(postgresql.UUID(), "postgresql")
TIME = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")  # microseconds in SQLite
JSON = sa.Text().with_variant(postgresql.JSON(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "artifact",
        sa.Column("id", UUID, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("updated", TIME, nullable=False),
        sa.Column("key", sa.Text()),
        sa.Column("type", sa.Text()),
        sa.Column("description", sa.Text()),
        sa.Column("data", JSON),
        sa.Column("metadata_", JSON),
        sa.Column("flow_run_id", UUID),
        sa.Column("task_run_id", UUID),
        sa.PrimaryKeyConstraint("id", name="pk_artifact"),
    )
    op.create_index("ix_artifact_created", "artifact", ["created"])
    op.create_index("ix_artifact_flow_run_id", "artifact", ["flow_run_id"])
    op.create_index("ix_artifact_key_created", "artifact", ["key", "created"])
    op.create_index("ix_artifact_task_run_id", "artifact", ["task_run_id"])
    op.create_table(
        "artifact_collection",
        sa.Column("id", UUID, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("updated", TIME, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("latest_id", UUID, nullable=False),
        sa.Column("type", sa.Text()),
        sa.Column("description", sa.Text()),
        sa.Column("data", JSON),
        sa.Column("metadata_", JSON),
        sa.Column("flow_run_id", UUID),
        sa.Column("task_run_id", UUID),
        sa.PrimaryKeyConstraint("id", name="pk_artifact_collection"),
        sa.UniqueConstraint("key", name="uq_artifact_collection_key"),
    )
    op.create_index("ix_artifact_collection_latest_id", "artifact_collection", ["latest_id"])
    op.create_index("ix_artifact_collection_updated", "artifact_collection", ["updated"])


def downgrade() -> None:
    op.drop_table("artifact_collection")
    op.drop_table("artifact")
