"""Sends cases to all sides and tells where the answers differ."""

import json
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests.compat.differential.differences import Known
from tests.compat.differential.masking import masked
from tests.compat.differential.on_purpose import known_difference
from tests.compat.differential.sides import Answer, Side
from tests.compat.differential.steps import Case, Step
from tests.compat.differential.world import LAST_EVENT, THE_WORLD

DURATION = re.compile(r"estimated_\w+$|total_run_time$|duration$|lateness$|seconds$|time_in_current_state$")
APART = 60.0
SHARED = re.compile(r"/work_queues/\S* ?\S* body\.priority|/work_pools/pool_1\S* body.*\.(last_polled|status)")
"""What all cases have a part in: a request that only one side takes would be told of by all that come after it."""


@dataclass(frozen=True)
class Difference:
    """One place where orchd's answer is another than the peer's."""

    side: str
    case: str
    step: Step
    place: str
    theirs: Any
    ours: Any

    def __str__(self) -> str:
        theirs, ours = (json.dumps(each, default=str)[:300] for each in (self.theirs, self.ours))
        return f"{self.case}\n    {self.step.text}\n    {self.place}: peer {theirs}\n    {' ' * len(self.place)}  {self.side} {ours}"


class Comparison:
    """The peer and one or more orchd; what differs without a reason, and which reasons were met."""

    def __init__(self, peer: Side, ours: list[Side]) -> None:
        self.peer, self.ours = peer, ours
        self.cases = self.requests = 0
        self.differences: list[Difference] = []
        self.met: dict[Known, int] = {}

    def run(self, cases: Iterable[Case]) -> None:
        """Send all of the cases."""
        for case in cases:
            self.cases += 1
            for step in case.steps:
                self.requests += 1
                if not self._compare(case, step):
                    break  # what follows would only tell of it again
            if case.name == THE_WORLD:
                self._await_events()

    def _await_events(self) -> None:
        """The peer stores events some seconds after it has taken them; those of the world come last."""
        limit = time.monotonic() + 30
        while not self.peer.send(LAST_EVENT).body["events"]:
            assert time.monotonic() < limit, "the peer has not stored the events of the world"
            time.sleep(0.2)

    def _compare(self, case: Case, step: Step) -> bool:
        """Whether the statuses are the same, at least."""
        theirs, alike = self.peer.send(step), True
        for side in self.ours:
            for place, expected, found in unlike(step, theirs, self.peer.names, side.send(step), side.names):
                alike &= place != "status"
                reason = known_difference(step, place, expected, found)
                if reason is None:
                    self.differences.append(Difference(side.name, case.name, step, place, expected, found))
                else:
                    self.met[reason] = self.met.get(reason, 0) + 1
        return alike or case.name == THE_WORLD


def unlike(
    step: Step, theirs: Answer, their_names: dict[str, str], ours: Answer, our_names: dict[str, str]
) -> list[tuple[str, Any, Any]]:
    """Place, what the peer says, what orchd says."""
    if theirs.status != ours.status:
        return [("status", [theirs.status, theirs.body], [ours.status, ours.body])]
    expected = masked(theirs, their_names, ordered=step.ordered)
    found = masked(ours, our_names, ordered=step.ordered)
    root = "lateness" if step.path.endswith("/lateness") else "body"
    return [each for each in _places(root, expected, found) if not SHARED.fullmatch(f"{step.path} {each[0]}")]


def _places(place: str, theirs: Any, ours: Any) -> list[tuple[str, Any, Any]]:
    if isinstance(theirs, dict) and isinstance(ours, dict):
        keys = sorted({*theirs, *ours})
        absent = "<absent>"
        return [
            found for key in keys for found in _places(f"{place}.{key}", theirs.get(key, absent), ours.get(key, absent))
        ]
    if isinstance(theirs, list) and isinstance(ours, list):
        if len(theirs) != len(ours) or _brief(theirs) != _brief(ours):
            return [(f"{place}[]", _called(theirs), _called(ours))]
        pairs = enumerate(zip(theirs, ours, strict=True))
        return [found for number, (a, b) in pairs for found in _places(f"{place}[{number}]", a, b)]
    return [] if _same(place, theirs, ours) else [(place, theirs, ours)]


def _same(place: str, theirs: Any, ours: Any) -> bool:
    """Durations up to the present may differ by as much as the answers are apart."""
    if isinstance(theirs, bool) != isinstance(ours, bool):
        return False
    if theirs == ours:
        return True
    numbers = isinstance(theirs, int | float) and isinstance(ours, int | float)
    return numbers and bool(DURATION.search(place)) and abs(theirs - ours) < APART


def _called(rows: list[Any]) -> list[Any]:
    return [row.get("id", row) if isinstance(row, dict) else row for row in rows]


def _brief(rows: list[Any]) -> list[Any]:
    """A list by what its rows are called."""
    return [row.get("id") if isinstance(row, dict) else "" for row in rows]


def alike(differences: list[Difference]) -> list[tuple[Difference, int]]:
    """The first of each kind of difference, and how many there are of it."""
    kinds: dict[tuple[str, ...], list[Difference]] = {}
    for each in differences:
        address = re.sub(r"<[^>]*>", "<>", f"{each.step.method} {each.step.path}")
        place = re.sub(r"\[\d+\]", "[]", each.place)
        values = (each.theirs, each.ours) if each.place != "status" else (each.theirs[0], each.ours[0])
        kinds.setdefault((address, place, *(json.dumps(value)[:60] for value in values)), []).append(each)
    return [(found[0], len(found)) for found in kinds.values()]
