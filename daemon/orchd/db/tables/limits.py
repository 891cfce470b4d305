"""Concurrency limits and the leases that hold their slots."""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, PrimaryKeyConstraint, Table, Text

from orchd.db.tables.base import metadata, object_table
from orchd.db.types import Timestamp, Uuid

concurrency_limit = object_table(
    "concurrency_limit",
    Column("name", Text, nullable=False, unique=True),
    Column("limit", Integer, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("active_slots", Float, nullable=False),
    Column("denied_slots", Float, nullable=False),
    Column("slot_decay_per_second", Float, nullable=False),
    Column("avg_slot_occupancy_seconds", Float, nullable=False),
    Column("decayed_at", Timestamp, nullable=False),
)

concurrency_lease = Table(
    "concurrency_lease",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("created", Timestamp, nullable=False),
    Column("expires", Timestamp, nullable=False),
    Column("holder_type", Text),
    Column("holder_id", Uuid),
)
Index("ix_concurrency_lease_expires", concurrency_lease.c.expires)
Index("ix_concurrency_lease_holder_id", concurrency_lease.c.holder_id)

concurrency_lease_slot = Table(
    "concurrency_lease_slot",
    metadata,
    Column("lease_id", Uuid, ForeignKey("concurrency_lease.id", ondelete="CASCADE"), nullable=False),
    Column("limit_id", Uuid, ForeignKey("concurrency_limit.id", ondelete="CASCADE"), nullable=False),
    Column("slots", Integer, nullable=False),
    PrimaryKeyConstraint("lease_id", "limit_id"),
)
Index("ix_concurrency_lease_slot_limit_id", concurrency_lease_slot.c.limit_id)
