"""Runs that schedules make, ahead of their time. Three steps, so that nobody waits for arithmetic:

    lacking, of_deployment    reads which schedules want runs, and for which times they have some
    planned                   works out the times that are missing: no database, and any thread
    insert                    writes runs, unless schedule or deployment were changed in between

A run is one of its schedule and its time: its idempotency key says both, and the unique index decides. So any number
of servers may do this at once, and a pass that is missed or doubled does no harm.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from orchd.config.settings import SchedulerSettings
from orchd.db import Tx
from orchd.kit.clock import as_utc
from orchd.kit.ids import uuid7
from orchd.kit.jsontext import Raw, decode, encode
from orchd.kit.names import random_name
from orchd.queries import scheduled_runs as query
from orchd.queries.scheduled_runs import ScheduleRow, Wanted
from orchd.schedules import Timetable
from orchd.wire.deployment_lists import RunsToSchedule
from orchd.wire.flow_runs import FlowRunPolicy
from orchd.wire.schedules import schedule_of, zone_of
from orchd.wire.states import State, StateDetails, StateType

TAG = "auto-scheduled"
MESSAGE = "Flow run scheduled"
_TICK = timedelta(microseconds=1)
_POLICY = Raw(encode(FlowRunPolicy()))
_OBJECT = Raw(b"{}")


class Horizon(Struct, frozen=True):
    """How far a schedule makes runs: from `start` until there are `min_runs` and one lies at `ahead` or later.

    At most `max_runs`, and none after `end`.
    """

    start: datetime
    end: datetime
    ahead: datetime
    min_runs: int
    max_runs: int


def usual_horizon(settings: SchedulerSettings, now: datetime) -> Horizon:
    """How far ahead schedules make runs of themselves."""
    return Horizon(
        start=now,
        end=now + settings.max_scheduled_time,
        ahead=now + settings.min_scheduled_time,
        min_runs=settings.min_runs,
        max_runs=settings.max_runs,
    )


def asked_horizon(asked: RunsToSchedule, settings: SchedulerSettings, now: datetime) -> Horizon:
    """What somebody asks for; what they leave out is as usual."""
    start = as_utc(asked.start_time or now)
    usual = usual_horizon(settings, start)
    return Horizon(
        start=start,
        end=usual.end if asked.end_time is None else as_utc(asked.end_time),
        ahead=usual.ahead if asked.min_time is None else start + timedelta(seconds=asked.min_time),
        min_runs=usual.min_runs if asked.min_runs is None else asked.min_runs,
        max_runs=usual.max_runs if asked.max_runs is None else asked.max_runs,
    )


class Lacking(Struct, frozen=True):
    """A schedule that wants runs, and the times for which it has some already."""

    row: ScheduleRow
    has: set[datetime]


class Planned(Struct, frozen=True):
    """A schedule, and the times for which it gets runs. `fault`: why that cannot be said."""

    row: ScheduleRow
    zone: ZoneInfo
    times: Sequence[datetime]
    fault: str | None = None


def lacking(tx: Tx, horizon: Horizon, after: UUID | None, limit: int) -> list[Lacking]:
    """Schedules with too few runs, by id from beyond `after`."""
    wanted = Wanted(horizon.start, horizon.ahead, horizon.min_runs)
    return _with_times(tx, query.lacking(tx, wanted, after, limit), horizon)


def of_deployment(tx: Tx, id: UUID, horizon: Horizon) -> list[Lacking]:
    """The active schedules of a deployment, which may be paused."""
    return _with_times(tx, query.active_of(tx, id), horizon)


def _with_times(tx: Tx, rows: Sequence[ScheduleRow], horizon: Horizon) -> list[Lacking]:
    if not rows:
        return []
    has = query.waiting(tx, [row.id for row in rows], horizon.start, horizon.end)
    return [Lacking(row, has[row.id]) for row in rows]


def planned(wanting: Sequence[Lacking], horizon: Horizon) -> list[Planned]:
    """The times that are missing. What is wrong with one schedule holds up none of the others."""
    return [_plan(each, horizon) for each in wanting]


def _plan(wanting: Lacking, horizon: Horizon) -> Planned:
    try:
        schedule = schedule_of(decode(wanting.row.schedule))
        zone = zone_of(schedule)
        times = [each for each in times_of(schedule.timetable(), horizon) if each not in wanting.has]
    except Exception as error:  # whatever it is: others wait
        return Planned(wanting.row, ZoneInfo("UTC"), (), f"{type(error).__name__}: {error}")
    return Planned(wanting.row, zone, times)


def times_of(timetable: Timetable, horizon: Horizon) -> Iterator[datetime]:
    """The times up to the horizon."""
    due = timetable.between(horizon.start, horizon.end + _TICK)
    for number, moment in enumerate(islice(due, max(0, horizon.max_runs)), 1):
        yield moment
        if number >= horizon.min_runs and moment >= horizon.ahead:
            return


def portions(plans: Sequence[Planned], most: int) -> Iterator[list[Planned]]:
    """The same in parts of so many runs, each for one short transaction."""
    part, room = list[Planned](), most
    for each in plans:
        times = each.times
        while times:
            part.append(replace(each, times=times[:room]))
            times, room = times[room:], room - min(room, len(times))
            if not room:
                yield part
                part, room = [], most
    if part:
        yield part


def insert(tx: Tx, plans: Sequence[Planned], now: datetime) -> int:
    """Writes runs; says how many. None for what was changed since it was planned: that change asks for its own."""
    current = query.locked(tx, [each.row.id for each in plans])
    runs, states = list[dict[str, Any]](), list[dict[str, Any]]()
    for plan in plans:
        if current.get(plan.row.id) == (plan.row.updated, plan.row.deployment_updated):
            template = _template(plan.row, now)
            for moment in plan.times:
                run, state = _run(template, plan, moment, now)
                runs.append(run)
                states.append(state)
    return query.insert_all(tx, runs, states)


def _template(row: ScheduleRow, now: datetime) -> dict[str, Any]:
    """What all runs of a schedule have in common."""
    kind = type(schedule_of(decode(row.schedule))).__name__
    labels = {"prefect.flow.id": str(row.flow_id), "prefect.deployment.id": str(row.deployment_id)}
    common = {
        "created": now,
        "updated": now,
        "flow_id": row.flow_id,
        "deployment_id": row.deployment_id,
        "deployment_version": row.version,
        "work_queue_id": row.work_queue_id,
        "work_queue_name": row.work_queue_name,
        "parameters": Raw(encode({**decode(row.deployment_parameters), **decode(row.parameters)})),
        "context": _OBJECT,
        "auto_scheduled": True,
        "infrastructure_document_id": row.infrastructure_document_id,
        "created_by": Raw(encode({"id": row.id, "type": "SCHEDULE", "display_value": row.slug or kind})),
        "job_variables": _OBJECT,
        "tags": Raw(encode(list(dict.fromkeys([TAG, *decode(row.tags)])))),
        "labels": Raw(encode({**decode(row.labels), **labels})),
        "empirical_policy": _POLICY,
        "run_count": 0,
        "total_run_time": 0.0,
        "state_type": StateType.SCHEDULED.value,
        "state_name": "Scheduled",
        "state_timestamp": now,
        "schedule_id": row.id,
    }
    return {**dict.fromkeys(query.RUN_COLUMNS), **common}


def _run(
    template: dict[str, Any], plan: Planned, moment: datetime, now: datetime
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The rows of a run and of its first state."""
    details = StateDetails(scheduled_time=moment)
    state = State(
        id=uuid7(), type=StateType.SCHEDULED, name="Scheduled", timestamp=now, message=MESSAGE, state_details=details
    )
    run = template | {
        "id": uuid7(),
        "name": random_name(),
        "idempotency_key": _key(plan, moment),
        "expected_start_time": moment,
        "next_scheduled_start_time": moment,
        "state_id": state.id,
        "state": Raw(encode(state)),
    }
    return run, {
        "id": state.id,
        "created": now,
        "updated": now,
        "flow_run_id": run["id"],
        "type": StateType.SCHEDULED.value,
        "name": state.name,
        "timestamp": now,
        "message": MESSAGE,
        "state_details": details,
        "data": None,
    }


def _key(plan: Planned, moment: datetime) -> str:
    """Tells the run from all others: whose it is, and when, on the wall clock of its schedule."""
    return f"scheduled {plan.row.deployment_id} {plan.row.id} {moment.astimezone(plan.zone)}"
