"""Schedules of deployments: made, changed and removed alone or with their deployment."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import UNSET, Struct

from orchd.db import Tx
from orchd.domain import schedules
from orchd.errors import Invalid, NotFound
from orchd.kit.ids import uuid7
from orchd.queries import deployment_schedules as query
from orchd.queries import deployments
from orchd.wire.schedules import DeploymentSchedule, ScheduleCreate, ScheduleUpdate

SIGNAL = "schedules"
"""The wake-up of the scheduler: a schedule, or what its runs take from their deployment, was changed."""

MISSING = "Schedule not found."
MISSING_DEPLOYMENT = "Deployment not found."
_TICK = timedelta(microseconds=1)  # between schedules that are made at once, so that their order is kept


def of_deployment(tx: Tx, id: UUID) -> list[DeploymentSchedule]:
    """A deployment's schedules, the one changed last first. Raises NotFound."""
    if deployments.by_id(tx, id) is None:
        raise NotFound(MISSING_DEPLOYMENT)
    return query.of_deployment(tx, id)


def create(tx: Tx, id: UUID, new: Sequence[ScheduleCreate], now: datetime) -> list[DeploymentSchedule]:
    """More schedules of a deployment. Raises NotFound, and Conflict for a slug that it has already."""
    if deployments.locked(tx, id) is None:
        raise NotFound(MISSING_DEPLOYMENT)
    tx.signals.add(SIGNAL)
    return insert(tx, id, new, now)


def insert(tx: Tx, id: UUID, new: Sequence[ScheduleCreate | ScheduleUpdate], now: datetime) -> list[DeploymentSchedule]:
    """Writes new schedules of a deployment that exists; those of a change that say no schedule are left out."""
    rows = [_row(id, each, each.schedule, now + at * _TICK) for at, each in enumerate(new) if each.schedule]
    query.insert_all(tx, rows)
    return [DeploymentSchedule(**row) for row in rows]


def replace_all(
    tx: Tx, id: UUID, new: Sequence[ScheduleCreate | ScheduleUpdate], now: datetime
) -> list[DeploymentSchedule]:
    """Exchanges a deployment's schedules for others, which get ids of their own."""
    query.remove_all(tx, id)
    return insert(tx, id, new, now)


def update(tx: Tx, deployment_id: UUID, id: UUID, patch: ScheduleUpdate, now: datetime) -> None:
    """Changes a schedule; the runs that the deployment's schedules have made for the future go. Raises NotFound."""
    if deployments.locked(tx, deployment_id) is None:
        raise NotFound(MISSING_DEPLOYMENT)
    if not query.change(tx, deployment_id, id, _changed(patch, now)):
        raise NotFound(MISSING)
    deployments.drop_waiting_runs(tx, deployment_id, since=now)
    tx.signals.add(SIGNAL)


def delete(tx: Tx, deployment_id: UUID, id: UUID) -> None:
    """Deletes a schedule, and all runs that the deployment's schedules have made. Raises NotFound."""
    if deployments.locked(tx, deployment_id) is None:
        raise NotFound(MISSING_DEPLOYMENT)
    if not query.remove(tx, deployment_id, id):
        raise NotFound(MISSING)
    deployments.drop_waiting_runs(tx, deployment_id)
    tx.signals.add(SIGNAL)


class _Plan(Struct, frozen=True):
    """Which schedules change, and which are new."""

    changed: list[tuple[DeploymentSchedule, ScheduleUpdate]]
    new: list[ScheduleUpdate]


def apply(tx: Tx, id: UUID, given: Sequence[ScheduleUpdate], now: datetime) -> None:
    """The schedules in a change of their deployment.

    Where all of the present ones have slugs, those that are meant are changed and keep their ids, and the others stay;
    otherwise the given ones take their place. Raises Invalid for what cannot be told apart.
    """
    present = query.of_deployment(tx, id)
    if any(each.slug is None for each in present) or not present:
        replace_all(tx, id, given, now)
        return
    plan = _plan({each.slug or "": each for each in present}, given)
    renamed = [old.id for old, each in plan.changed if each.slug and each.slug != old.slug]
    query.clear_slugs(tx, renamed)
    for at, (old, each) in enumerate(plan.changed):
        query.change(tx, id, old.id, _changed(each, now + at * _TICK))
    insert(tx, id, plan.new, now + len(plan.changed) * _TICK)


def _plan(present: dict[str, DeploymentSchedule], given: Sequence[ScheduleUpdate]) -> _Plan:
    plan = _Plan([], [])
    replaced = {each.replaces for each in given if each.replaces}
    targets = [each.replaces or each.slug for each in given]
    if None in targets or not all(each.slug for each in given):
        raise Invalid("Please provide a slug for each schedule: the deployment's schedules are told apart by theirs.")
    if len(set(targets)) < len(targets) or len({each.slug for each in given}) < len(given):
        raise Invalid("Two of the given schedules have, or replace, the same slug.")
    for target, each in zip(targets, given, strict=True):
        slug = each.slug or ""
        if slug != target and slug in present and slug not in replaced:
            raise Invalid(f"The slug {slug!r} is another schedule's.")
        if target in present:
            plan.changed.append((present[target or ""], each))
        elif each.schedule is None:
            raise Invalid(f"There is no schedule {target!r}, and a new one needs a `schedule`.")
        else:
            plan.new.append(each)
    return plan


def _row(
    deployment_id: UUID, new: ScheduleCreate | ScheduleUpdate, schedule: dict[str, Any] | None, now: datetime
) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "created": now,
        "updated": now,
        "deployment_id": deployment_id,
        "schedule": schedules.kept(schedule or {}, now),
        "active": True if new.active is None else new.active,
        "max_scheduled_runs": new.max_scheduled_runs,
        "parameters": new.parameters or {},
        "slug": new.slug,
    }


def _changed(patch: ScheduleUpdate, now: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {"updated": now}
    if patch.schedule is not None:
        values["schedule"] = schedules.kept(patch.schedule, now)
    for name in ("active", "max_scheduled_runs", "parameters", "slug"):
        value = getattr(patch, name)
        if value is not None and value is not UNSET:
            values[name] = value
    return values
