"""Expressions that the two databases spell differently."""

from typing import Any

from sqlalchemy import Boolean, ColumnElement, Float, Integer, Text, bindparam, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from orchd.db.types import JsonSet, Timestamp
from orchd.kit.jsontext import encode_text
from orchd.wire.base import datetime


class HasAll(FunctionElement[bool]):
    """Whether a set holds every one of the wanted strings."""

    type = Boolean()
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any], wanted: list[str]) -> None:
        super().__init__(column, bindparam(None, wanted, type_=JsonSet()), *_as_written(wanted))


class HasAny(FunctionElement[bool]):
    """Whether a set holds at least one of the wanted strings."""

    type = Boolean()
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any], wanted: list[str]) -> None:
        super().__init__(column, bindparam(None, wanted, type_=JsonSet()), *_as_written(wanted))


def _as_written(wanted: list[str]) -> list[ColumnElement[str]]:
    """Each string as it stands in a set's text, for SQLite: only sets whose text has it are worth taking apart."""
    return [literal(encode_text(each), Text()) for each in wanted]


class IsOneOf(FunctionElement[bool]):
    """Whether a text is among the given ones, however many they are: they travel as one parameter."""

    type = Boolean()
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any], texts: list[str]) -> None:
        super().__init__(column, bindparam(None, texts, type_=JsonSet()))


class IsEmpty(FunctionElement[bool]):
    """Whether a set holds nothing."""

    type = Boolean()
    inherit_cache = True


class Unindexed(FunctionElement[Any]):
    """A column whose index SQLite shall not choose: it takes every equality for a rare one."""

    inherit_cache = True


class SecondsBetween(FunctionElement[float]):
    """How long after the first moment the second one comes; negative when it comes before."""

    type = Float()
    inherit_cache = True


class Slot(FunctionElement[int]):
    """In which of the steps since `start` a moment lies, that is not before it: 0 for the first `seconds`."""

    type = Integer()
    inherit_cache = True

    def __init__(self, moment: ColumnElement[Any], start: datetime, seconds: float) -> None:
        super().__init__(SecondsBetween(literal(start, Timestamp()), moment), literal(seconds, Float()))


def _parts(element: FunctionElement[Any], compiler: SQLCompiler, **options: Any) -> list[str]:
    return [compiler.process(each, **options) for each in element.clauses]


def _first_two(element: FunctionElement[Any], compiler: SQLCompiler, **options: Any) -> list[str]:
    return [compiler.process(each, **options) for each in list(element.clauses)[:2]]


@compiles(HasAll, "sqlite")
def _has_all_sqlite(element: HasAll, compiler: SQLCompiler, **options: Any) -> str:
    column, wanted, *texts = _parts(element, compiler, **options)
    held = f"SELECT value FROM json_each({column})"  # noqa: S608  (compiled SQL, not a value)
    exactly = f"NOT EXISTS (SELECT 1 FROM json_each({wanted}) AS wanted WHERE wanted.value NOT IN ({held}))"  # noqa: S608
    return f"({' AND '.join([*(f'instr({column}, {text}) > 0' for text in texts), exactly])})"


@compiles(HasAll, "postgresql")
def _has_all_postgres(element: HasAll, compiler: SQLCompiler, **options: Any) -> str:
    column, wanted = _first_two(element, compiler, **options)
    return f"{column} @> {wanted}"


@compiles(HasAny, "sqlite")
def _has_any_sqlite(element: HasAny, compiler: SQLCompiler, **options: Any) -> str:
    column, wanted, *texts = _parts(element, compiler, **options)
    any_of = f"SELECT value FROM json_each({wanted})"  # noqa: S608
    exactly = f"EXISTS (SELECT 1 FROM json_each({column}) AS held WHERE held.value IN ({any_of}))"  # noqa: S608
    return f"(({' OR '.join(f'instr({column}, {text}) > 0' for text in texts)}) AND {exactly})"


@compiles(HasAny, "postgresql")
def _has_any_postgres(element: HasAny, compiler: SQLCompiler, **options: Any) -> str:
    column, wanted = _first_two(element, compiler, **options)
    return f"{column} ?| ARRAY(SELECT jsonb_array_elements_text({wanted}))"


@compiles(IsOneOf, "sqlite")
def _is_one_of_sqlite(element: IsOneOf, compiler: SQLCompiler, **options: Any) -> str:
    column, texts = _parts(element, compiler, **options)
    return f"{column} IN (SELECT value FROM json_each({texts}))"  # noqa: S608


@compiles(IsOneOf, "postgresql")
def _is_one_of_postgres(element: IsOneOf, compiler: SQLCompiler, **options: Any) -> str:
    column, texts = _parts(element, compiler, **options)
    return f"{column} IN (SELECT jsonb_array_elements_text({texts}))"


@compiles(IsEmpty, "sqlite")
def _is_empty_sqlite(element: IsEmpty, compiler: SQLCompiler, **options: Any) -> str:
    (column,) = _parts(element, compiler, **options)
    return f"json_array_length({column}) = 0"


@compiles(IsEmpty, "postgresql")
def _is_empty_postgres(element: IsEmpty, compiler: SQLCompiler, **options: Any) -> str:
    (column,) = _parts(element, compiler, **options)
    return f"{column} = '[]'::jsonb"


@compiles(Unindexed, "sqlite")
def _unindexed_sqlite(element: Unindexed, compiler: SQLCompiler, **options: Any) -> str:
    (column,) = _parts(element, compiler, **options)
    return f"+{column}"


@compiles(Unindexed, "postgresql")
def _unindexed_postgres(element: Unindexed, compiler: SQLCompiler, **options: Any) -> str:
    (column,) = _parts(element, compiler, **options)
    return column


@compiles(SecondsBetween, "sqlite")
def _seconds_between_sqlite(element: SecondsBetween, compiler: SQLCompiler, **options: Any) -> str:
    earlier, later = _parts(element, compiler, **options)
    return f"(({later} - {earlier}) / 1000000.0)"


@compiles(SecondsBetween, "postgresql")
def _seconds_between_postgres(element: SecondsBetween, compiler: SQLCompiler, **options: Any) -> str:
    earlier, later = _parts(element, compiler, **options)
    return f"CAST(extract(epoch FROM ({later} - {earlier})) AS DOUBLE PRECISION)"


@compiles(Slot, "sqlite")
def _slot_sqlite(element: Slot, compiler: SQLCompiler, **options: Any) -> str:
    passed, seconds = _parts(element, compiler, **options)
    return f"CAST({passed} / {seconds} AS INTEGER)"  # cuts towards zero


@compiles(Slot, "postgresql")
def _slot_postgres(element: Slot, compiler: SQLCompiler, **options: Any) -> str:
    passed, seconds = _parts(element, compiler, **options)
    return f"CAST(floor({passed} / {seconds}) AS INTEGER)"
