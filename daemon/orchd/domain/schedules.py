"""Schedules as they are kept: whatever depends on the moment of their making is written down."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import asdict

from orchd.schedules import rules
from orchd.schedules.rules import ORIGIN
from orchd.wire.schedules import CronSchedule, IntervalSchedule, RRuleSchedule, schedule_of, utc_anchor

_STEPS = {"SECONDLY": timedelta(seconds=1), "MINUTELY": timedelta(minutes=1)}


def kept(raw: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The schedule as it is stored and answered."""
    found = schedule_of(raw)
    if isinstance(found, IntervalSchedule):
        anchor = utc_anchor(found.anchor_date or now)
        return {"interval": found.seconds, "anchor_date": anchor, "timezone": found.timezone or "UTC"}
    if isinstance(found, CronSchedule):
        return asdict(found)
    return {"rrule": _anchored(found, now), "timezone": found.timezone}


def _anchored(found: RRuleSchedule, now: datetime) -> str:
    """With a beginning: a rule without one would mean something else each time it is read."""
    said = rules.read(found.rrule)
    if said.begins is not None:
        return found.rrule
    begins = ORIGIN
    frequent = [rule for rule in said.rules if rule["FREQ"] in _STEPS and "COUNT" not in rule]
    if frequent and len(said.rules) == 1:
        step = _STEPS[frequent[0]["FREQ"]] * int(frequent[0].get("INTERVAL", "1"))
        wall = now.astimezone(ZoneInfo(found.timezone or "UTC")).replace(tzinfo=None)
        begins = ORIGIN + (wall - ORIGIN) // step * step
    return f"DTSTART:{begins:%Y%m%dT%H%M%S}\n{found.rrule}"
