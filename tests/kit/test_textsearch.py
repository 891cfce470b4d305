"""The search language of logs and events."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchd.kit.textsearch import Terms, parse


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        pytest.param("", Terms([], [], []), id="nothing"),
        pytest.param("disk  full\tnow", Terms(["disk", "full", "now"], [], []), id="words"),
        pytest.param("-debug !trace", Terms([], [], ["debug", "trace"]), id="absent"),
        pytest.param("+worker", Terms([], ["worker"], []), id="present"),
        pytest.param('"out of memory" x', Terms(["out of memory", "x"], [], []), id="a phrase"),
        pytest.param('-"a b" +"c d"', Terms([], ["c d"], ["a b"]), id="phrases with signs"),
        pytest.param(r'"say \"hi\" \\ \n"', Terms(['say "hi" \\ \\n'], [], []), id="escapes in a phrase"),
        pytest.param('"runs to the end', Terms(["runs to the end"], [], []), id="an unclosed quote"),
        pytest.param('"ends with \\', Terms(["ends with \\"], [], []), id="an unclosed quote with a backslash last"),
        pytest.param("- + ! a", Terms(["a"], [], []), id="signs alone"),
        pytest.param('"" -"" b', Terms(["b"], [], []), id="empty phrases"),
        pytest.param("--a", Terms([], [], ["-a"]), id="only the first sign counts"),
        pytest.param("worker-1 a+b", Terms(["worker-1", "a+b"], [], []), id="signs within words"),
        pytest.param('5" pipe', Terms(['5"', "pipe"], [], []), id="a quote within a word"),
    ],
)
def test_a_query_is_taken_apart(query: str, terms: Terms) -> None:
    assert parse(query) == terms


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", True),
        ("DISK", True),
        ("tape disk", True),
        ("tape", False),
        ("+disk +full", True),
        ("+disk +tape", False),
        ("disk -full", False),
        ("-tape", True),
        ('"disk is full"', True),
        ('"is disk"', False),
        ("tape +full", False),
    ],
)
def test_a_text_matches(query: str, found: bool) -> None:
    assert parse(query).match("The Disk is full") is found


@given(st.text())
def test_every_text_is_a_query(query: str) -> None:
    assert all(all(part) for part in parse(query))
