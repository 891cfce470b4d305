"""From the operators of filters to conditions. A criterion that asks nothing becomes None and is left out."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, FromClause, Select, and_, exists, false, func, or_, select, true
from sqlalchemy.sql.elements import True_

from orchd.kit.clock import as_utc
from orchd.queries._functions import HasAll, HasAny, IsEmpty
from orchd.wire.filters import IdAny, IdAnyOrNot, Name, Operator, TextAny

Condition = ColumnElement[bool]
Column = ColumnElement[Any]


def joined(operator: Operator, criteria: Iterable[Condition | None]) -> Condition:
    """The criteria as alternatives or all together; true when none asks anything."""
    asked = [each for each in criteria if each is not None]
    if not asked:
        return true()
    return or_(*asked) if operator is Operator.OR else and_(*asked)


def together(*criteria: Condition | None) -> Condition:
    """All of the criteria; true when none asks anything."""
    return joined(Operator.AND, criteria)


def is_everything(condition: Condition) -> bool:
    """Whether nothing was asked at all."""
    return isinstance(condition, True_)


def among(column: Column, values: Sequence[Any] | None) -> Condition | None:
    """`any_`: nothing is among no values."""
    if values is None:
        return None
    return column.in_(values) if values else false()


def not_among(column: Column, values: Sequence[Any] | None) -> Condition | None:
    """`not_any_`. What is null is not known to differ, and does not match."""
    return column.not_in(values) if values else None


def among_or_not(column: Column, asked: Any) -> Condition | None:
    """An object of `any_` and `not_any_`."""
    return None if asked is None else together(among(column, asked.any_), not_among(column, asked.not_any_))


def only_among(column: Column, asked: Any) -> Condition | None:
    """An object of `any_` alone."""
    return None if asked is None else together(among(column, asked.any_))


def null(column: Column, wanted: bool | None) -> Condition | None:
    """`is_null_`."""
    if wanted is None:
        return None
    return column.is_(None) if wanted else column.is_not(None)


def among_or_null(column: Column, asked: Any) -> Condition | None:
    """An object of `any_` and `is_null_` with its own operator."""
    if asked is None:
        return None
    return joined(asked.operator, [among(column, asked.any_), null(column, asked.is_null_)])


def like(column: Column, part: str | None) -> Condition | None:
    """`like_`: the part may stand anywhere, in any case. A backslash in it means itself."""
    if not part:
        return None
    return column.ilike("%" + part.replace("/", "//") + "%", escape="/")


def begins_with(column: Column, beginnings: Sequence[str] | None) -> Condition | None:
    """`startswith_`: one of the beginnings, in any case."""
    if not beginnings:
        return None
    return or_(*(column.ilike(each.replace("/", "//") + "%", escape="/") for each in beginnings))


def name(column: Column, asked: Name | None) -> Condition | None:
    """An object of `any_` and `like_`."""
    return None if asked is None else together(among(column, asked.any_), like(column, asked.like_))


def between(column: Column, asked: Any, nullable: Column | None = None) -> Condition | None:
    """An object of `before_`, `after_` and perhaps `is_null_`, which may be asked of another column."""
    if asked is None:
        return None
    return together(
        at_most(column, asked.before_),
        at_least(column, asked.after_),
        null(column if nullable is None else nullable, getattr(asked, "is_null_", None)),
    )


def at_most(column: Column, bound: datetime | None) -> Condition | None:
    return None if bound is None else column <= as_utc(bound)


def at_least(column: Column, bound: datetime | None) -> Condition | None:
    return None if bound is None else column >= as_utc(bound)


def tags(column: Column, asked: Any) -> Condition | None:
    """An object of `all_`, `is_null_` and perhaps `any_`, with its own operator."""
    if asked is None:
        return None
    any_ = getattr(asked, "any_", None)
    empty = asked.is_null_
    return joined(
        asked.operator,
        [
            HasAll(column, asked.all_) if asked.all_ else None,
            None if any_ is None else HasAny(column, any_) if any_ else false(),
            None if empty is None else IsEmpty(column) if empty else ~IsEmpty(column),
        ],
    )


class Nameable(Protocol):
    """A filter of a noun that has an id and a name."""

    @property
    def operator(self) -> Operator: ...
    @property
    def id(self) -> IdAny | IdAnyOrNot | None: ...
    @property
    def name(self) -> Any: ...


def related(table: FromClause, *conditions: Condition) -> Condition:
    """Whether the table has a row that matches: a row of its own, whatever else the query around it reads."""
    return exists(select(1).select_from(table).where(*conditions).correlate_except(table))


def those(key: Column, *conditions: Condition) -> Select[Any]:
    """The keys of the rows that match, for an IN; likewise rows of their own."""
    table: FromClause = key.table
    return select(key).where(*conditions).correlate_except(table)


def refers(column: Column, target: Column, asked: Nameable, condition: Condition) -> Condition:
    """Whether the object that a key points at exists and matches.

    When the filter says by id or by name which objects are meant, they are few: the key is then compared with them,
    so that an index on it can be used. Otherwise rows are taken in the order asked for and each one's object is tested.
    """
    test = related(target.table, target == column, condition)
    if asked.operator is Operator.OR:
        return test
    if asked.id is not None and asked.id.any_:
        return and_(column.in_(asked.id.any_), test)
    names: TextAny | Name | None = asked.name
    if names is not None and names.any_:
        return column.in_(those(target, condition))
    return test


def count(condition: Condition, column: Column) -> Select[int]:
    """How many rows of the column's table match."""
    return select(func.count()).select_from(column.table).where(condition)
