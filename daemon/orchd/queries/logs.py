"""Questions about log lines, and writing them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, select, tuple_

from orchd.db import Statement, Tx
from orchd.db.tables import log
from orchd.kit.clock import as_utc
from orchd.queries import _filters as filters
from orchd.queries._bulk import Rows, bulk_insert
from orchd.queries._text import matches
from orchd.wire.filters import Operator
from orchd.wire.logs import LevelBetween, Log, LogFilter, LogSort, OfTaskRun

_WRITTEN = ("id", "created", "name", "level", "message", "timestamp", "flow_run_id", "task_run_id")
_INSERT = bulk_insert(log, _WRITTEN)

_COLUMNS = [log.c["created" if name == "updated" else name] for name in Log.__struct_fields__]  # a line never changes
_ORDERS = {
    LogSort.TIMESTAMP_ASC: (log.c.timestamp.asc(), log.c.seq.asc()),
    LogSort.TIMESTAMP_DESC: (log.c.timestamp.desc(), log.c.seq.desc()),
}
_OWNERS = ("flow_run_id", "task_run_id")
_BRIEF = ("id", "created", "name", "level", "message", "timestamp")
_EARLIEST, _LATEST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
_LOWEST, _HIGHEST = -(2**31), 2**31 - 1


def _statement_of(owner: str, sort: LogSort) -> Statement:
    """A page of the lines of one run, which is what nearly every reader wants: compiled once, nothing read twice."""
    (other,) = set(_OWNERS) - {owner}
    return Statement(
        select(*(log.c[name] for name in (*_BRIEF, other)))
        .where(
            log.c[owner] == bindparam("owner"),
            log.c.timestamp.between(bindparam("after"), bindparam("before")),
            log.c.level.between(bindparam("lowest"), bindparam("highest")),
        )
        .order_by(*_ORDERS[sort])
        .limit(bindparam("limit"))
        .offset(bindparam("offset")),
        answers=True,
    )


_OF_ONE = {(owner, sort): _statement_of(owner, sort) for owner in _OWNERS for sort in LogSort}

_DOWNLOAD = Statement(
    select(log.c.seq, log.c.timestamp, log.c.level, log.c.flow_run_id, log.c.task_run_id, log.c.message)
    .where(
        log.c.flow_run_id == bindparam("flow_run_id"),
        tuple_(log.c.timestamp, log.c.seq)
        > tuple_(bindparam("timestamp", type_=log.c.timestamp.type), bindparam("seq", type_=log.c.seq.type)),
    )
    .order_by(log.c.timestamp, log.c.seq)
    .limit(bindparam("limit"))
)


class Place(NamedTuple):
    """Where in the lines of a run a reader stands: behind this one."""

    timestamp: datetime = _EARLIEST
    seq: int = 0


def insert(tx: Tx, rows: Rows) -> None:
    """Writes lines in this order. Nothing may be written after them: see `Tx.run_all`."""
    _INSERT.run_last(tx, rows)


def page(tx: Tx, asked: LogFilter | None, sort: LogSort, limit: int, offset: int) -> list[Log]:
    """The lines that match, in order."""
    owner = None if asked is None else _one_owner(asked)
    if asked is None or owner is None:
        found = select(*_COLUMNS).where(_condition(asked)).order_by(*_ORDERS[sort]).limit(limit).offset(offset)
        rows: Any = tx.execute(found)
        return [Log(*row) for row in rows]
    kind, key = owner
    lines = tx.fetch(_OF_ONE[kind, sort], {"owner": key, "limit": limit, "offset": offset, **_bounds(asked)})
    if kind == "flow_run_id":
        return [Log(id, at, at, name, level, text, time, key, task) for id, at, name, level, text, time, task in lines]
    return [Log(id, at, at, name, level, text, time, run, key) for id, at, name, level, text, time, run in lines]


def after(tx: Tx, flow_run_id: UUID, place: Place, limit: int) -> tuple[list[Sequence[Any]], Place]:
    """Lines of a run behind a place, as (timestamp, level, flow run, task run, message), and where they end."""
    rows = tx.fetch(_DOWNLOAD, {"flow_run_id": flow_run_id, "limit": limit, **place._asdict()})
    end = Place(rows[-1][1], rows[-1][0]) if rows else place
    return [row[1:] for row in rows], end


def _one_owner(asked: LogFilter) -> tuple[str, UUID] | None:
    """The one run whose lines are asked for, when nothing but level and time narrows them further."""
    if asked.text is not None or asked.operator is not Operator.AND:
        return None
    task_run = asked.task_run_id
    if task_run is not None and task_run.is_null_ is not None:
        return None
    given = [(name, each.any_) for name, each in zip(_OWNERS, (asked.flow_run_id, task_run), strict=True) if each]
    given = [(name, ids) for name, ids in given if ids is not None]
    if len(given) != 1:
        return None
    name, ids = given[0]
    return (name, ids[0]) if ids is not None and len(ids) == 1 else None


def _bounds(asked: LogFilter) -> dict[str, Any]:
    level, time = asked.level, asked.timestamp
    return {
        "lowest": _LOWEST if level is None or level.ge_ is None else level.ge_,
        "highest": _HIGHEST if level is None or level.le_ is None else level.le_,
        "after": _EARLIEST if time is None or time.after_ is None else as_utc(time.after_),
        "before": _LATEST if time is None or time.before_ is None else as_utc(time.before_),
    }


def _condition(asked: LogFilter | None) -> filters.Condition:
    if asked is None:
        return filters.together()
    return filters.joined(
        asked.operator,
        [
            _of_level(asked.level),
            filters.between(log.c.timestamp, asked.timestamp),
            filters.only_among(log.c.flow_run_id, asked.flow_run_id),
            _of_task_run(asked.task_run_id),
            None if asked.text is None else matches(log.c.message + " " + log.c.name, asked.text.query),
        ],
    )


def _of_level(asked: LevelBetween | None) -> filters.Condition | None:
    if asked is None:
        return None
    return filters.together(
        None if asked.ge_ is None else log.c.level >= asked.ge_,
        None if asked.le_ is None else log.c.level <= asked.le_,
    )


def _of_task_run(asked: OfTaskRun | None) -> filters.Condition | None:
    if asked is None:
        return None
    return filters.together(
        filters.among(log.c.task_run_id, asked.any_), filters.null(log.c.task_run_id, asked.is_null_)
    )
