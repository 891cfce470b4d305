"""PURE: when a schedule is due. Arithmetic from the moment that is asked about, never step by step from an old anchor.

    wall.py         the wall clock of a zone, and what it means where it jumps
    cron.py         cron lines
    intervals.py    intervals from an anchor
    rules.py        recurrence rules: how they are written
    recurrence.py   recurrence rules: when they are due

Each kind has `between(start, end)`: the moments at or after `start` and before `end`, in UTC, each once and in order.
Those of [a, b) and of [b, c) are together those of [a, c).
"""

from orchd.schedules.cron import Cron
from orchd.schedules.intervals import Interval
from orchd.schedules.recurrence import Recurrence

Timetable = Cron | Interval | Recurrence

__all__ = ["Cron", "Interval", "Recurrence", "Timetable"]
