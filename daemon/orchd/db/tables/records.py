"""What runs leave behind and what people keep: logs, artifacts, variables, saved searches, small settings."""

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text, text

from orchd.db.tables.base import metadata, note_transactions, object_table
from orchd.db.types import JsonDoc, JsonSet, Timestamp, Uuid

# No foreign key: a log may arrive before its run, and outlive it for a moment.
log = Table(
    "log",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("id", Uuid, nullable=False),
    Column("created", Timestamp, nullable=False),
    Column("name", Text, nullable=False),
    Column("level", Integer, nullable=False),
    Column("message", Text, nullable=False),
    Column("timestamp", Timestamp, nullable=False),
    Column("flow_run_id", Uuid),
    Column("task_run_id", Uuid),
    sqlite_autoincrement=True,
)
note_transactions(log)
_of_task = text("task_run_id IS NOT NULL")
Index("ix_log_flow_run_id_timestamp", log.c.flow_run_id, log.c.timestamp)
Index(
    "ix_log_task_run_id_timestamp", log.c.task_run_id, log.c.timestamp, sqlite_where=_of_task, postgresql_where=_of_task
)
Index("ix_log_timestamp", log.c.timestamp)

artifact = object_table(
    "artifact",
    Column("key", Text),
    Column("type", Text),
    Column("description", Text),
    Column("data", JsonDoc),
    Column("metadata_", JsonDoc),
    Column("flow_run_id", Uuid),
    Column("task_run_id", Uuid),
)
Index("ix_artifact_key_created", artifact.c.key, artifact.c.created)
Index("ix_artifact_flow_run_id", artifact.c.flow_run_id)
Index("ix_artifact_task_run_id", artifact.c.task_run_id)
Index("ix_artifact_created", artifact.c.created)

artifact_collection = object_table(
    "artifact_collection",
    Column("key", Text, nullable=False, unique=True),
    Column("latest_id", Uuid, nullable=False),
    Column("type", Text),
    Column("description", Text),
    Column("data", JsonDoc),
    Column("metadata_", JsonDoc),
    Column("flow_run_id", Uuid),
    Column("task_run_id", Uuid),
)
Index("ix_artifact_collection_latest_id", artifact_collection.c.latest_id)
Index("ix_artifact_collection_updated", artifact_collection.c.updated)

variable = object_table(
    "variable",
    Column("name", Text, nullable=False, unique=True),
    Column("value", JsonDoc),
    Column("tags", JsonSet, nullable=False),
)

saved_search = object_table(
    "saved_search",
    Column("name", Text, nullable=False, unique=True),
    Column("filters", JsonDoc, nullable=False),
)

configuration = object_table(
    "configuration",
    Column("key", Text, nullable=False, unique=True),
    Column("value", JsonDoc, nullable=False),
)

csrf_token = object_table(
    "csrf_token",
    Column("token", Text, nullable=False),
    Column("client", Text, nullable=False, unique=True),
    Column("expiration", Timestamp, nullable=False),
)
Index("ix_csrf_token_expiration", csrf_token.c.expiration)
