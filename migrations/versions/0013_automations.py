"""Automations, and the counts that their triggers keep. Going down drops every automation."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision, down_revision = "0013", "0012"

UUID = sa.LargeBinary(16).with_variant(postgresql.UUID(), "postgresql")
TIME = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")  # microseconds in SQLite
JSON = sa.Text().with_variant(postgresql.JSON(), "postgresql")
JSONB = sa.Text().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "automation",
        sa.Column("id", UUID, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("updated", TIME, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("tags", JSONB, nullable=False),
        sa.Column("trigger", JSON, nullable=False),
        sa.Column("actions", JSON, nullable=False),
        sa.Column("actions_on_trigger", JSON, nullable=False),
        sa.Column("actions_on_resolve", JSON, nullable=False),
        sa.Column("owner_resource", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_automation"),
    )
    op.create_index("ix_automation_owner_resource", "automation", ["owner_resource"])
    op.create_table(
        "automation_bucket",
        sa.Column("id", UUID, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("updated", TIME, nullable=False),
        sa.Column("automation_id", UUID, nullable=False),
        sa.Column("trigger_id", UUID, nullable=False),
        sa.Column("bucketing_key", sa.Text(), nullable=False),
        sa.Column("start", TIME, nullable=False),
        sa.Column("end", TIME, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("triggered_at", TIME),
        sa.Column("last_event", JSON),
        sa.PrimaryKeyConstraint("id", name="pk_automation_bucket"),
        sa.ForeignKeyConstraint(
            ["automation_id"], ["automation.id"], name="fk_automation_bucket_automation_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_automation_bucket_end", "automation_bucket", ["end"])
    op.create_index(
        "uq_automation_bucket_key", "automation_bucket", ["automation_id", "trigger_id", "bucketing_key"], unique=True
    )


def downgrade() -> None:
    op.drop_table("automation_bucket")
    op.drop_table("automation")
