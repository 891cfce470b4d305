"""Patterns of labels: `*` is any text, `?` any character, a leading `!` turns the meaning round. Case matters."""

import re
from functools import lru_cache
from typing import NamedTuple

_SPECIAL = re.compile(r"([*?])")


class Glob(NamedTuple):
    """A pattern, and whether it is to fit."""

    pattern: str
    wanted: bool

    def fits(self, text: str) -> bool:
        """Whether a text is what the pattern asks for."""
        return (_regex(self.pattern).fullmatch(text) is not None) is self.wanted


def parse(value: str) -> Glob:
    """Every text is a pattern."""
    return Glob(value[1:], False) if value.startswith("!") else Glob(value, True)


@lru_cache(maxsize=1024)
def _regex(pattern: str) -> re.Pattern[str]:
    parts = (".*" if part == "*" else "." if part == "?" else re.escape(part) for part in _SPECIAL.split(pattern))
    return re.compile("".join(parts), re.DOTALL)


def like_literal(text: str) -> str:
    """The text itself as a pattern for LIKE, whose escape is a backslash."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def as_like(pattern: str) -> str:
    """The pattern for LIKE."""
    return like_literal(pattern).replace("*", "%").replace("?", "_")


def sqlite_literal(text: str) -> str:
    """The text itself as a pattern for SQLite's GLOB, where a character in brackets is only itself."""
    return re.sub(r"([*?[])", r"[\1]", text)


def as_sqlite_glob(pattern: str) -> str:
    """The pattern for SQLite's GLOB."""
    return pattern.replace("[", "[[]")
