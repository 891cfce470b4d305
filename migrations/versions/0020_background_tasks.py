"""Background task runs that wait for a worker.

Going down drops their queue, but not the task runs: going up again, those that are still scheduled are put back on it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision, down_revision = "0020", "0019"

UUID = sa.LargeBinary(16).with_variant(postgresql.UUID(), "postgresql")
TIME = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")  # microseconds in SQLite
JSON = sa.Text().with_variant(postgresql.JSON(), "postgresql")

DEFERRED = {
    "sqlite": "json_extract(state, '$.state_details.deferred') = 1",
    "postgresql": "state -> 'state_details' ->> 'deferred' = 'true'",
}


def upgrade() -> None:
    op.create_table(
        "task_worker",
        sa.Column("id", UUID, nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("task_keys", JSON, nullable=False),
        sa.Column("seen", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_task_worker"),
    )
    op.create_index("ix_task_worker_seen", "task_worker", ["seen"])
    op.create_table(
        "task_delivery",
        sa.Column("task_run_id", UUID, nullable=False),
        sa.Column("task_key", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("queued", TIME, nullable=False),
        sa.Column("holder", UUID),
        sa.PrimaryKeyConstraint("task_run_id", name="pk_task_delivery"),
        sa.ForeignKeyConstraint(
            ["task_run_id"], ["task_run.id"], name="fk_task_delivery_task_run_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["holder"], ["task_worker.id"], name="fk_task_delivery_holder", ondelete="SET NULL"),
    )
    free, held = sa.text("holder IS NULL"), sa.text("holder IS NOT NULL")
    op.create_index(
        "ix_task_delivery_task_key_rank_queued",
        "task_delivery",
        ["task_key", "rank", "queued"],
        sqlite_where=free,
        postgresql_where=free,
    )
    op.create_index("ix_task_delivery_holder", "task_delivery", ["holder"], sqlite_where=held, postgresql_where=held)
    deferred = DEFERRED[op.get_context().dialect.name]
    op.execute(
        "INSERT INTO task_delivery (task_run_id, task_key, rank, queued)"  # noqa: S608  (no value from outside)
        " SELECT id, task_key, CASE state_name WHEN 'AwaitingRetry' THEN 0 ELSE 1 END,"
        " coalesce(state_timestamp, created)"
        f" FROM task_run WHERE state_type = 'SCHEDULED' AND {deferred}"
    )


def downgrade() -> None:
    op.drop_table("task_delivery")
    op.drop_table("task_worker")
