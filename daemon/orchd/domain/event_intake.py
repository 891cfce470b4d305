"""Events from clients: what is taken, and how it is kept."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from orchd.db.transaction import Tx
from orchd.domain import heartbeats
from orchd.domain import task_run_recorder as recorder
from orchd.domain.events import SIGNAL, event_row, resource_rows
from orchd.errors import Invalid
from orchd.queries import events as query
from orchd.wire.events import EVENT_SIZE, RESOURCE_ID, RESOURCE_ROLE, IncomingEvent

log = logging.getLogger(__name__)

_event = msgspec.json.Decoder(IncomingEvent)
_any = msgspec.json.Decoder()


class Accepted(NamedTuple):
    """An event to be kept, and what it reports of a task run, if it does."""

    event: IncomingEvent
    report: recorder.Report | None
    size: int


def accept(data: str | bytes | msgspec.Raw) -> Accepted | None:
    """Reads one event. None: it is too large, and is dropped with a line in the log. Raises Invalid with the reason."""
    text = data if isinstance(data, str) else bytes(data).decode()
    size = len(text) if text.isascii() else len(text.encode())
    if size > EVENT_SIZE:
        log.warning("An event of %d bytes was dropped: %d is the most.", size, EVENT_SIZE)
        return None
    try:
        event = _event.decode(_without_nul(text) if "\\u0000" in text else text)
        _check(event)
    except (ValueError, OverflowError, RecursionError) as error:
        raise Invalid(f"Not an event: {error}") from error
    return Accepted(event, _report(event), size)


def _check(event: IncomingEvent) -> None:
    if not event.resource.get(RESOURCE_ID):
        raise ValueError(f"The resource has no {RESOURCE_ID!r}.")
    for related in event.related:
        if not related.get(RESOURCE_ID) or not related.get(RESOURCE_ROLE):
            raise ValueError(f"A related resource needs {RESOURCE_ID!r} and {RESOURCE_ROLE!r}.")
    if not bytes(event.payload).startswith(b"{"):
        raise ValueError("The payload is not an object.")
    if not 1 < event.occurred.year < 9999:  # beyond them another time zone has no date
        raise ValueError("No clock shows this moment.")


def _without_nul(text: str) -> str:
    """PostgreSQL can keep no NUL in a text, so it is taken out of every string."""
    return msgspec.json.encode(_clean(_any.decode(text))).decode()


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, list):
        return [_clean(each) for each in value]
    if isinstance(value, dict):
        return {_clean(key): _clean(each) for key, each in value.items()}
    return value


def _report(event: IncomingEvent) -> recorder.Report | None:
    if not recorder.concerns(event):
        return None
    try:
        return recorder.read_report(event)
    except (ValueError, OverflowError, RecursionError) as error:
        not_recorded(event.id, str(error))
        return None


def not_recorded(event_id: UUID, why: str) -> None:
    """Says that an event is kept, but that no task run is recorded from it."""
    log.warning(
        "Event %s is kept, but no task run is recorded from it: %s", event_id, why, extra={"event_id": str(event_id)}
    )


def store(tx: Tx, accepted: Sequence[Accepted], now: datetime) -> list[recorder.Report]:
    """Logs events and records the task runs that they report. Returns reports that name a flow run nobody knows."""
    tx.signals.add(SIGNAL)
    events = [each.event for each in accepted]
    query.append(
        tx,
        [event_row(event, now) for event in events],
        [row for event in events for row in resource_rows(event)],
    )
    heartbeats.learn(tx, events, now)
    reports = [each.report for each in accepted if each.report is not None]
    return recorder.record(tx, reports, now) if reports else []
