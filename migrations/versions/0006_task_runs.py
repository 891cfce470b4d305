"""Task runs with their states, and the cache of task results.

Going down drops every task run, its history and the cache.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision, down_revision = "0006", "0005"

UUID = sa.LargeBinary(16).with_variant(postgresql.UUID(), "postgresql")
TIME = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")  # microseconds in SQLite
JSON = sa.Text().with_variant(postgresql.JSON(), "postgresql")
JSONB = sa.Text().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "task_run",
        sa.Column("id", UUID, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("updated", TIME, nullable=False),
        sa.Column("flow_run_id", UUID),
        sa.Column("task_key", sa.Text(), nullable=False),
        sa.Column("dynamic_key", sa.Text(), nullable=False),
        sa.Column("cache_key", sa.Text()),
        sa.Column("cache_expiration", TIME),
        sa.Column("task_version", sa.Text()),
        sa.Column("flow_run_run_count", sa.Integer(), nullable=False),
        sa.Column("task_inputs", JSON, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("tags", JSONB, nullable=False),
        sa.Column("labels", JSONB),
        sa.Column("empirical_policy", JSON, nullable=False),
        sa.Column("run_count", sa.Integer(), nullable=False),
        sa.Column("expected_start_time", TIME),
        sa.Column("next_scheduled_start_time", TIME),
        sa.Column("start_time", TIME),
        sa.Column("end_time", TIME),
        sa.Column("total_run_time", sa.Float(), nullable=False),
        sa.Column("state_id", UUID),
        sa.Column("state_type", sa.String(16)),
        sa.Column("state_name", sa.Text()),
        sa.Column("state_timestamp", TIME),
        sa.Column("state", JSON),
        sa.PrimaryKeyConstraint("id", name="pk_task_run"),
        sa.UniqueConstraint(
            "flow_run_id", "task_key", "dynamic_key", name="uq_task_run_flow_run_id_task_key_dynamic_key"
        ),
        sa.ForeignKeyConstraint(["flow_run_id"], ["flow_run.id"], name="fk_task_run_flow_run_id", ondelete="CASCADE"),
    )
    op.create_index("ix_task_run_end_time", "task_run", ["end_time"])
    op.create_index("ix_task_run_expected_start_time", "task_run", ["expected_start_time"])
    op.create_index("ix_task_run_name", "task_run", ["name"])
    op.create_index("ix_task_run_start_time", "task_run", ["start_time"])
    op.create_index("ix_task_run_state_type_expected_start_time", "task_run", ["state_type", "expected_start_time"])
    op.create_index(
        "uq_task_run_task_key_dynamic_key_flowless",
        "task_run",
        ["task_key", "dynamic_key"],
        unique=True,
        sqlite_where=sa.text("flow_run_id IS NULL"),
        postgresql_where=sa.text("flow_run_id IS NULL"),
    )
    if op.get_context().dialect.name == "postgresql":
        op.create_index("ix_task_run_tags", "task_run", ["tags"], postgresql_using="gin")
    op.create_table(
        "task_run_state",
        sa.Column("id", UUID, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("updated", TIME, nullable=False),
        sa.Column("task_run_id", UUID, nullable=False),
        sa.Column("type", sa.String(16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("timestamp", TIME, nullable=False),
        sa.Column("message", sa.Text()),
        sa.Column("state_details", JSON, nullable=False),
        sa.Column("data", JSON),
        sa.PrimaryKeyConstraint("id", name="pk_task_run_state"),
        sa.UniqueConstraint("task_run_id", "timestamp", name="uq_task_run_state_task_run_id_timestamp"),
        sa.ForeignKeyConstraint(
            ["task_run_id"], ["task_run.id"], name="fk_task_run_state_task_run_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "task_run_cache",
        sa.Column("id", UUID, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("updated", TIME, nullable=False),
        sa.Column("cache_key", sa.Text(), nullable=False),
        sa.Column("cache_expiration", TIME),
        sa.Column("task_run_state_id", UUID, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_task_run_cache"),
        sa.ForeignKeyConstraint(
            ["task_run_state_id"], ["task_run_state.id"], name="fk_task_run_cache_task_run_state_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_task_run_cache_cache_key_created", "task_run_cache", ["cache_key", "created"])
    op.create_index("ix_task_run_cache_task_run_state_id", "task_run_cache", ["task_run_state_id"])


def downgrade() -> None:
    op.drop_table("task_run_cache")
    op.drop_table("task_run_state")
    op.drop_table("task_run")
