"""Looking into the resources that an event names, as the two databases spell it."""

from typing import Any

from sqlalchemy import Boolean, ColumnElement, Text, bindparam, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from orchd.kit import globs

Document = ColumnElement[Any]
NAMED: Document = literal_column("named.value")
"""In the condition of `AnyNamed`: one of the resources."""


class Label(FunctionElement[str]):
    """A label's value in a resource, or null."""

    type = Text()
    inherit_cache = True

    def __init__(self, resource: Document, label: str) -> None:
        super().__init__(resource, bindparam(None, label, type_=Text()))


class AnyNamed(FunctionElement[bool]):
    """Whether one of the resources in a list meets a condition on `NAMED`."""

    type = Boolean()
    inherit_cache = True

    def __init__(self, resources: Document, condition: ColumnElement[bool]) -> None:
        super().__init__(resources, condition)


class LabelValues(FunctionElement[str]):
    """The values of all labels of a resource as one text."""

    type = Text()
    inherit_cache = True


class NamedLabelValues(FunctionElement[str]):
    """The same of a list of resources; null when it is empty."""

    type = Text()
    inherit_cache = True


class AsText(FunctionElement[str]):
    """A document's own text."""

    type = Text()
    inherit_cache = True


class Fits(FunctionElement[bool]):
    """Whether a text fits a pattern, which each database writes in its own way. See `fits` and `begins`."""

    type = Boolean()
    inherit_cache = True

    def __init__(self, text: ColumnElement[Any], like: str, glob: str) -> None:
        super().__init__(text, bindparam(None, like, type_=Text()), bindparam(None, glob, type_=Text()))


def fits(text: ColumnElement[Any], pattern: str) -> Fits:
    """Whether a text fits a pattern of `kit/globs.py`."""
    return Fits(text, globs.as_like(pattern), globs.as_sqlite_glob(pattern))


def begins(text: ColumnElement[Any], prefix: str) -> Fits:
    """Whether a text begins with another."""
    return Fits(text, globs.like_literal(prefix) + "%", globs.sqlite_literal(prefix) + "*")


def _parts(element: FunctionElement[Any], compiler: SQLCompiler, *wanted: int, **options: Any) -> list[str]:
    """The arguments as SQL; only those wanted here, as the others' parameters must not be sent."""
    arguments = list(element.clauses)
    return [compiler.process(arguments[at], **options) for at in wanted or range(len(arguments))]


@compiles(Label, "sqlite")
def _label_sqlite(element: Label, compiler: SQLCompiler, **options: Any) -> str:
    resource, label = _parts(element, compiler, **options)
    return f"(SELECT label.value FROM json_each({resource}) AS label WHERE label.key = {label})"  # noqa: S608


@compiles(Label, "postgresql")
def _label_postgres(element: Label, compiler: SQLCompiler, **options: Any) -> str:
    resource, label = _parts(element, compiler, **options)
    return f"({resource} ->> {label})"


@compiles(AnyNamed, "sqlite")
def _any_named_sqlite(element: AnyNamed, compiler: SQLCompiler, **options: Any) -> str:
    resources, condition = _parts(element, compiler, **options)
    return f"EXISTS (SELECT 1 FROM json_each({resources}) AS named WHERE {condition})"  # noqa: S608


@compiles(AnyNamed, "postgresql")
def _any_named_postgres(element: AnyNamed, compiler: SQLCompiler, **options: Any) -> str:
    resources, condition = _parts(element, compiler, **options)
    return f"EXISTS (SELECT 1 FROM json_array_elements({resources}) AS named(value) WHERE {condition})"  # noqa: S608


@compiles(LabelValues, "sqlite")
def _label_values_sqlite(element: LabelValues, compiler: SQLCompiler, **options: Any) -> str:
    (resource,) = _parts(element, compiler, **options)
    return f"(SELECT group_concat(value, char(10)) FROM json_each({resource}))"  # noqa: S608


@compiles(LabelValues, "postgresql")
def _label_values_postgres(element: LabelValues, compiler: SQLCompiler, **options: Any) -> str:
    (resource,) = _parts(element, compiler, **options)
    return f"(SELECT string_agg(value, chr(10)) FROM json_each_text({resource}))"  # noqa: S608


@compiles(NamedLabelValues, "sqlite")
def _named_label_values_sqlite(element: NamedLabelValues, compiler: SQLCompiler, **options: Any) -> str:
    (resources,) = _parts(element, compiler, **options)
    return f"(SELECT group_concat(atom, char(10)) FROM json_tree({resources}) WHERE atom IS NOT NULL)"  # noqa: S608


@compiles(NamedLabelValues, "postgresql")
def _named_label_values_postgres(element: NamedLabelValues, compiler: SQLCompiler, **options: Any) -> str:
    (resources,) = _parts(element, compiler, **options)
    each = f"json_array_elements({resources}) AS named(value), json_each_text(named.value) AS label(key, value)"
    return f"(SELECT string_agg(label.value, chr(10)) FROM {each})"  # noqa: S608


@compiles(AsText, "sqlite")
def _as_text_sqlite(element: AsText, compiler: SQLCompiler, **options: Any) -> str:
    (document,) = _parts(element, compiler, **options)
    return document


@compiles(AsText, "postgresql")
def _as_text_postgres(element: AsText, compiler: SQLCompiler, **options: Any) -> str:
    (document,) = _parts(element, compiler, **options)
    return f"CAST({document} AS TEXT)"


@compiles(Fits, "sqlite")
def _fits_sqlite(element: Fits, compiler: SQLCompiler, **options: Any) -> str:
    text, pattern = _parts(element, compiler, 0, 2, **options)
    return f"{text} GLOB {pattern}"


@compiles(Fits, "postgresql")
def _fits_postgres(element: Fits, compiler: SQLCompiler, **options: Any) -> str:
    text, pattern = _parts(element, compiler, 0, 1, **options)
    return f"{text} LIKE {pattern}"
