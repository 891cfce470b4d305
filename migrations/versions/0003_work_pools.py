"""Work pools with their queues and workers. Going down drops every pool, queue and worker."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision, down_revision = "0003", "0002"

UUID = sa.LargeBinary(16).with_variant(postgresql.UUID(), "postgresql")
TIME = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")  # microseconds in SQLite
JSON = sa.Text().with_variant(postgresql.JSON(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "work_pool",
        sa.Column("id", UUID, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("updated", TIME, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("base_job_template", JSON, nullable=False),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("concurrency_limit", sa.Integer()),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("default_queue_id", UUID),
        sa.Column("storage_configuration", JSON, nullable=False),
        sa.Column("last_status_event_id", UUID),
        sa.Column("last_transitioned_status_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_work_pool"),
        sa.UniqueConstraint("name", name="uq_work_pool_name"),
    )
    op.create_table(
        "work_queue",
        sa.Column("id", UUID, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("updated", TIME, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("filter", JSON),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("concurrency_limit", sa.Integer()),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("last_polled", TIME),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("work_pool_id", UUID, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_work_queue"),
        sa.UniqueConstraint("work_pool_id", "name", name="uq_work_queue_work_pool_id_name"),
        sa.ForeignKeyConstraint(
            ["work_pool_id"], ["work_pool.id"], name="fk_work_queue_work_pool_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "worker",
        sa.Column("id", UUID, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("updated", TIME, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("work_pool_id", UUID, nullable=False),
        sa.Column("last_heartbeat_time", TIME, nullable=False),
        sa.Column("heartbeat_interval_seconds", sa.Integer()),
        sa.Column("status", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_worker"),
        sa.UniqueConstraint("work_pool_id", "name", name="uq_worker_work_pool_id_name"),
        sa.ForeignKeyConstraint(["work_pool_id"], ["work_pool.id"], name="fk_worker_work_pool_id", ondelete="CASCADE"),
    )
    op.create_index("ix_worker_last_heartbeat_time", "worker", ["last_heartbeat_time"])


def downgrade() -> None:
    op.drop_table("worker")
    op.drop_table("work_queue")
    op.drop_table("work_pool")
