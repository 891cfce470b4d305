"""The event log, and which resources each event names. Going down drops every event."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision, down_revision = "0012", "0011"

UUID = sa.LargeBinary(16).with_variant(postgresql.UUID(), "postgresql")
TIME = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")  # microseconds in SQLite
JSON = sa.Text().with_variant(postgresql.JSON(), "postgresql")
SEARCHED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")  # an index then serves beginnings too
SEQ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "event",
        sa.Column("seq", SEQ, nullable=False, autoincrement=True),
        sa.Column("id", UUID, nullable=False),
        sa.Column("occurred", TIME, nullable=False),
        sa.Column("received", TIME, nullable=False),
        sa.Column("event", SEARCHED, nullable=False),
        sa.Column("resource_id", SEARCHED, nullable=False),
        sa.Column("resource", JSON, nullable=False),
        sa.Column("related", JSON, nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("follows", UUID),
        sa.PrimaryKeyConstraint("seq", name="pk_event"),
        sa.UniqueConstraint("id", name="uq_event_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_event_event_occurred", "event", ["event", "occurred"])
    op.create_index("ix_event_occurred", "event", ["occurred"])
    if op.get_context().dialect.name == "postgresql":
        # `seq` is given before the commit, so a reader goes by the transaction that wrote a row.
        own = sa.text("(pg_current_xact_id()::text::bigint)")
        op.add_column("event", sa.Column("xid", sa.BigInteger(), nullable=False, server_default=own))
        op.create_index("ix_event_xid", "event", ["xid"])
    op.create_table(
        "event_resource",
        sa.Column("resource_id", SEARCHED, nullable=False),
        sa.Column("occurred", TIME, nullable=False),
        sa.Column("event_id", UUID, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("resource_id", "occurred", "event_id", "role", name="pk_event_resource"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("event_resource")
    op.drop_table("event")
