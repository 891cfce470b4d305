"""What a difference on purpose is, and how one is recognised."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.compat.differential.steps import Step

Told = Callable[[Any, Any], bool]


@dataclass(frozen=True, eq=False)
class Known:
    """A difference by its line in the manual. `probe` shows it; `request` and `place` are patterns of where it is found."""

    subject: str
    probe: tuple[Step, ...]
    request: str
    place: str
    told: Told = lambda theirs, ours: True

    def covers(self, step: Step, place: str, theirs: Any, ours: Any) -> bool:
        """Whether it is this difference that was found."""
        if not re.search(self.request, step.text, re.DOTALL) or not re.fullmatch(self.place, place):
            return False
        return self.told(theirs, ours)


def statuses(theirs: int, *ours: int) -> Told:
    """Two answers with such statuses."""
    return lambda a, b: a[0] == theirs and b[0] in ours


def taken_by_peer(theirs: Any, ours: Any) -> bool:
    """Refused by orchd alone."""
    return bool(theirs[0] < 300 and ours[0] == 422)


def taken_by_orchd(theirs: Any, ours: Any) -> bool:
    """Refused by the peer alone."""
    return bool(theirs[0] in (409, 422) and ours[0] < 300)


def without_strangers(theirs: Any, ours: Any) -> bool:
    """Lists that are the same but for objects that no request has made."""
    mine, others = ([each for each in rows if each != "<id>"] for rows in (ours, theirs))
    return mine == others


def more(theirs: Any, ours: Any) -> bool:
    return bool(theirs == "<absent>")
