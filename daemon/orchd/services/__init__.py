"""Background services: each is one idempotent pass, run by the one loop in `loop.py`."""

from orchd.config.settings import Settings
from orchd.services.loop import Service


def all_services(settings: Settings) -> list[Service]:
    """Every service that is switched on."""
    return []
