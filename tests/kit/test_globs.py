"""Patterns of labels, and what becomes of them on each database."""

import pytest

from orchd.kit import globs


@pytest.mark.parametrize(
    ("pattern", "fitting", "others"),
    [
        ("red", ["red"], ["Red", "reddish", ""]),
        ("re?", ["red", "re\n"], ["re", "redd"]),
        ("r*d", ["rd", "red", "r\nd"], ["red."]),
        ("*", ["", "anything"], []),
        ("!red", ["Red", ""], ["red"]),
        ("!r*", ["blue"], ["red", "r"]),
        ("!", ["red"], [""]),
        ("a.c", ["a.c"], ["abc"]),
        ("[ab]", ["[ab]"], ["a"]),
        ("a\\*", ["a\\", "a\\b"], ["a*"]),
    ],
)
def test_a_pattern_fits(pattern: str, fitting: list[str], others: list[str]) -> None:
    glob = globs.parse(pattern)
    assert [text for text in (*fitting, *others) if glob.fits(text)] == fitting


def test_only_the_two_signs_mean_something_to_a_database() -> None:
    assert globs.as_like("10%_\\?*") == "10\\%\\_\\\\_%"
    assert globs.like_literal("10%") == "10\\%"
    assert globs.as_sqlite_glob("[a]?*") == "[[]a]?*"
    assert globs.sqlite_literal("[a]?*") == "[[]a][?][*]"
