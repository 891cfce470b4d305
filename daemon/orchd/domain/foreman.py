"""Whether anybody works: workers whose heartbeats stay away, and what nobody works for or asks for any more."""

from datetime import datetime, timedelta

from msgspec import Struct

from orchd.db import Tx
from orchd.domain import deployment_events, events, work_pools
from orchd.domain.work_events import queue_turned
from orchd.queries import deployments, work_queues, workers
from orchd.queries import work_pools as pools
from orchd.wire.work_pools import ReadyStatus


class Patience(Struct, frozen=True):
    """How long silence is nothing unusual."""

    heartbeat: timedelta
    """Between two heartbeats of a worker that does not say how often it sends them."""
    missed_heartbeats: int
    queue: timedelta
    deployment: timedelta


def inspect(tx: Tx, patience: Patience, now: datetime, limit: int) -> int:
    """One pass; says how many of each kind it changed, at most."""
    workers.silence(tx, patience.heartbeat.total_seconds(), patience.missed_heartbeats, now)
    return max(
        _abandon_pools(tx, now, limit),
        _close_queues(tx, now - patience.queue, now, limit),
        _close_deployments(tx, now - patience.deployment, now - patience.queue, now, limit),
    )


def _abandon_pools(tx: Tx, now: datetime, limit: int) -> int:
    found = pools.unattended(tx, limit)
    for pool in found:
        tx.run_all(work_pools.abandon(tx, pool, now))
    return len(found)


def _close_queues(tx: Tx, since: datetime, now: datetime, limit: int) -> int:
    found = work_queues.unpolled(tx, since, limit)
    work_queues.turn(tx, [queue.id for queue in found], ReadyStatus.NOT_READY, now)
    events.emit_all(tx, [queue_turned(queue, ReadyStatus.NOT_READY, now) for queue in found], now)
    return len(found)


def _close_deployments(tx: Tx, since: datetime, queues_since: datetime, now: datetime, limit: int) -> int:
    found = deployments.unpolled(tx, since, queues_since, limit)
    if found:
        deployments.unready(tx, [each.id for each in found])
    for each in found:
        deployment_events.tell(tx, "not-ready", each, now, last=False)
    return len(found)
