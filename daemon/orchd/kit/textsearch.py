"""The search language of logs and events: `disk -debug +worker-1 "out of memory"`.

Words are alternatives; one led by `-` or `!` must be absent, one led by `+` present. Double quotes make several words
one term, and in them a backslash takes the meaning off a quote and off itself. Case does not matter.
"""

import re
from typing import NamedTuple

LENGTH = 200  # characters of a query at most

_TERM = re.compile(
    r"""
      [-!+](?=\s|$)                              # a sign alone asks nothing
    | (?P<sign>[-!+])?
      (?: "(?P<phrase>(?:[^"\\]|\\.|\\$)*)"?     # an unclosed quote runs to the end
        | (?P<word>\S+) )
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r'\\(["\\])')


class Terms(NamedTuple):
    """A query taken apart."""

    any_of: list[str]
    """One of these is there; a query without plain words does not ask for any."""
    all_of: list[str]
    none_of: list[str]

    def match(self, text: str) -> bool:
        """Whether a text is what the query looks for."""
        text = text.lower()
        return (
            (not self.any_of or any(term.lower() in text for term in self.any_of))
            and all(term.lower() in text for term in self.all_of)
            and not any(term.lower() in text for term in self.none_of)
        )


def parse(query: str) -> Terms:
    """Takes a query apart. Every text is a query."""
    terms = Terms([], [], [])
    for found in _TERM.finditer(query):
        phrase = found["phrase"]
        term = found["word"] if phrase is None else _ESCAPE.sub(r"\1", phrase)
        if term:
            {"+": terms.all_of, "-": terms.none_of, "!": terms.none_of}.get(found["sign"], terms.any_of).append(term)
    return terms
