"""Concurrency limits, and the leases that hold their slots. Going down drops every limit and frees every slot."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision, down_revision = "0002", "0001"

UUID = sa.LargeBinary(16).with_variant(postgresql.UUID(), "postgresql")
TIME = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")  # microseconds in SQLite


def upgrade() -> None:
    op.create_table(
        "concurrency_limit",
        sa.Column("id", UUID, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("updated", TIME, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("limit", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("active_slots", sa.Float(), nullable=False),
        sa.Column("denied_slots", sa.Float(), nullable=False),
        sa.Column("slot_decay_per_second", sa.Float(), nullable=False),
        sa.Column("avg_slot_occupancy_seconds", sa.Float(), nullable=False),
        sa.Column("decayed_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_concurrency_limit"),
        sa.UniqueConstraint("name", name="uq_concurrency_limit_name"),
    )
    op.create_table(
        "concurrency_lease",
        sa.Column("id", UUID, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("expires", TIME, nullable=False),
        sa.Column("holder_type", sa.Text()),
        sa.Column("holder_id", UUID),
        sa.PrimaryKeyConstraint("id", name="pk_concurrency_lease"),
    )
    op.create_index("ix_concurrency_lease_expires", "concurrency_lease", ["expires"])
    op.create_index("ix_concurrency_lease_holder_id", "concurrency_lease", ["holder_id"])
    op.create_table(
        "concurrency_lease_slot",
        sa.Column("lease_id", UUID, nullable=False),
        sa.Column("limit_id", UUID, nullable=False),
        sa.Column("slots", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("lease_id", "limit_id", name="pk_concurrency_lease_slot"),
        sa.ForeignKeyConstraint(
            ["lease_id"], ["concurrency_lease.id"], name="fk_concurrency_lease_slot_lease_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["limit_id"], ["concurrency_limit.id"], name="fk_concurrency_lease_slot_limit_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_concurrency_lease_slot_limit_id", "concurrency_lease_slot", ["limit_id"])


def downgrade() -> None:
    op.drop_table("concurrency_lease_slot")
    op.drop_table("concurrency_lease")
    op.drop_table("concurrency_limit")
