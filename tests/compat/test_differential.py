"""A part of the requests of `make test-differential`: orchd answers as the peer's server does, on both engines."""

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.compat.differential.cases import everything
from tests.compat.differential.comparing import Comparison, alike, unlike
from tests.compat.differential.on_purpose import KNOWN, unmet
from tests.compat.differential.servers import orchd, the_peer
from tests.compat.differential.sides import Answer
from tests.compat.differential.steps import post
from tests.conftest import ENGINES
from tests.kit.servers import REPOSITORY

SEED = int(os.environ.get("ORCHD_TEST_SEED", "1"))
SHARE = float(os.environ.get("ORCHD_TEST_SHARE", "0.008"))
pytestmark = pytest.mark.xdist_group("differential")


@pytest.fixture(scope="module")
def comparison() -> Iterator[Comparison]:
    with contextlib.ExitStack() as opened:
        peer = opened.enter_context(the_peer())
        compared = Comparison(peer, [opened.enter_context(orchd(engine)) for engine in ENGINES])
        compared.run(everything(SEED, SHARE))
        yield compared


@pytest.mark.skipif("ORCHD_TEST_API" in os.environ, reason="starts the servers itself")
def test_answers_are_those_of_the_peer(comparison: Comparison) -> None:
    assert "\n".join(str(each) for each, _ in alike(comparison.differences)) == ""


@pytest.mark.skipif("ORCHD_TEST_API" in os.environ, reason="starts the servers itself")
def test_each_difference_on_purpose_still_is_one(comparison: Comparison) -> None:
    assert unmet(comparison.met) == []


def test_each_difference_on_purpose_is_in_the_manual() -> None:
    manual = (REPOSITORY / "docs" / "compatibility.md").read_text()
    assert [each.subject for each in KNOWN if f"| {each.subject} |" not in manual] == []


RUN = {"id": "1", "name": "given", "count": 1, "tags": ["a", "b"], "state": {"type": "PENDING"}, "list": [1, 2]}
SPOILED: dict[str, tuple[int, Any]] = {
    "another status": (201, RUN),
    "a key too few": (200, {key: RUN[key] for key in RUN if key != "name"}),
    "a key too many": (200, {**RUN, "more": None}),
    "another value deep inside": (200, {**RUN, "state": {"type": "RUNNING"}}),
    "a truth value for a number": (200, {**RUN, "count": True}),
    "another order": (200, {**RUN, "list": [2, 1]}),
    "a longer list": (200, {**RUN, "list": [1, 2, 3]}),
}


@pytest.mark.parametrize("what", SPOILED)
def test_another_answer_is_noticed(what: str) -> None:
    assert unlike(post("/"), Answer(200, RUN), {}, Answer(200, RUN), {}) == []
    assert unlike(post("/"), Answer(200, RUN), {}, Answer(*SPOILED[what]), {}) != []
