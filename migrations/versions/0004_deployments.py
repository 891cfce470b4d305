"""Deployments and their schedules. Going down drops every deployment and schedule."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision, down_revision = "0004", "0003"

UUID = sa.LargeBinary(16).with_variant(postgresql.UUID(), "postgresql")
TIME = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")  # microseconds in SQLite
JSON = sa.Text().with_variant(postgresql.JSON(), "postgresql")
JSONB = sa.Text().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "deployment",
        sa.Column("id", UUID, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("updated", TIME, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Text()),
        sa.Column("description", sa.Text()),
        sa.Column("flow_id", UUID, nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("concurrency_limit_id", UUID),
        sa.Column("concurrency_options", JSON),
        sa.Column("job_variables", JSON, nullable=False),
        sa.Column("parameters", JSON, nullable=False),
        sa.Column("tags", JSONB, nullable=False),
        sa.Column("labels", JSONB, nullable=False),
        sa.Column("work_queue_id", UUID),
        sa.Column("work_queue_name", sa.Text()),
        sa.Column("last_polled", TIME),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("parameter_openapi_schema", JSON),
        sa.Column("path", sa.Text()),
        sa.Column("pull_steps", JSON),
        sa.Column("entrypoint", sa.Text()),
        sa.Column("storage_document_id", UUID),
        sa.Column("infrastructure_document_id", UUID),
        sa.Column("created_by", JSON),
        sa.Column("updated_by", JSON),
        sa.Column("enforce_parameter_schema", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deployment"),
        sa.UniqueConstraint("flow_id", "name", name="uq_deployment_flow_id_name"),
        sa.ForeignKeyConstraint(["flow_id"], ["flow.id"], name="fk_deployment_flow_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["concurrency_limit_id"],
            ["concurrency_limit.id"],
            name="fk_deployment_concurrency_limit_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["work_queue_id"], ["work_queue.id"], name="fk_deployment_work_queue_id", ondelete="SET NULL"
        ),
    )
    op.create_index("ix_deployment_concurrency_limit_id", "deployment", ["concurrency_limit_id"])
    op.create_index("ix_deployment_created", "deployment", ["created"])
    op.create_index("ix_deployment_name", "deployment", ["name"])
    op.create_index("ix_deployment_updated", "deployment", ["updated"])
    op.create_index("ix_deployment_work_queue_id", "deployment", ["work_queue_id"])
    if op.get_context().dialect.name == "postgresql":
        op.create_index("ix_deployment_tags", "deployment", ["tags"], postgresql_using="gin")
    op.create_table(
        "deployment_schedule",
        sa.Column("id", UUID, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("updated", TIME, nullable=False),
        sa.Column("deployment_id", UUID, nullable=False),
        sa.Column("schedule", JSON, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("max_scheduled_runs", sa.Integer()),
        sa.Column("parameters", JSON, nullable=False),
        sa.Column("slug", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_deployment_schedule"),
        sa.UniqueConstraint("deployment_id", "slug", name="uq_deployment_schedule_deployment_id_slug"),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployment.id"], name="fk_deployment_schedule_deployment_id", ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    op.drop_table("deployment_schedule")
    op.drop_table("deployment")
