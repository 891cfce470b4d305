"""Background services: each is one idempotent pass, run by the one loop in `loop.py`."""

from orchd.config.settings import Settings
from orchd.services.cancellation_cleanup import CancellationCleanup
from orchd.services.cleanup_delivery import CleanupDelivery
from orchd.services.clearance import Clearance
from orchd.services.crash_detection import CrashDetection
from orchd.services.event_retention import EventRetention
from orchd.services.foreman import Foreman
from orchd.services.late_runs import LateRuns
from orchd.services.lease_expiry import LeaseExpiry
from orchd.services.log_retention import LogRetention
from orchd.services.loop import LongService, Service
from orchd.services.pause_expiry import PauseExpiry
from orchd.services.run_retention import RunRetention
from orchd.services.scheduler import Scheduler


def all_services(settings: Settings) -> list[Service | LongService]:
    """Every service that is switched on."""
    chosen = settings.services
    known: list[tuple[bool, Service | LongService]] = [
        (chosen.scheduler.enabled, Scheduler(chosen.scheduler)),
        (chosen.late_runs.enabled, LateRuns(chosen.late_runs)),
        (chosen.pause_expiry.enabled, PauseExpiry(chosen.pause_expiry)),
        (chosen.cancellation_cleanup.enabled, CancellationCleanup(chosen.cancellation_cleanup)),
        (chosen.foreman.enabled, Foreman(chosen.foreman)),
        (chosen.crash_detection.enabled, CrashDetection(chosen.crash_detection)),
        (chosen.lease_expiry.enabled, LeaseExpiry(chosen.lease_expiry)),
        (chosen.cleanup_delivery.enabled, CleanupDelivery(chosen.cleanup_delivery)),
        (chosen.retention.enabled, EventRetention(chosen.retention)),
        (chosen.clearance.enabled, Clearance(chosen.clearance, chosen.retention.flow_runs)),
    ]
    if chosen.retention.flow_runs is not None:
        known.append((chosen.retention.enabled, RunRetention(chosen.retention, chosen.retention.flow_runs)))
    if chosen.retention.logs is not None:
        known.append((chosen.retention.enabled, LogRetention(chosen.retention, chosen.retention.logs)))
    return [service for enabled, service in known if enabled]
