"""Slots of tags."""

import pytest

from orchd.orchestration.facts import TagLimit
from orchd.orchestration.tags import release_tag_slots, take_tag_slots
from orchd.orchestration.transition import CANCELLING, RUNNING
from orchd.orchestration.verdicts import ACCEPT, Abort, Accept, ReleaseTagSlots, TakeTagSlots, Verdict, Wait
from orchd.wire.states import StateType
from tests.orchestration.asking import ALL_TYPES, NO_STATE_OR_ANY, asked, of_task, tag, tag_id, wished


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        pytest.param((), ACCEPT, id="no limits"),
        pytest.param(
            (tag("db", 1), tag("gpu", 2, taken=1)),
            Accept(effects=(TakeTagSlots((tag_id("db"), tag_id("gpu"))),)),
            id="one slot of each",
        ),
        pytest.param(
            (tag("db", 1), tag("gpu", 1, taken=1)),
            Wait(10, "The concurrency limit of tag 'gpu' is reached."),
            id="all or none",
        ),
        pytest.param(
            (tag("gpu", 1, taken=1), tag("db", 0)),
            Abort("The concurrency limit of tag 'db' is 0: the task would wait for ever."),
            id="waiting is of no use",
        ),
        pytest.param((tag("db", 1, taken=1, held=True),), ACCEPT, id="held already"),
        pytest.param((tag("db", 0, active=False),), ACCEPT, id="switched off"),
    ],
)
@pytest.mark.parametrize("current", NO_STATE_OR_ANY)
def test_a_task_runs_with_a_slot_of_each_tag(
    current: StateType | None, limits: tuple[TagLimit, ...], expected: Verdict
) -> None:
    assert take_tag_slots(asked(current, RUNNING), of_task(tags=("db", "gpu"), tag_limits=limits)) == expected


@pytest.mark.parametrize("proposed", [one for one in ALL_TYPES if one is not RUNNING])
def test_other_states_need_no_slot(proposed: StateType) -> None:
    facts = of_task(tags=("db",), tag_limits=(tag("db", 0),))
    assert take_tag_slots(asked(None, proposed), facts) is ACCEPT


@pytest.mark.parametrize("stored", ALL_TYPES)
def test_a_task_that_neither_runs_nor_is_being_cancelled_gives_its_slots_back(stored: StateType) -> None:
    released = release_tag_slots(asked(RUNNING, stored), wished(stored), of_task(tags=("db",)))
    assert released == (() if stored in (RUNNING, CANCELLING) else (ReleaseTagSlots(),))


@pytest.mark.parametrize("stored", ALL_TYPES)
def test_a_task_without_tags_or_a_past_has_none_to_give(stored: StateType) -> None:
    assert release_tag_slots(asked(RUNNING, stored), wished(stored), of_task()) == ()
    assert release_tag_slots(asked(None, stored), wished(stored), of_task(tags=("db",))) == ()
