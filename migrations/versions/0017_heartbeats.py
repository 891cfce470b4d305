"""The heartbeats of flow runs, and what removed runs leave. Going down drops both; runs that run send the next."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision, down_revision = "0017", "0014"

UUID = sa.LargeBinary(16).with_variant(postgresql.UUID(), "postgresql")
TIME = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")  # microseconds in SQLite


def upgrade() -> None:
    op.create_table(
        "flow_run_heartbeat",
        sa.Column("flow_run_id", UUID, nullable=False),
        sa.Column("occurred", TIME, nullable=False),
        sa.Column("received", TIME, nullable=False),
        sa.Column("every", sa.Float()),
        sa.Column("due", TIME, nullable=False),
        sa.PrimaryKeyConstraint("flow_run_id", name="pk_flow_run_heartbeat"),
        sa.ForeignKeyConstraint(
            ["flow_run_id"], ["flow_run.id"], name="fk_flow_run_heartbeat_flow_run_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_flow_run_heartbeat_due", "flow_run_heartbeat", ["due"])
    op.create_table(
        "removed_run",
        sa.Column("id", UUID, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("removed", TIME, nullable=False),
        sa.Column("due", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_removed_run"),
    )
    op.create_index("ix_removed_run_due", "removed_run", ["due"])


def downgrade() -> None:
    op.drop_table("removed_run")
    op.drop_table("flow_run_heartbeat")
