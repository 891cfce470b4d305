"""What it means that a worker comes in by websocket, and goes on living there."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from orchd.db import Tx
from orchd.domain import work_pools, workers
from orchd.domain.job_templates import insist
from orchd.errors import Conflict, Forbidden, Invalid
from orchd.queries import work_pools as query
from orchd.queries import work_queues as queue_query
from orchd.queries.work_pools import PoolRow
from orchd.wire.work_pools import PoolName, WorkPool, WorkPoolCreate, WorkPoolUpdate
from orchd.wire.worker_channel import CLEANUPS, KINDS, MOST_CLEANUPS, REQUIRED, VERSION, Hello, Queue
from orchd.wire.workers import Heartbeat


class UnsupportedVersion(Invalid):
    """Worker and server have no version of the channel in common."""


class Abilities(Struct, frozen=True):
    """What a worker asked for, divided into what it gets and what it does not."""

    accepted: list[str]
    rejected: list[str]
    cleanup_kinds: list[str]
    most_cleanups: int


class Admission(Struct, frozen=True):
    """The pool that a worker works for, and the queues that it takes runs from; none: from all."""

    pool: WorkPool
    queues: list[Queue]


def abilities(hello: Hello) -> Abilities:
    """Raises UnsupportedVersion, and Invalid for a hello that contradicts itself."""
    if VERSION not in hello.supported_channel_versions:
        raise UnsupportedVersion(f"The worker does not speak {VERSION}.")
    asked = list(dict.fromkeys(hello.requested_capabilities))
    if missing := REQUIRED.difference(asked):
        raise Invalid(f"The worker must ask for {', '.join(sorted(missing))}.")
    kinds = list(dict.fromkeys(hello.handled_cleanup_kinds))
    if unknown := set(kinds) - KINDS:
        raise Invalid(f"Unknown kinds of cleanup: {', '.join(sorted(unknown))}.")
    most = hello.max_cleanup_concurrency
    if not isinstance(most, int):
        most = 1 if CLEANUPS in asked and kinds else 0
    if CLEANUPS not in asked and (kinds or most):
        raise Invalid(f"Kinds of cleanups, or how many, are for workers that ask for {CLEANUPS}.")
    cleans = CLEANUPS in asked and bool(kinds) and most > 0
    accepted = [each for each in asked if each in REQUIRED or (each == CLEANUPS and cleans)]
    return Abilities(
        accepted=accepted,
        rejected=[each for each in asked if each not in accepted],
        cleanup_kinds=kinds if cleans else [],
        most_cleanups=min(most, MOST_CLEANUPS) if cleans else 0,
    )


def admit(tx: Tx, pool_name: str, hello: Hello, now: datetime) -> Admission:
    """A worker comes in: its pool is made if need be, and gets the worker's template if it has none.

    Raises Forbidden when there is no such pool or queue for this worker, Invalid and NotFound for a template that
    cannot be used.
    """
    tx.begin()
    pool = query.locked(tx, pool_name) or _make(tx, pool_name, hello, now)
    queues = _queues(tx, pool, hello.work_queue_names)
    if hello.default_base_job_template and not msgspec.json.decode(pool.base_job_template):
        patch = WorkPoolUpdate(base_job_template=hello.default_base_job_template)
        work_pools.update(tx, pool_name, patch, now)
    beat(tx, pool_name, pool.id, hello.worker_name, hello.heartbeat_interval_seconds, now)
    return Admission(work_pools.read(tx, pool_name), queues)


def beat(tx: Tx, pool_name: str, pool_id: UUID, worker: str, interval: int, now: datetime) -> None:
    """A worker is alive. Raises Forbidden when its pool was deleted, even if there is one of that name again."""
    pool = query.stored(tx, pool_name)
    if pool is None or pool.id != pool_id:
        raise Forbidden(f"The work pool {pool_name!r} was deleted.")
    workers.heartbeat(tx, pool_name, Heartbeat(name=worker, heartbeat_interval_seconds=interval), now)


def pool_now(tx: Tx, pool_name: str, pool_id: UUID) -> WorkPool:
    """The pool as it is. Raises Forbidden when it was deleted."""
    pool = query.by_name(tx, pool_name)
    if pool is None or pool.id != pool_id:
        raise Forbidden(f"The work pool {pool_name!r} was deleted.")
    return pool


def _make(tx: Tx, name: str, hello: Hello, now: datetime) -> PoolRow:
    """The worker's pool, made now. No status is told: the heartbeat that follows makes it ready."""
    if not hello.create_pool_if_not_found:
        raise Forbidden(f"There is no work pool {name!r}, and the worker does not ask for one.")
    if name.lower().startswith(work_pools.RESERVED):
        raise Forbidden("Work pools starting with 'Prefect' are reserved for internal use.")
    try:
        msgspec.convert(name, PoolName)
    except msgspec.ValidationError as error:
        raise Forbidden(f"A work pool cannot be called {name!r}.") from error
    insist(tx, hello.default_base_job_template)
    new = WorkPoolCreate(name=name, type=hello.worker_type, base_job_template=hello.default_base_job_template)
    try:
        return work_pools.make(tx, new, now)
    except Conflict:  # another worker was faster
        made = query.locked(tx, name)
        if made is None:
            raise
        return made


def _queues(tx: Tx, pool: PoolRow, names: Sequence[str]) -> list[Queue]:
    known = {queue.name: queue.id for queue in queue_query.of_pool(tx, pool.id)}
    wanted = list(dict.fromkeys(names)) or list(known)
    if unknown := [name for name in wanted if name not in known]:
        raise Forbidden(f"The work pool {pool.name!r} has no queue {unknown[0]!r}.")
    return [Queue(id=known[name], name=name) for name in wanted]
