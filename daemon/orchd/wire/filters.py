"""The operators that filters of several nouns share. Names and meanings are the API's own.

`any_` matches nothing when it is empty; `not_any_` and `all_` ask nothing when they are. Within an object the criteria
are joined by `operator` where it has one, else all must hold; an object without any criterion matches everything.
"""

from enum import StrEnum
from typing import Annotated

from orchd.wire.base import UUID, Filter, Meta, datetime

MOST = 5_000
"""Values in one list: what one statement can bind on SQLite, divided by the lists that a request may carry."""

Ids = Annotated[list[UUID], Meta(max_length=MOST)]
Texts = Annotated[list[str], Meta(max_length=MOST)]


class Operator(StrEnum):
    """How criteria are joined."""

    AND = "and_"
    OR = "or_"


class Operated(Filter, frozen=True, kw_only=True):
    """A filter whose criteria may be alternatives."""

    operator: Operator = Operator.AND


class IdAny(Filter, frozen=True, kw_only=True):
    any_: Ids | None = None


class IdAnyOrNot(Filter, frozen=True, kw_only=True):
    any_: Ids | None = None
    not_any_: Ids | None = None


class IdOrNull(Operated, frozen=True, kw_only=True):
    any_: Ids | None = None
    is_null_: bool | None = None


class TextAny(Filter, frozen=True, kw_only=True):
    any_: Texts | None = None


class TextAnyOrNot(Filter, frozen=True, kw_only=True):
    any_: Texts | None = None
    not_any_: Texts | None = None


class TextOrNull(Operated, frozen=True, kw_only=True):
    any_: Texts | None = None
    is_null_: bool | None = None


class Name(Filter, frozen=True, kw_only=True):
    """`like_` is a part of the name in any case, `%` and `_` in it standing for any text and any character."""

    any_: Texts | None = None
    like_: str | None = None


class Between(Filter, frozen=True, kw_only=True):
    """Both ends included."""

    before_: datetime | None = None
    after_: datetime | None = None


class BetweenOrNull(Filter, frozen=True, kw_only=True):
    before_: datetime | None = None
    after_: datetime | None = None
    is_null_: bool | None = None


class TagsAll(Operated, frozen=True, kw_only=True):
    """`is_null_` asks for an empty list."""

    all_: Texts | None = None
    is_null_: bool | None = None


class TagsAllOrAny(Operated, frozen=True, kw_only=True):
    """`is_null_` asks for an empty list."""

    all_: Texts | None = None
    any_: Texts | None = None
    is_null_: bool | None = None
