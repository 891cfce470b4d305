"""Flows, flow runs, task runs and their states: the tables that every running flow writes.

A run carries its present state whole (`state`, the JSON that is answered) beside the columns that are searched, so
that a page of runs is one scan of one index and joins nothing. The history is in the `_state` tables.
"""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)

from orchd.db.tables.base import metadata, object_table
from orchd.db.types import JsonDoc, JsonSet, Timestamp, Uuid

flow = object_table(
    "flow",
    Column("name", Text, nullable=False, unique=True),
    Column("tags", JsonSet, nullable=False),
    Column("labels", JsonSet, nullable=False),
)


def _run_columns() -> list[Column[object]]:
    """What flow runs and task runs have in common."""
    return [
        Column("name", Text, nullable=False),
        Column("tags", JsonSet, nullable=False),
        Column("labels", JsonSet),
        Column("empirical_policy", JsonDoc, nullable=False),
        Column("run_count", Integer, nullable=False),
        Column("expected_start_time", Timestamp),
        Column("next_scheduled_start_time", Timestamp),
        Column("start_time", Timestamp),
        Column("end_time", Timestamp),
        Column("total_run_time", Float, nullable=False),  # seconds
        Column("state_id", Uuid),
        Column("state_type", String(16)),
        Column("state_name", Text),
        Column("state_timestamp", Timestamp),
        Column("state", JsonDoc),
    ]


flow_run = object_table(
    "flow_run",
    Column("flow_id", Uuid, ForeignKey("flow.id", ondelete="CASCADE"), nullable=False),
    Column("deployment_id", Uuid),  # outlives its deployment, therefore no foreign key
    Column("deployment_version", Text),
    Column("work_queue_id", Uuid, ForeignKey("work_queue.id", ondelete="SET NULL")),
    Column("work_queue_name", Text),
    Column("flow_version", Text),
    Column("parameters", JsonDoc, nullable=False),
    Column("idempotency_key", Text),
    Column("context", JsonDoc, nullable=False),
    Column("parent_task_run_id", Uuid),
    Column("auto_scheduled", Boolean, nullable=False),
    Column("infrastructure_document_id", Uuid),
    Column("infrastructure_pid", Text),
    Column("created_by", JsonDoc),
    Column("job_variables", JsonDoc),
    *_run_columns(),
    Column("schedule_id", Uuid),  # that made it; outlives its schedule, therefore no foreign key
    UniqueConstraint("flow_id", "idempotency_key"),
)
Index("ix_flow_run_begins", func.coalesce(flow_run.c.start_time, flow_run.c.expected_start_time))
Index(  # all that a history reads: it then never goes to the rows
    "ix_flow_run_history",
    flow_run.c.expected_start_time,
    flow_run.c.state_type,
    flow_run.c.state_name,
    flow_run.c.start_time,
    flow_run.c.total_run_time,
    flow_run.c.state_timestamp,
)
Index("ix_flow_run_end_time", flow_run.c.end_time)
Index("ix_flow_run_name", flow_run.c.name)
Index("ix_flow_run_state_type_expected_start_time", flow_run.c.state_type, flow_run.c.expected_start_time)
for _column in (flow_run.c.deployment_id, flow_run.c.work_queue_id):  # most ad-hoc runs have neither
    _given = text(f"{_column.name} IS NOT NULL")
    Index(
        f"ix_flow_run_{_column.name}_state_type",
        _column,
        flow_run.c.state_type,
        sqlite_where=_given,
        postgresql_where=_given,
    )
Index("ix_flow_run_tags", flow_run.c.tags, postgresql_using="gin").ddl_if(dialect="postgresql")
_scheduled = text("next_scheduled_start_time IS NOT NULL")
Index(
    "ix_flow_run_next_scheduled_start_time",
    flow_run.c.next_scheduled_start_time,
    sqlite_where=_scheduled,
    postgresql_where=_scheduled,
)
_waits = text("state_type = 'SCHEDULED' AND work_queue_id IS NOT NULL")
Index(  # what workers poll
    "ix_flow_run_work_queue_id_next_scheduled_start_time",
    flow_run.c.work_queue_id,
    flow_run.c.next_scheduled_start_time,
    sqlite_where=_waits,
    postgresql_where=_waits,
)
_of_schedule = text("state_type = 'SCHEDULED' AND schedule_id IS NOT NULL")
Index(  # what the scheduler looks at
    "ix_flow_run_schedule_id_next_scheduled_start_time",
    flow_run.c.schedule_id,
    flow_run.c.next_scheduled_start_time,
    sqlite_where=_of_schedule,
    postgresql_where=_of_schedule,
)
_has_parent = text("parent_task_run_id IS NOT NULL")
Index(
    "ix_flow_run_parent_task_run_id",
    flow_run.c.parent_task_run_id,
    sqlite_where=_has_parent,
    postgresql_where=_has_parent,
)

flow_run_state = object_table(
    "flow_run_state",
    Column("flow_run_id", Uuid, ForeignKey("flow_run.id", ondelete="CASCADE"), nullable=False),
    Column("type", String(16), nullable=False),
    Column("name", Text, nullable=False),
    Column("timestamp", Timestamp, nullable=False),
    Column("message", Text),
    Column("state_details", JsonDoc, nullable=False),
    Column("data", JsonDoc),
    UniqueConstraint("flow_run_id", "timestamp"),
)

task_run = object_table(
    "task_run",
    Column("flow_run_id", Uuid, ForeignKey("flow_run.id", ondelete="CASCADE")),
    Column("task_key", Text, nullable=False),
    Column("dynamic_key", Text, nullable=False),
    Column("cache_key", Text),
    Column("cache_expiration", Timestamp),
    Column("task_version", Text),
    Column("flow_run_run_count", Integer, nullable=False),
    Column("task_inputs", JsonDoc, nullable=False),
    *_run_columns(),
    UniqueConstraint("flow_run_id", "task_key", "dynamic_key"),
)
_flowless = text("flow_run_id IS NULL")
Index(
    "uq_task_run_task_key_dynamic_key_flowless",
    task_run.c.task_key,
    task_run.c.dynamic_key,
    unique=True,
    sqlite_where=_flowless,
    postgresql_where=_flowless,
)
Index("ix_task_run_expected_start_time", task_run.c.expected_start_time)
Index("ix_task_run_start_time_state_type", task_run.c.start_time, task_run.c.state_type)
Index("ix_task_run_end_time", task_run.c.end_time)
Index("ix_task_run_name", task_run.c.name)
Index("ix_task_run_state_type_expected_start_time", task_run.c.state_type, task_run.c.expected_start_time)
Index("ix_task_run_tags", task_run.c.tags, postgresql_using="gin").ddl_if(dialect="postgresql")

task_run_state = object_table(
    "task_run_state",
    Column("task_run_id", Uuid, ForeignKey("task_run.id", ondelete="CASCADE"), nullable=False),
    Column("type", String(16), nullable=False),
    Column("name", Text, nullable=False),
    Column("timestamp", Timestamp, nullable=False),
    Column("message", Text),
    Column("state_details", JsonDoc, nullable=False),
    Column("data", JsonDoc),
    UniqueConstraint("task_run_id", "timestamp"),
)

task_run_cache = object_table(
    "task_run_cache",
    Column("cache_key", Text, nullable=False),
    Column("cache_expiration", Timestamp),
    Column("task_run_state_id", Uuid, ForeignKey("task_run_state.id", ondelete="CASCADE"), nullable=False),
)
Index("ix_task_run_cache_cache_key_created", task_run_cache.c.cache_key, task_run_cache.c.created)
Index("ix_task_run_cache_task_run_state_id", task_run_cache.c.task_run_state_id)

# Who listens for background task runs, on whichever server. The row goes with the connection, or when nobody renews it.
task_worker = Table(
    "task_worker",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("client_id", Text, nullable=False),
    Column("task_keys", JsonDoc, nullable=False),
    Column("seen", Timestamp, nullable=False),
)
Index("ix_task_worker_seen", task_worker.c.seen)

# Background task runs that no worker has taken yet. Those of rank 0 come first; a holder was sent the run, and has not
# said yet that it has it.
task_delivery = Table(
    "task_delivery",
    metadata,
    Column("task_run_id", Uuid, ForeignKey("task_run.id", ondelete="CASCADE"), primary_key=True),
    Column("task_key", Text, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("queued", Timestamp, nullable=False),
    Column("holder", Uuid, ForeignKey("task_worker.id", ondelete="SET NULL")),
)
_free, _held = text("holder IS NULL"), text("holder IS NOT NULL")
Index(
    "ix_task_delivery_task_key_rank_queued",
    task_delivery.c.task_key,
    task_delivery.c.rank,
    task_delivery.c.queued,
    sqlite_where=_free,
    postgresql_where=_free,
)
Index("ix_task_delivery_holder", task_delivery.c.holder, sqlite_where=_held, postgresql_where=_held)

flow_run_input = object_table(
    "flow_run_input",
    Column("flow_run_id", Uuid, ForeignKey("flow_run.id", ondelete="CASCADE"), nullable=False),
    Column("key", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("sender", Text),
    UniqueConstraint("flow_run_id", "key"),
)

# The newest heartbeat of a run that its process keeps sending; the row goes when the process has no more to do with it.
flow_run_heartbeat = Table(
    "flow_run_heartbeat",
    metadata,
    Column("flow_run_id", Uuid, ForeignKey("flow_run.id", ondelete="CASCADE"), primary_key=True),
    Column("occurred", Timestamp, nullable=False),  # by the client's clock
    Column("received", Timestamp, nullable=False),  # by ours
    Column("every", Float),  # seconds; unknown until there were two
    Column("due", Timestamp, nullable=False),  # the next one comes no earlier than then
)
Index("ix_flow_run_heartbeat_due", flow_run_heartbeat.c.due)

# What runs that are gone have left behind, to be cleared away by and by: see `queries/leftovers.py`.
removed_run = Table(
    "removed_run",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("removed", Timestamp, nullable=False),
    Column("due", Timestamp, nullable=False),
)
Index("ix_removed_run_due", removed_run.c.due)
