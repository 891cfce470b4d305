"""The search language as a condition: see `kit/textsearch.py`."""

from typing import Any

from sqlalchemy import ColumnElement, and_, not_, or_

from orchd.kit import textsearch
from orchd.queries._filters import Condition


def matches(text: ColumnElement[Any], query: str | None) -> Condition | None:
    """Whether a text is what the query looks for; None when the query asks nothing."""
    any_of, all_of, none_of = textsearch.parse(query or "")
    asked = [_contains(text, term) for term in all_of] + [not_(_contains(text, term)) for term in none_of]
    if any_of:
        asked.append(or_(*(_contains(text, term) for term in any_of)))
    return and_(*asked) if asked else None


def _contains(text: ColumnElement[Any], term: str) -> Condition:
    return text.icontains(term, autoescape=True)
