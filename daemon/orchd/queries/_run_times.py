"""What a run's answer says about time beyond its row: both estimates hold for one moment, so they are made on read."""

from datetime import datetime

RUNNING = "RUNNING"
FINAL = frozenset({"COMPLETED", "FAILED", "CANCELLED", "CRASHED"})


def run_time(state_type: str | None, state_timestamp: datetime | None, total: float, now: datetime) -> float:
    """Seconds spent in RUNNING until now."""
    if state_type == RUNNING and state_timestamp is not None:
        return total + (now - state_timestamp).total_seconds()
    return total


def lateness(state_type: str | None, expected: datetime | None, start: datetime | None, now: datetime) -> float:
    """Seconds by which the run began late, or by which it is late now. A run that ended unstarted is not late."""
    if expected is None:
        return 0.0
    if start is not None:
        return (start - expected).total_seconds() if start > expected else 0.0
    if state_type not in FINAL and expected < now:
        return (now - expected).total_seconds()
    return 0.0
