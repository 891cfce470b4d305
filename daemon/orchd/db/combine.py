"""Several writes as one PostgreSQL statement: `WITH w0 AS (INSERT ...), w1 AS (UPDATE ...) SELECT`.

Triggers of foreign keys fire at the end of the whole statement, so a state may be written beside its run. Guarded, the
first write decides: the others take place only where it touched a row.
"""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy.engine import Dialect

from orchd.db.statement import Compiled
from orchd.db.transaction import Write

_PLACE = re.compile(r"\$(\d+)")
_VALUES = re.compile(r" VALUES \((.*)\)((?: ON CONFLICT.*)?)", re.DOTALL)
_HELD = "EXISTS (SELECT 1 FROM w0)"
_known: dict[tuple[bool, tuple[int, ...]], "Combined"] = {}


class Combined:
    """The text of one combination of statements, made at first use."""

    __slots__ = ("_parts", "_statements", "sql")

    def __init__(self, writes: Sequence[Write], dialect: Dialect, *, guarded: bool) -> None:
        self._statements = [write.statement for write in writes]  # kept, so that their ids stay theirs
        self._parts: list[Compiled] = [write.statement.compiled(dialect) for write in writes]
        texts, offset = [], 0
        for at, part in enumerate(self._parts):
            sql = _shifted(part.sql, offset)
            if guarded:
                sql = f"{sql} RETURNING 1" if at == 0 else _conditional(sql)
            texts.append(f"w{at} AS ({sql})")
            offset += part.size
        self.sql = f"WITH {', '.join(texts)} SELECT {_HELD if guarded else 'true'}"

    @classmethod
    def of(cls, writes: Sequence[Write], dialect: Dialect, *, guarded: bool = False) -> "Combined":
        """The combination of these statements."""
        key = (guarded, tuple(id(write.statement) for write in writes))
        found = _known.get(key)
        if found is None:
            found = _known[key] = cls(writes, dialect, guarded=guarded)
        return found

    def bind(self, writes: Sequence[Write]) -> list[Any]:
        """All parameters, in order."""
        return [value for part, write in zip(self._parts, writes, strict=True) for value in part.bind(write.params)]


def _shifted(sql: str, offset: int) -> str:
    return _PLACE.sub(lambda found: f"${int(found[1]) + offset}", sql) if offset else sql


def _conditional(sql: str) -> str:
    """The write, taking place only where the guard did. Known are what `Statement` makes: INSERT of one row, UPDATE."""
    if sql.startswith("INSERT"):
        return _VALUES.sub(rf" SELECT \1 WHERE {_HELD}\2", sql)
    return f"{sql} AND {_HELD}"
