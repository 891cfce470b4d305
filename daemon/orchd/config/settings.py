"""The configuration as the code sees it: frozen, typed, complete. Defaults stand in `config/schema.json`, not here."""

from datetime import timedelta
from pathlib import Path
from typing import Literal

from msgspec import Struct

from orchd.config.values import DatabaseUrl, Secret


class LimitsSettings(Struct, frozen=True):
    """Sizes in bytes."""

    body: int
    json_depth: int
    page: int
    parameter_size: int
    websocket_message: int


class ServerSettings(Struct, frozen=True):
    host: str
    port: int
    unix_socket: Path | None
    unix_socket_mode: int
    base_path: str
    public_url: str | None
    shutdown_timeout: timedelta
    keepalive_timeout: timedelta
    limits: LimitsSettings


class PoolSettings(Struct, frozen=True):
    size: int


class SqliteSettings(Struct, frozen=True):
    synchronous: Literal["FULL", "NORMAL"]
    readers: int
    cache: int
    """Bytes."""
    busy_timeout: timedelta
    allow_network_filesystem: bool


class MigrationsSettings(Struct, frozen=True):
    on_start: Literal["upgrade", "check"]
    timeout: timedelta
    backup: bool


class DatabaseSettings(Struct, frozen=True):
    url: DatabaseUrl
    timeout: timedelta
    connect_timeout: timedelta
    pool: PoolSettings
    sqlite: SqliteSettings
    migrations: MigrationsSettings


class ControlSettings(Struct, frozen=True):
    socket: Path
    group: str | None


class LoggingSettings(Struct, frozen=True):
    level: Literal["debug", "info", "warning", "error"]
    format: Literal["auto", "journal", "console", "json"]


class GraphSettings(Struct, frozen=True):
    max_nodes: int
    max_artifacts: int


class OrchestrationSettings(Struct, frozen=True):
    tag_slot_wait: timedelta
    slot_wait_max: timedelta
    deployment_slot_wait: timedelta
    deployment_lease: timedelta
    max_cache_key_length: int
    graph: GraphSettings


class SchedulerSettings(Struct, frozen=True):
    enabled: bool
    every: timedelta
    min_runs: int
    max_runs: int
    min_scheduled_time: timedelta
    max_scheduled_time: timedelta
    batch: int
    insert_batch: int


class LateRunsSettings(Struct, frozen=True):
    enabled: bool
    every: timedelta
    after: timedelta
    batch: int


class PauseExpirySettings(Struct, frozen=True):
    enabled: bool
    every: timedelta
    batch: int


class CancellationCleanupSettings(Struct, frozen=True):
    enabled: bool
    every: timedelta
    timeout: timedelta
    batch: int


class ForemanSettings(Struct, frozen=True):
    enabled: bool
    every: timedelta
    heartbeat: timedelta
    missed_heartbeats: int
    queue_timeout: timedelta
    deployment_timeout: timedelta
    batch: int


class CrashDetectionSettings(Struct, frozen=True):
    enabled: bool
    every: timedelta
    heartbeat: timedelta
    missed_heartbeats: int
    batch: int


class LeaseExpirySettings(Struct, frozen=True):
    enabled: bool
    every: timedelta
    batch: int


class CleanupDeliverySettings(Struct, frozen=True):
    enabled: bool
    every: timedelta
    batch: int
    lease: timedelta
    attempts: int


class RetentionSettings(Struct, frozen=True):
    enabled: bool
    every: timedelta
    events: timedelta
    flow_runs: timedelta | None
    logs: timedelta | None
    batch: int


class ClearanceSettings(Struct, frozen=True):
    enabled: bool
    every: timedelta
    batch: int


class EventDeliverySettings(Struct, frozen=True):
    backfill: timedelta
    subscriber_buffer: int


class ServicesSettings(Struct, frozen=True):
    scheduler: SchedulerSettings
    late_runs: LateRunsSettings
    pause_expiry: PauseExpirySettings
    cancellation_cleanup: CancellationCleanupSettings
    foreman: ForemanSettings
    crash_detection: CrashDetectionSettings
    lease_expiry: LeaseExpirySettings
    cleanup_delivery: CleanupDeliverySettings
    retention: RetentionSettings
    clearance: ClearanceSettings
    event_delivery: EventDeliverySettings


class UiSettings(Struct, frozen=True):
    enabled: bool


class AuthSettings(Struct, frozen=True):
    auth_string: Secret | None


class EncryptionSettings(Struct, frozen=True):
    key: Secret | None


class Settings(Struct, frozen=True):
    """All of it. What a `*_file` option names has been read: only the secret itself is here."""

    server: ServerSettings
    database: DatabaseSettings
    control: ControlSettings
    logging: LoggingSettings
    orchestration: OrchestrationSettings
    services: ServicesSettings
    ui: UiSettings
    auth: AuthSettings
    encryption: EncryptionSettings
