"""Statements compiled once.

SQLAlchemy Core spends 30-60 microseconds of every execution on things that never change: looking the compiled text
up, pairing parameters with columns, wrapping rows. A `Statement` does that once for each dialect and then hands the
text and a plain tuple to the driver. Hot paths use it; queries that are put together from filters use `Tx.execute`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Insert, Select, bindparam
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeDecorator, TypeEngine

from orchd.db.types import as_text

Params = Mapping[str, Any]

FEW = 8  # rows for which looking at columns does not pay


class Compiled:
    """The text for one dialect, how to bind its parameters, and how to read its rows."""

    __slots__ = ("_bind", "_readers", "size", "sql")

    def __init__(self, core: ClauseElement, dialect: Dialect, *, answers: bool) -> None:
        compiled = cast("SQLCompiler", core.compile(dialect=dialect))
        self.sql = str(compiled)
        names = compiled.positiontup or []
        fixed = {name: value for name, value in compiled.params.items() if not compiled.binds[name].required}
        self._bind = [
            (name, name in fixed, fixed.get(name), _bind_processor(compiled.binds[name].type, dialect))
            for name in names
        ]
        self.size = len(self._bind)
        columns = list(getattr(core, "exported_columns", ()))
        readers = [(at, _result_processor(column.type, dialect)) for at, column in enumerate(columns)]
        self._readers = [(at, as_text(read) if answers else read) for at, read in readers if read is not None]

    def bind(self, params: Params) -> list[Any]:
        """The parameters in the order of the text. Raises KeyError when one is missing."""
        out = []
        for name, has_default, default, process in self._bind:
            value = params.get(name, default) if has_default else params[name]
            out.append(value if process is None or value is None else process(value))
        return out

    def bind_all(self, rows: Sequence[Params]) -> list[tuple[Any, ...]]:
        """The parameters of many rows, by columns: half the time of one row after the other."""
        columns: list[list[Any]] = []
        for name, has_default, default, process in self._bind:
            values = [row.get(name, default) for row in rows] if has_default else [row[name] for row in rows]
            if process is not None:
                values = [None if value is None else process(value) for value in values]
            columns.append(values)
        return list(zip(*columns, strict=True))

    def read(self, row: Sequence[Any]) -> list[Any]:
        """The row's values as Python values."""
        values = list(row)
        for at, process in self._readers:
            value = values[at]
            if value is not None:
                values[at] = process(value)
        return values

    def read_all(self, rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
        """Many rows, by columns: in a page most ids and times repeat, within a column and from one to the next.

        Each value is then read only once.
        """
        if len(rows) < FEW or not self._readers:
            return [self.read(row) for row in rows]
        columns: list[Iterable[Any]] = list(zip(*rows, strict=True))
        read: dict[Callable[[Any], Any], dict[Any, Any]] = {}
        for at, process in self._readers:
            known = read.setdefault(process, {None: None})
            known.update((value, process(value)) for value in set(columns[at]).difference(known))
            columns[at] = [known[value] for value in columns[at]]
        return list(map(list, zip(*columns, strict=True)))


class Statement:
    """One Core statement for a hot path. Its parameters are named: `bindparam("id")`.

    `answers`: its rows only become answers. Where the driver gives no objects of its own, ids and times are then read
    as the text that travels, which saves a third of a page's time.
    """

    __slots__ = ("_answers", "_compiled", "core", "names", "writes")

    def __init__(self, core: ClauseElement, *, answers: bool = False) -> None:
        self._answers = answers
        self.core = _with_named_values(core)
        self.writes = not isinstance(core, Select) or core._for_update_arg is not None
        self.names = [column.key for column in getattr(core, "exported_columns", ())]
        self._compiled: dict[str, Compiled] = {}

    def compiled(self, dialect: Dialect) -> Compiled:
        """The compiled form for a dialect, made at first use."""
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = Compiled(self.core, dialect, answers=self._answers)
        return found


def _with_named_values(core: ClauseElement) -> ClauseElement:
    """An INSERT without values takes one parameter for each column, named like it."""
    if isinstance(core, Insert) and not core._values and core.select is None:
        return core.values({column: bindparam(column.key, type_=column.type) for column in core.table.columns})
    return core


def _bind_processor(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _result_processor(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    if dialect.name == "postgresql" and not isinstance(kind, TypeDecorator):
        return None  # asyncpg's own decoding is what we want
    return kind.dialect_impl(dialect).result_processor(dialect, None)
