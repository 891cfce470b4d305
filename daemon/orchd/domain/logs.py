"""Log lines of runs on their way in, and a run's whole log on its way out."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from orchd.db import Tx
from orchd.kit.clock import as_utc
from orchd.kit.ids import uuid7
from orchd.queries import logs as query
from orchd.wire.logs import LogCreate

SIGNAL = "logs"
"""The wake-up of those who follow logs live."""

CSV_HEADER = "timestamp,level,flow_run_id,task_run_id,message\r\n"


def write(tx: Tx, lines: Sequence[LogCreate], now: datetime) -> None:
    """Keeps lines as they come: a client that repeats itself repeats its lines."""
    if lines:
        query.insert(tx, [_row(line, now) for line in lines])
        tx.signals.add(SIGNAL)


def _row(line: LogCreate, now: datetime) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "created": now,
        "name": _storable(line.name),
        "level": line.level,
        "message": _storable(line.message),
        "timestamp": as_utc(line.timestamp),
        "flow_run_id": line.flow_run_id,
        "task_run_id": line.task_run_id,
    }


def _storable(text: str) -> str:
    """PostgreSQL cannot store the character NUL; clients know that it is dropped."""
    return text.replace("\0", "") if "\0" in text else text


def as_csv(lines: Iterable[Sequence[Any]]) -> bytes:
    """Lines of `queries.logs.after` as rows of a CSV file."""
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue().encode()
