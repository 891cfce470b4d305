"""The settings in force, by the names under which clients know them. What orchd has no setting for is left out."""

from datetime import timedelta
from typing import Any

import msgspec

from orchd.config.settings import OrchestrationSettings, ServerSettings, ServicesSettings, Settings

MASK = "**********"


def shown(settings: Settings) -> dict[str, Any]:
    """Nothing in it is secret: the database's address may hold a password, so it is masked whole."""
    return {
        "server": {
            "analytics_enabled": False,
            "logging_level": settings.logging.level.upper(),
            "api": _api(settings.server, has_password=settings.auth.auth_string is not None),
            "database": {
                "connection_url": MASK,
                "driver": "sqlite+aiosqlite" if settings.database.url.is_sqlite else "postgresql+asyncpg",
                "migrate_on_start": settings.database.migrations.on_start == "upgrade",
                "timeout": settings.database.timeout.total_seconds(),
                "connection_timeout": settings.database.connect_timeout.total_seconds(),
            },
            **_orchestration(settings.orchestration),
            "events": {
                "stream_out_enabled": True,
                "retention_period": _iso(settings.services.retention.events),
                "maximum_websocket_backfill": _iso(settings.services.event_delivery.backfill),
            },
            "logs": {"stream_out_enabled": True},
            "services": _services(settings.services),
            "ui": {"enabled": settings.ui.enabled},
        }
    }


def _api(server: ServerSettings, *, has_password: bool) -> dict[str, Any]:
    return {
        "auth_string": MASK if has_password else None,
        "host": server.host,
        "port": server.port,
        "base_path": server.base_path or None,
        "default_limit": server.limits.page,
        "keepalive_timeout": int(server.keepalive_timeout.total_seconds()),
        "csrf_protection_enabled": False,
        "cors_allowed_origins": "*",
        "cors_allowed_methods": "*",
        "cors_allowed_headers": "*",
        "max_parameter_size": server.limits.parameter_size,
    }


def _orchestration(settings: OrchestrationSettings) -> dict[str, Any]:
    return {
        "concurrency": {
            "initial_deployment_lease_duration": settings.deployment_lease.total_seconds(),
            "maximum_concurrency_slot_wait_seconds": settings.slot_wait_max.total_seconds(),
        },
        "deployments": {"concurrency_slot_wait_seconds": settings.deployment_slot_wait.total_seconds()},
        "flow_run_graph": {
            "max_nodes": settings.graph.max_nodes,
            "max_artifacts": settings.graph.max_artifacts,
        },
        "tasks": {
            "tag_concurrency_slot_wait_seconds": settings.tag_slot_wait.total_seconds(),
            "max_cache_key_length": settings.max_cache_key_length,
        },
    }


def _services(settings: ServicesSettings) -> dict[str, Any]:
    foreman = settings.foreman
    return {
        "cancellation_cleanup": {
            **_pass(settings.cancellation_cleanup),
            "cancelling_timeout_seconds": settings.cancellation_cleanup.timeout.total_seconds(),
        },
        "foreman": {
            **_pass(foreman),
            "inactivity_heartbeat_multiple": foreman.missed_heartbeats,
            "fallback_heartbeat_interval_seconds": int(foreman.heartbeat.total_seconds()),
            "deployment_last_polled_timeout_seconds": int(foreman.deployment_timeout.total_seconds()),
            "work_queue_last_polled_timeout_seconds": int(foreman.queue_timeout.total_seconds()),
        },
        "late_runs": {**_pass(settings.late_runs), "after_seconds": _iso(settings.late_runs.after)},
        "pause_expirations": _pass(settings.pause_expiry),
        "repossessor": _pass(settings.lease_expiry),
    }


def _pass(service: Any) -> dict[str, Any]:
    return {"enabled": service.enabled, "loop_seconds": service.every.total_seconds()}


def _iso(length: timedelta) -> Any:
    return msgspec.to_builtins(length)
