"""Flow runs with their states and inputs. Going down drops every flow run, its history and its inputs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision, down_revision = "0005", "0004"

UUID = sa.LargeBinary(16).with_variant(postgresql.UUID(), "postgresql")
TIME = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")  # microseconds in SQLite
JSON = sa.Text().with_variant(postgresql.JSON(), "postgresql")
JSONB = sa.Text().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "flow_run",
        sa.Column("id", UUID, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("updated", TIME, nullable=False),
        sa.Column("flow_id", UUID, nullable=False),
        sa.Column("deployment_id", UUID),
        sa.Column("deployment_version", sa.Text()),
        sa.Column("work_queue_id", UUID),
        sa.Column("work_queue_name", sa.Text()),
        sa.Column("flow_version", sa.Text()),
        sa.Column("parameters", JSON, nullable=False),
        sa.Column("idempotency_key", sa.Text()),
        sa.Column("context", JSON, nullable=False),
        sa.Column("parent_task_run_id", UUID),
        sa.Column("auto_scheduled", sa.Boolean(), nullable=False),
        sa.Column("infrastructure_document_id", UUID),
        sa.Column("infrastructure_pid", sa.Text()),
        sa.Column("created_by", JSON),
        sa.Column("job_variables", JSON),
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
        sa.PrimaryKeyConstraint("id", name="pk_flow_run"),
        sa.UniqueConstraint("flow_id", "idempotency_key", name="uq_flow_run_flow_id_idempotency_key"),
        sa.ForeignKeyConstraint(["flow_id"], ["flow.id"], name="fk_flow_run_flow_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["work_queue_id"], ["work_queue.id"], name="fk_flow_run_work_queue_id", ondelete="SET NULL"
        ),
    )
    op.create_index("ix_flow_run_begins", "flow_run", [sa.text("coalesce(start_time, expected_start_time)")])
    op.create_index(
        "ix_flow_run_deployment_id_state_type",
        "flow_run",
        ["deployment_id", "state_type"],
        sqlite_where=sa.text("deployment_id IS NOT NULL"),
        postgresql_where=sa.text("deployment_id IS NOT NULL"),
    )
    op.create_index("ix_flow_run_end_time", "flow_run", ["end_time"])
    op.create_index("ix_flow_run_expected_start_time", "flow_run", ["expected_start_time"])
    op.create_index("ix_flow_run_name", "flow_run", ["name"])
    op.create_index(
        "ix_flow_run_next_scheduled_start_time",
        "flow_run",
        ["next_scheduled_start_time"],
        sqlite_where=sa.text("next_scheduled_start_time IS NOT NULL"),
        postgresql_where=sa.text("next_scheduled_start_time IS NOT NULL"),
    )
    op.create_index(
        "ix_flow_run_parent_task_run_id",
        "flow_run",
        ["parent_task_run_id"],
        sqlite_where=sa.text("parent_task_run_id IS NOT NULL"),
        postgresql_where=sa.text("parent_task_run_id IS NOT NULL"),
    )
    op.create_index("ix_flow_run_state_type_expected_start_time", "flow_run", ["state_type", "expected_start_time"])
    op.create_index(
        "ix_flow_run_work_queue_id_next_scheduled_start_time",
        "flow_run",
        ["work_queue_id", "next_scheduled_start_time"],
        sqlite_where=sa.text("state_type = 'SCHEDULED' AND work_queue_id IS NOT NULL"),
        postgresql_where=sa.text("state_type = 'SCHEDULED' AND work_queue_id IS NOT NULL"),
    )
    op.create_index(
        "ix_flow_run_work_queue_id_state_type",
        "flow_run",
        ["work_queue_id", "state_type"],
        sqlite_where=sa.text("work_queue_id IS NOT NULL"),
        postgresql_where=sa.text("work_queue_id IS NOT NULL"),
    )
    if op.get_context().dialect.name == "postgresql":
        op.create_index("ix_flow_run_tags", "flow_run", ["tags"], postgresql_using="gin")
    op.create_table(
        "flow_run_state",
        sa.Column("id", UUID, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("updated", TIME, nullable=False),
        sa.Column("flow_run_id", UUID, nullable=False),
        sa.Column("type", sa.String(16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("timestamp", TIME, nullable=False),
        sa.Column("message", sa.Text()),
        sa.Column("state_details", JSON, nullable=False),
        sa.Column("data", JSON),
        sa.PrimaryKeyConstraint("id", name="pk_flow_run_state"),
        sa.UniqueConstraint("flow_run_id", "timestamp", name="uq_flow_run_state_flow_run_id_timestamp"),
        sa.ForeignKeyConstraint(
            ["flow_run_id"], ["flow_run.id"], name="fk_flow_run_state_flow_run_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "flow_run_input",
        sa.Column("id", UUID, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("updated", TIME, nullable=False),
        sa.Column("flow_run_id", UUID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_flow_run_input"),
        sa.UniqueConstraint("flow_run_id", "key", name="uq_flow_run_input_flow_run_id_key"),
        sa.ForeignKeyConstraint(
            ["flow_run_id"], ["flow_run.id"], name="fk_flow_run_input_flow_run_id", ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    op.drop_table("flow_run_input")
    op.drop_table("flow_run_state")
    op.drop_table("flow_run")
