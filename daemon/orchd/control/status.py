"""`status`, `services`: how the daemon fares."""

import os
from asyncio import to_thread

import msgspec

from orchd import __version__
from orchd.control.jobs import Job
from orchd.control.operated import Operated
from orchd.db.migrate.planning import schema_of
from orchd.errors import Unavailable
from orchd.wire.control import Daemon, Schema, Service


async def status(daemon: Operated, job: Job | None) -> Daemon:
    """What an operator wants to know first."""
    lifecycle, url = daemon.lifecycle, str(daemon.loaded.settings.database.url)
    reports = services(daemon)
    return Daemon(
        version=__version__,
        pid=os.getpid(),
        phase=lifecycle.phase.value,
        reason=lifecycle.reason,
        started=lifecycle.started,
        since=lifecycle.since,
        addresses=daemon.addresses,
        configuration=None if daemon.loaded.path is None else str(daemon.loaded.path),
        database=url,
        schema=None if job is not None else await _schema(daemon, url),
        work=None if job is None else job.described(),
        services=len(reports),
        failing=[report.name for report in reports if report.last_error],
    )


async def _schema(daemon: Operated, url: str) -> Schema | None:
    try:
        return await to_thread(schema_of, daemon.schema.place, url)
    except Unavailable:
        return None


def services(daemon: Operated) -> list[Service]:
    """How each background service fares."""
    return [msgspec.convert(report, Service, from_attributes=True) for report in daemon.services()]
