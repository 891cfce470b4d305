"""Heartbeats of flow runs: what is learnt from each.

The process of a run sends an event at regular intervals, from a thread of its own: a long computation does not keep it
from that. The newest is noted in the transaction that stores the event.
"""

import contextlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from orchd.db import Tx
from orchd.kit.clock import as_utc
from orchd.queries import heartbeats as query
from orchd.queries.heartbeats import LEAST, Known
from orchd.wire.events import RESOURCE_ID, Event

HEARTBEAT = "prefect.flow-run.heartbeat"
FLOW_RUN = "prefect.flow-run."


def learn(tx: Tx, told: Sequence[Event], now: datetime) -> None:
    """Notes those of the events that are heartbeats. Also one that is sent again is a sign of life."""
    beats: dict[UUID, list[datetime]] = {}
    for event in told:
        if event.event == HEARTBEAT and (id := _flow_run(event)) is not None:
            beats.setdefault(id, []).append(as_utc(event.occurred))
    if beats:
        rows = [_newest(each, beats[each.flow_run_id], now) for each in query.known(tx, beats)]
        query.put(tx, sorted(rows, key=lambda row: row["flow_run_id"]))


def _flow_run(event: Event) -> UUID | None:
    resource = event.resource[RESOURCE_ID]
    with contextlib.suppress(ValueError):
        return UUID(resource.removeprefix(FLOW_RUN)) if resource.startswith(FLOW_RUN) else None
    return None


def _newest(known: Known, beats: Iterable[datetime], now: datetime) -> dict[str, Any]:
    """What is known after these heartbeats: the interval is that between the last two, by the clock of the client.

    It shrinks by half at most: two may come close together when a run is started over.
    """
    occurred, every = known.occurred, known.every
    for beat in sorted(beats):
        if occurred is not None and beat > occurred:  # a clock that is set back tells nothing
            every = max(LEAST, (beat - occurred).total_seconds(), (every or 0) / 2)
        occurred = beat
    due = now + timedelta(seconds=every or LEAST)
    return {"flow_run_id": known.flow_run_id, "occurred": occurred, "received": now, "every": every, "due": due}
