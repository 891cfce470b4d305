"""All cases, or a part of them that a seed chooses."""

import random
import re
from collections.abc import Iterator

from tests.compat import peer
from tests.compat.differential.attempts import attempts
from tests.compat.differential.filters import filter_cases
from tests.compat.differential.lives import life_cases
from tests.compat.differential.on_purpose import probes
from tests.compat.differential.paging import history_cases, paging_cases, reading_cases
from tests.compat.differential.steps import Case
from tests.compat.differential.world import world


def everything(seed: int, share: float = 1.0, only: str = "") -> Iterator[Case]:
    """The world, then what only reads, then what changes: a change must not be seen by a list before it."""
    document = peer.openapi()
    chance = random.Random(seed)
    yield world()
    reading = [*filter_cases(document, seed), *paging_cases(document), *history_cases(), *reading_cases()]
    changing = [*life_cases(), *attempts(document, seed)]
    for case in [*reading, *probes(), *changing]:
        if _wanted(case, only) and (chance.random() < share or case.name.startswith("on purpose")):
            yield case


def _wanted(case: Case, only: str) -> bool:
    return not only or re.match(only, case.name) is not None
