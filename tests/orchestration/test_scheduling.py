"""Scheduled times."""

from datetime import datetime, timedelta

import pytest

from orchd.orchestration.scheduling import copy_scheduled_time, late_once, wait_for_scheduled_time
from orchd.orchestration.transition import COMPLETED, PAUSED, PENDING, RUNNING, SCHEDULED, proposed
from orchd.orchestration.verdicts import ACCEPT, Accept, Reject, Wait
from orchd.wire.states import StateCreate, StateDetails, StateType
from tests.orchestration.asking import HOUR, MINUTE, NOON, SECOND, asked, held, of_flow, wished

EARLY = "The run's scheduled time has not come."


@pytest.mark.parametrize("current", [SCHEDULED, PENDING])
@pytest.mark.parametrize(
    ("starts", "seconds"),
    [
        pytest.param(None, 0, id="no time"),
        pytest.param(NOON - MINUTE, 0, id="a minute late"),
        pytest.param(NOON, 0, id="due this instant"),
        pytest.param(NOON + timedelta(seconds=0.5), 0, id="half a second early"),
        pytest.param(NOON + timedelta(seconds=0.6), 1, id="a bit more than that"),
        pytest.param(NOON + timedelta(seconds=100.4), 100, id="rounded down"),
        pytest.param(NOON + timedelta(seconds=101.5), 101, id="a half counts as nothing"),
        pytest.param(NOON + timedelta(seconds=100.6), 101, id="rounded up"),
        pytest.param(NOON + timedelta(days=2), 172_800, id="days early"),
    ],
)
def test_a_run_starts_when_its_time_has_come(current: StateType, starts: datetime | None, seconds: int) -> None:
    verdict = wait_for_scheduled_time(asked(held(current, scheduled_time=starts), RUNNING), of_flow())
    assert verdict == (Wait(seconds, EARLY) if seconds else ACCEPT)


@pytest.mark.parametrize(("current", "entered"), [(SCHEDULED, PENDING), (PAUSED, RUNNING), (SCHEDULED, COMPLETED)])
def test_only_a_start_waits(current: StateType, entered: StateType) -> None:
    early = asked(held(current, scheduled_time=NOON + HOUR), entered)
    assert wait_for_scheduled_time(early, of_flow()) is ACCEPT


@pytest.mark.parametrize(
    ("proposal", "expected"),
    [
        pytest.param(wished(PENDING), Accept(details={"scheduled_time": NOON}), id="inherits"),
        pytest.param(wished(PENDING, scheduled_time=NOON + HOUR), ACCEPT, id="keeps its own"),
        pytest.param(wished(RUNNING), ACCEPT, id="running has none"),
    ],
)
def test_a_submitted_run_knows_its_time(proposal: object, expected: object) -> None:
    assert copy_scheduled_time(asked(held(SCHEDULED, scheduled_time=NOON), proposal), of_flow()) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("current", "name", "passes"),
    [
        pytest.param(held(SCHEDULED), "Late", True, id="waits"),
        pytest.param(held(SCHEDULED, "AwaitingRetry"), "Late", True, id="waits for a retry"),
        pytest.param(held(SCHEDULED, "Late"), "Late", False, id="late already"),
        pytest.param(held(PENDING), "Late", False, id="picked up meanwhile"),
        pytest.param(None, "Late", False, id="no state"),
        pytest.param(held(RUNNING), "AwaitingRetry", True, id="another name"),
    ],
)
def test_a_run_is_late_once_and_while_it_waits(current: object, name: str, passes: bool) -> None:
    verdict = late_once(asked(current, wished(SCHEDULED, name)), of_flow())  # type: ignore[arg-type]
    assert (verdict is ACCEPT) == passes
    assert isinstance(verdict, Reject) != passes


def test_a_scheduled_state_without_a_time_is_due_now() -> None:
    assert proposed(StateCreate(type=SCHEDULED), NOON) == wished(SCHEDULED, scheduled_time=NOON)


def test_a_time_without_a_zone_is_utc() -> None:
    details = StateDetails(scheduled_time=NOON.replace(tzinfo=None), pause_timeout=(NOON + HOUR).replace(tzinfo=None))
    read = proposed(StateCreate(type=SCHEDULED, state_details=details), NOON + SECOND).state_details
    assert (read.scheduled_time, read.pause_timeout) == (NOON, NOON + HOUR)


@pytest.mark.parametrize(("given", "name"), [(None, "Cancelling"), ("", "Cancelling"), ("Mine", "Mine")])
def test_a_state_without_a_name_is_called_after_its_type(given: str | None, name: str) -> None:
    assert proposed(StateCreate(type=StateType.CANCELLING, name=given), NOON).name == name
