"""Limits of tags in the older API: a view of the limits named `tag:<tag>`, whose slots task runs hold by leases."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from msgspec.structs import replace

from orchd.db import Tx
from orchd.domain import leases
from orchd.domain.concurrency_limits import fresh, tell
from orchd.errors import Conflict, Locked, NotFound
from orchd.queries import concurrency_limits as query
from orchd.queries import tag_limits as tags
from orchd.queries.concurrency_limits import TAG, LimitRow
from orchd.queries.tag_limits import TagRow
from orchd.wire.concurrency_limits import TagLimit, TagLimitCreate, TagSlots
from orchd.wire.v2_concurrency_limits import LimitCreate, LimitNamed


class Put(NamedTuple):
    """A tag's limit, and whether it is new."""

    limit: TagLimit
    new: bool


def read(tx: Tx, key: UUID | str) -> TagLimit:
    """The limit with that id, or of that tag. Raises NotFound."""
    found = tags.by_key(tx, key if isinstance(key, UUID) else TAG + key)
    if found is None:
        raise NotFound("Concurrency limit not found")
    return _shown(found)


def page(tx: Tx, limit: int, offset: int) -> list[TagLimit]:
    """The limits of tags in the order of their names."""
    return [_shown(row) for row in tags.page(tx, limit, offset)]


def put(tx: Tx, wanted: TagLimitCreate, now: datetime) -> Put:
    """Gives a tag a limit, or changes the one that it has."""
    row = fresh(LimitCreate(name=TAG + wanted.tag, limit=wanted.concurrency_limit), now)
    new = query.insert_new(tx, row)
    if not new:
        found = query.lock_by_name(tx, row.name)
        if found is None:
            raise Conflict(f"The limit of tag {wanted.tag!r} was deleted meanwhile; ask again.")
        query.change(tx, found.id, {"limit": wanted.concurrency_limit, "updated": now})
        row = replace(found, limit=wanted.concurrency_limit)
    limit = read(tx, wanted.tag)
    tell(tx, "created" if new else "updated", row, now)
    return Put(limit, new)


def delete(tx: Tx, key: UUID | str, now: datetime) -> None:
    """Deletes the limit with that id, or of that tag. Raises NotFound."""
    removed = query.remove(tx, read(tx, key).id)
    if removed is not None:
        tell(tx, "deleted", removed, now)


def reset(tx: Tx, tag: str, holders: list[UUID] | None, now: datetime) -> None:
    """Takes the tag's slots away from all who hold them and gives one to each of these task runs. Raises NotFound."""
    row = query.lock_by_name(tx, TAG + tag)
    if row is None:
        raise NotFound("Concurrency limit not found")
    query.give_up_limit(tx, row.id)
    holders = holders or []
    for holder in holders:
        tx.run_all(query.new_lease(leases.lease(("task_run", holder), now, leases.FOR_EVER), [row], 1))
    tx.run_all([query.counts(replace(row, active_slots=float(len(holders)), decayed_at=now), now)])


def increment(tx: Tx, body: TagSlots, wait: float, now: datetime) -> list[LimitNamed]:
    """Takes one slot of each tag that has a limit, or none. Raises Locked; `wait` is what the caller is told then."""
    rows = [leases.decayed(row, now) for row in query.lock_named(tx, _names(body)) if row.active]
    rows.sort(key=lambda row: row.name)
    for row in rows:
        tag = row.name.removeprefix(TAG)
        if row.limit == 0:
            raise Locked(
                f'The concurrency limit on tag "{tag}" is 0 and will deadlock if the task tries to run again.', None
            )
        if row.active_slots >= row.limit:
            raise Locked(f"Concurrency limit for the {tag} tag has been reached", wait)
    if rows:
        leases.take(tx, rows, 1, leases.lease(("task_run", body.task_run_id), now, leases.FOR_EVER), now)
    return [LimitNamed(id=row.id, name=row.name.removeprefix(TAG), limit=row.limit) for row in rows]


def decrement(tx: Tx, body: TagSlots, now: datetime) -> list[LimitNamed]:
    """Gives back what the task run holds of these tags. A lease goes as a whole: with all tags it was taken for."""
    rows: list[LimitRow] = sorted(query.named(tx, _names(body)), key=lambda row: row.name)
    leases.release_tags(tx, body.task_run_id, now, {row.id for row in rows})
    return [LimitNamed(id=row.id, name=row.name, limit=row.limit) for row in rows]


def _names(body: TagSlots) -> list[str]:
    return [TAG + name for name in body.names]


def _shown(row: TagRow) -> TagLimit:
    return TagLimit(
        id=row.id,
        created=row.created,
        updated=row.updated,
        tag=row.name.removeprefix(TAG),
        concurrency_limit=row.limit,
        active_slots=row.holders,
    )
