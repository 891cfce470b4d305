"""Logs of flow runs and task runs. Going down drops every log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision, down_revision = "0007", "0006"

UUID = sa.LargeBinary(16).with_variant(postgresql.UUID(), "postgresql")
TIME = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")  # microseconds in SQLite
SEQ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "log",
        sa.Column("seq", SEQ, nullable=False, autoincrement=True),
        sa.Column("id", UUID, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("timestamp", TIME, nullable=False),
        sa.Column("flow_run_id", UUID),
        sa.Column("task_run_id", UUID),
        sa.PrimaryKeyConstraint("seq", name="pk_log"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_log_flow_run_id_timestamp", "log", ["flow_run_id", "timestamp"])
    op.create_index(
        "ix_log_task_run_id_timestamp",
        "log",
        ["task_run_id", "timestamp"],
        sqlite_where=sa.text("task_run_id IS NOT NULL"),
        postgresql_where=sa.text("task_run_id IS NOT NULL"),
    )
    op.create_index("ix_log_timestamp", "log", ["timestamp"])
    if op.get_context().dialect.name == "postgresql":
        # `seq` is given before the commit, so a reader goes by the transaction that wrote a row.
        own = sa.text("(pg_current_xact_id()::text::bigint)")
        op.add_column("log", sa.Column("xid", sa.BigInteger(), nullable=False, server_default=own))
        op.create_index("ix_log_xid", "log", ["xid"])


def downgrade() -> None:
    op.drop_table("log")
