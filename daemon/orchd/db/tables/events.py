"""The event log, and the automations that read it."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, Table, Text

from orchd.db.tables.base import metadata, note_transactions, object_table
from orchd.db.types import JsonDoc, JsonSet, Timestamp, Uuid

# Compared byte by byte, so that an index serves a search for the beginning as well.
Searched = Text().with_variant(Text(collation="C"), "postgresql")

# `seq` orders the log as it was written; readers keep it as their cursor. AUTOINCREMENT: retention may delete the
# newest rows of a quiet log, and a number given twice would be passed over by every cursor beyond it.
event = Table(
    "event",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("id", Uuid, nullable=False, unique=True),
    Column("occurred", Timestamp, nullable=False),
    Column("received", Timestamp, nullable=False),
    Column("event", Searched, nullable=False),
    Column("resource_id", Searched, nullable=False),
    Column("resource", JsonDoc, nullable=False),
    Column("related", JsonDoc, nullable=False),
    Column("payload", JsonDoc, nullable=False),
    Column("follows", Uuid),
    sqlite_autoincrement=True,
)
note_transactions(event)
Index("ix_event_occurred", event.c.occurred)
Index("ix_event_event_occurred", event.c.event, event.c.occurred)

# One row for each resource that an event names; the event's own has the role ''. The order of the key serves
# "what happened to this resource, newest first" without touching the log itself.
event_resource = Table(
    "event_resource",
    metadata,
    Column("resource_id", Searched, nullable=False),
    Column("occurred", Timestamp, nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("role", Text, nullable=False),
    PrimaryKeyConstraint("resource_id", "occurred", "event_id", "role"),
    sqlite_with_rowid=False,
)

automation = object_table(
    "automation",
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("tags", JsonSet, nullable=False),
    Column("trigger", JsonDoc, nullable=False),
    Column("actions", JsonDoc, nullable=False),
    Column("actions_on_trigger", JsonDoc, nullable=False),
    Column("actions_on_resolve", JsonDoc, nullable=False),
    Column("owner_resource", Text),
)
Index("ix_automation_owner_resource", automation.c.owner_resource)

automation_bucket = object_table(
    "automation_bucket",
    Column("automation_id", Uuid, ForeignKey("automation.id", ondelete="CASCADE"), nullable=False),
    Column("trigger_id", Uuid, nullable=False),
    Column("bucketing_key", Text, nullable=False),
    Column("start", Timestamp, nullable=False),
    Column("end", Timestamp, nullable=False),
    Column("count", Integer, nullable=False),
    Column("triggered_at", Timestamp),
    Column("last_event", JsonDoc),
)
Index(
    "uq_automation_bucket_key",
    automation_bucket.c.automation_id,
    automation_bucket.c.trigger_id,
    automation_bucket.c.bucketing_key,
    unique=True,
)
Index("ix_automation_bucket_end", automation_bucket.c.end)
