"""Infrastructure that workers are to tear down. Going down drops what waits for them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision, down_revision = "0018", "0017"

UUID = sa.LargeBinary(16).with_variant(postgresql.UUID(), "postgresql")
TIME = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")  # microseconds in SQLite
JSON = sa.Text().with_variant(postgresql.JSON(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "cleanup_message",
        sa.Column("id", UUID, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("updated", TIME, nullable=False),
        sa.Column("work_pool_id", UUID, nullable=False),
        sa.Column("work_queue_id", UUID),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("target", JSON, nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.Column("idempotency_key", sa.Text()),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reservation_token", sa.Text()),
        sa.Column("reserved_by", UUID),
        sa.Column("lease_expires_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_cleanup_message"),
        sa.UniqueConstraint("idempotency_key", name="uq_cleanup_message_idempotency_key"),
        sa.ForeignKeyConstraint(
            ["work_pool_id"], ["work_pool.id"], name="fk_cleanup_message_work_pool_id", ondelete="CASCADE"
        ),
    )
    op.create_index(
        "ix_cleanup_message_work_pool_id_status_created", "cleanup_message", ["work_pool_id", "status", "created"]
    )
    reserved = sa.text("status = 'RESERVED'")
    op.create_index(
        "ix_cleanup_message_lease_expires_at",
        "cleanup_message",
        ["lease_expires_at"],
        sqlite_where=reserved,
        postgresql_where=reserved,
    )


def downgrade() -> None:
    op.drop_table("cleanup_message")
