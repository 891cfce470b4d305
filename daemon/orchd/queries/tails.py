"""Following a table that only grows: each row is handed out once, none is passed over.

`seq` orders the rows, but it is given before the commit: a number may become visible after a higher one. SQLite has
one writer, so there the order of `seq` is that of the commits. PostgreSQL's rows carry the transaction that wrote them
(`xid`), and a place is a snapshot: what is new since then was written by transactions that it saw running, or that
began after it.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, BigInteger, Select, Table, Text, bindparam, column, func, select, text

from orchd.db import Statement, Tx
from orchd.db.tables import event, log
from orchd.wire.events import ReceivedEvent
from orchd.wire.logs import Log


class Place(NamedTuple):
    """How far a reader has come."""

    seq: int = 0
    seen: str = ""
    """PostgreSQL: the snapshot up to which everything has been read."""
    reading: str = ""
    """PostgreSQL: the snapshot that is being read, page by page, behind `seq`; empty between two readings."""


class Tail:
    """The end of one table."""

    def __init__(self, table: Table, columns: Sequence[Any]) -> None:
        seq = table.c.seq
        behind = select(seq, *columns).where(seq > bindparam("seq")).order_by(seq).limit(bindparam("limit"))
        self._end = Statement(select(func.coalesce(func.max(seq), 0)))
        self._rows = Statement(behind)
        self._new_rows = Statement(_written_between(behind))

    def end(self, tx: Tx) -> Place:
        """Behind everything that is committed now."""
        if tx.is_postgres():
            return Place(seen=_snapshot(tx))
        return Place(seq=tx.fetch(self._end, {})[0][0])

    def read(self, tx: Tx, place: Place, limit: int) -> tuple[list[list[Any]], Place]:
        """The next rows behind a place, and the place behind them. Fewer than `limit`: that was all."""
        if tx.is_postgres():
            return self._read_between(tx, place, limit)
        rows = tx.fetch(self._rows, {"seq": place.seq, "limit": limit})
        return [row[1:] for row in rows], Place(rows[-1][0]) if rows else place

    def _read_between(self, tx: Tx, place: Place, limit: int) -> tuple[list[list[Any]], Place]:
        reading = place.reading or _snapshot(tx)
        _, first_new, running = place.seen.split(":")
        since = {"first_new": int(first_new), "running": [int(each) for each in running.split(",") if each]}
        rows = tx.fetch(self._new_rows, {"seq": place.seq, "limit": limit, "reading": reading, **since})
        last = Place(rows[-1][0], place.seen, reading) if len(rows) == limit else Place(seen=reading)
        return [row[1:] for row in rows], last


_SNAPSHOT = Statement(select(func.pg_current_snapshot().cast(Text)))


def _snapshot(tx: Tx) -> str:
    """`xmin:xmax:running`, the transactions that are committed now: those below xmax that are not running."""
    return str(tx.fetch(_SNAPSHOT, {})[0][0])


def _written_between(rows: Select[Any]) -> Select[Any]:
    """Rows whose transaction the one snapshot did not see and the other sees."""
    xid: Any = column("xid", BigInteger)
    is_new = (xid >= bindparam("first_new")) | (xid == func.any(bindparam("running", type_=ARRAY(BigInteger))))
    is_seen = text("pg_visible_in_snapshot(xid::text::xid8, CAST(CAST(:reading AS text) AS pg_snapshot))")
    return rows.where(is_new, is_seen.bindparams(bindparam("reading", type_=Text)))


EVENTS = Tail(event, [event.c[name] for name in ReceivedEvent.__struct_fields__])
"""Rows for `ReceivedEvent`."""
LOGS = Tail(log, [log.c["created" if name == "updated" else name] for name in Log.__struct_fields__])
"""Rows for `Log`; a line never changes."""
