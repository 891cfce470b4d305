"""The configuration as the code sees it. No defaults here: the schema has them; a test compares both."""

from datetime import timedelta
from pathlib import Path
from typing import Literal

from msgspec import Struct

from orchd.config.database_url import DatabaseUrl


class RequestLimits(Struct, frozen=True):
    """Bounds of requests; sizes in bytes."""

    body: int
    page: int
    parameters: int
    websocket_message: int


class ServerSettings(Struct, frozen=True):
    host: str
    port: int
    base_path: str
    public_url: str | None
    unix_socket: Path | None
    keepalive_timeout: timedelta
    shutdown_timeout: timedelta
    limits: RequestLimits


class PoolSettings(Struct, frozen=True):
    size: int


class SqliteSettings(Struct, frozen=True):
    synchronous: Literal["FULL", "NORMAL"]
    readers: int
    cache: int
    busy_timeout: timedelta
    allow_network_filesystem: bool


class MigrationSettings(Struct, frozen=True):
    on_start: Literal["upgrade", "check"]
    timeout: timedelta
    backup: bool


class DatabaseSettings(Struct, frozen=True):
    url: DatabaseUrl
    url_file: Path | None
    timeout: timedelta
    connect_timeout: timedelta
    pool: PoolSettings
    sqlite: SqliteSettings
    migrations: MigrationSettings


class ControlSettings(Struct, frozen=True):
    socket: Path
    group: str | None


class LoggingSettings(Struct, frozen=True):
    level: Literal["debug", "info", "warning", "error"]
    format: Literal["auto", "journal", "console", "json"]


class LeaseExpirySettings(Struct, frozen=True):
    enabled: bool
    every: timedelta
    batch: int


class EventDeliverySettings(Struct, frozen=True):
    backfill: timedelta
    buffer: int


class ServicesSettings(Struct, frozen=True):
    lease_expiry: LeaseExpirySettings
    event_delivery: EventDeliverySettings


class OrchestrationSettings(Struct, frozen=True):
    deployment_slot_wait: timedelta
    tag_slot_wait: timedelta
    slot_wait_max: timedelta
    lease_duration: timedelta
    max_cache_key_length: int
    graph_nodes: int
    graph_artifacts: int


class UiSettings(Struct, frozen=True):
    enabled: bool


class AuthSettings(Struct, frozen=True):
    auth_string: str | None
    auth_string_file: Path | None


class EncryptionSettings(Struct, frozen=True):
    key: str | None
    key_file: Path | None


class Settings(Struct, frozen=True):
    """One section for each section of the file."""

    server: ServerSettings
    database: DatabaseSettings
    control: ControlSettings
    logging: LoggingSettings
    services: ServicesSettings
    orchestration: OrchestrationSettings
    ui: UiSettings
    auth: AuthSettings
    encryption: EncryptionSettings
