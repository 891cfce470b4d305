"""Deployments and their schedules; pools, queues and workers."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text

from orchd.db.tables.base import object_table
from orchd.db.types import JsonDoc, JsonSet, Timestamp, Uuid

work_pool = object_table(
    "work_pool",
    Column("name", Text, nullable=False, unique=True),
    Column("description", Text),
    Column("type", Text, nullable=False),
    Column("base_job_template", JsonDoc, nullable=False),
    Column("is_paused", Boolean, nullable=False),
    Column("concurrency_limit", Integer),
    Column("status", String(16), nullable=False),
    Column("default_queue_id", Uuid),
    Column("storage_configuration", JsonDoc, nullable=False),
    Column("last_status_event_id", Uuid),
    Column("last_transitioned_status_at", Timestamp),
)

work_queue = object_table(
    "work_queue",
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("filter", JsonDoc),
    Column("is_paused", Boolean, nullable=False),
    Column("concurrency_limit", Integer),
    Column("priority", Integer, nullable=False),
    Column("last_polled", Timestamp),
    Column("status", String(16), nullable=False),
    Column("work_pool_id", Uuid, ForeignKey("work_pool.id", ondelete="CASCADE"), nullable=False),
    UniqueConstraint("work_pool_id", "name"),
)

worker = object_table(
    "worker",
    Column("name", Text, nullable=False),
    Column("work_pool_id", Uuid, ForeignKey("work_pool.id", ondelete="CASCADE"), nullable=False),
    Column("last_heartbeat_time", Timestamp, nullable=False),
    Column("heartbeat_interval_seconds", Integer),
    Column("status", String(16), nullable=False),
    UniqueConstraint("work_pool_id", "name"),
)
Index("ix_worker_last_heartbeat_time", worker.c.last_heartbeat_time)

deployment = object_table(
    "deployment",
    Column("name", Text, nullable=False),
    Column("version", Text),
    Column("description", Text),
    Column("flow_id", Uuid, ForeignKey("flow.id", ondelete="CASCADE"), nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("concurrency_limit_id", Uuid, ForeignKey("concurrency_limit.id", ondelete="SET NULL")),
    Column("concurrency_options", JsonDoc),
    Column("job_variables", JsonDoc, nullable=False),
    Column("parameters", JsonDoc, nullable=False),
    Column("tags", JsonSet, nullable=False),
    Column("labels", JsonSet, nullable=False),
    Column("work_queue_id", Uuid, ForeignKey("work_queue.id", ondelete="SET NULL")),
    Column("work_queue_name", Text),
    Column("last_polled", Timestamp),
    Column("status", String(16), nullable=False),
    Column("parameter_openapi_schema", JsonDoc),
    Column("path", Text),
    Column("pull_steps", JsonDoc),
    Column("entrypoint", Text),
    Column("storage_document_id", Uuid),
    Column("infrastructure_document_id", Uuid),
    Column("created_by", JsonDoc),
    Column("updated_by", JsonDoc),
    Column("enforce_parameter_schema", Boolean, nullable=False),
    UniqueConstraint("flow_id", "name"),
)
Index("ix_deployment_name", deployment.c.name)
Index("ix_deployment_created", deployment.c.created)
Index("ix_deployment_updated", deployment.c.updated)
Index("ix_deployment_work_queue_id", deployment.c.work_queue_id)
Index("ix_deployment_concurrency_limit_id", deployment.c.concurrency_limit_id)
Index("ix_deployment_tags", deployment.c.tags, postgresql_using="gin").ddl_if(dialect="postgresql")

deployment_schedule = object_table(
    "deployment_schedule",
    Column("deployment_id", Uuid, ForeignKey("deployment.id", ondelete="CASCADE"), nullable=False),
    Column("schedule", JsonDoc, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("max_scheduled_runs", Integer),
    Column("parameters", JsonDoc, nullable=False),
    Column("slug", Text),
    UniqueConstraint("deployment_id", "slug"),
)

cleanup_message = object_table(  # infrastructure that a worker is to tear down
    "cleanup_message",
    Column("work_pool_id", Uuid, ForeignKey("work_pool.id", ondelete="CASCADE"), nullable=False),
    Column("work_queue_id", Uuid),
    Column("kind", Text, nullable=False),
    Column("target", JsonDoc, nullable=False),
    Column("data", JsonDoc, nullable=False),
    Column("idempotency_key", Text, unique=True),
    Column("status", String(16), nullable=False),  # WAITING, RESERVED, DONE, DEAD
    Column("attempts", Integer, nullable=False),
    Column("reservation_token", Text),
    Column("reserved_by", Uuid),
    Column("lease_expires_at", Timestamp),
)
Index(
    "ix_cleanup_message_work_pool_id_status_created",
    cleanup_message.c.work_pool_id,
    cleanup_message.c.status,
    cleanup_message.c.created,
)
_reserved = text("status = 'RESERVED'")
Index(
    "ix_cleanup_message_lease_expires_at",
    cleanup_message.c.lease_expires_at,
    sqlite_where=_reserved,
    postgresql_where=_reserved,
)
