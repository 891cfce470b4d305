"""Secrets in the data of blocks."""

from typing import Any

import pytest

from orchd.domain.masking import masked, plain_texts, unmasked

M = "********"


@pytest.mark.parametrize(
    ("place", "data", "shown"),
    [
        pytest.param("s", {"s": "x", "t": "y"}, {"s": M, "t": "y"}, id="a text"),
        pytest.param("s", {"s": ["x", {"y": 1}]}, {"s": M}, id="anything else"),
        pytest.param("s", {"s": ""}, {"s": M}, id="an empty text"),
        pytest.param("s", {"s": None}, {"s": None}, id="null"),
        pytest.param("s", {"t": 1}, {"t": 1}, id="absent"),
        pytest.param("n.s", {"n": {"s": 1, "t": 2}}, {"n": {"s": M, "t": 2}}, id="within"),
        pytest.param("n.s", {"n": "text"}, {"n": "text"}, id="within what is no object"),
        pytest.param("d.*", {"d": {"a": 1, "b": None, "c": {"e": 1}, "f": [1]}, "e": 1},
                     {"d": {"a": M, "b": M, "c": {"e": M}, "f": M}, "e": 1}, id="everything below"),
        pytest.param("d.*", {"d": {}}, {"d": {}}, id="everything below nothing"),
    ],
)  # fmt: skip
def test_what_a_place_hides(place: str, data: Any, shown: Any) -> None:
    before = repr(data)
    assert masked(data, [place]) == shown
    assert repr(data) == before


@pytest.mark.parametrize(
    ("new", "stored", "meant"),
    [
        pytest.param(M, "secret", "secret", id="the mask"),
        pytest.param("fresh", "secret", "fresh", id="a new value"),
        pytest.param({"a": M, "b": 1}, {"a": [1], "c": 2}, {"a": [1], "b": 1}, id="within, the rest replaced"),
        pytest.param({"a": M}, {}, {"a": M}, id="nothing is stored there"),
        pytest.param({"a": {"b": M}}, {"a": "text"}, {"a": {"b": M}}, id="something else is stored there"),
    ],
)
def test_the_mask_stands_for_what_is_stored(new: Any, stored: Any, meant: Any) -> None:
    assert unmasked(new, stored) == meant


def test_only_texts_at_the_top_that_hold_no_secret_are_told_of() -> None:
    data = {"a": "x", "b": 1, "s": "secret", "d": "below", "n": {"t": "y"}}
    assert plain_texts(data, ["s", "d.*"]) == {"a": "x"}
