"""Background services: each is one idempotent pass, run by the one loop in `loop.py`."""

from orchd.config.settings import Settings
from orchd.services.lease_expiry import LeaseExpiry
from orchd.services.loop import Service


def all_services(settings: Settings) -> list[Service]:
    """Every service that is switched on."""
    chosen = settings.services
    found: list[Service] = []
    if chosen.lease_expiry.enabled:
        found.append(LeaseExpiry(chosen.lease_expiry))
    return found
