"""Saved searches: filters that a person has named."""

from typing import Any

from orchd.wire.base import UUID, Answer, Body, Json, Limit, Offset, datetime


class SavedSearch(Answer, frozen=True, kw_only=False):
    """A saved search. Built from rows by position: the fields' order is that of the query's columns."""

    id: UUID
    created: datetime
    updated: datetime
    name: str
    filters: Any


class SearchTerm(Body, frozen=True, kw_only=True):
    """One condition of a search, as the pages understand it."""

    object: str
    property: str
    type: str
    operation: str
    value: Json


class SavedSearchCreate(Body, frozen=True, kw_only=True):
    """A search to be kept under its name."""

    name: str
    filters: list[SearchTerm] = []


class SavedSearchList(Body, frozen=True, kw_only=True):
    """Body of `filter`."""

    limit: Limit | None = None
    offset: Offset | None = None
