"""Concurrency limits of every kind, held and waited for by the unmodified client."""

from collections import Counter

from tests.compat.clients import Api, Report, eventually


def active_slots(api: Api, name: str) -> float:
    return float(api.get(f"/v2/concurrency_limits/{name}")["active_slots"])


def test_no_more_tasks_are_inside_than_the_limit_allows(api: Api, limits: Report) -> None:
    runs = api.task_runs(limits.runs["shares_rooms"], expected=4)
    assert Counter(run["state_type"] for run in runs) == {"COMPLETED": 4}
    assert limits.results["most in the rooms"] <= 2


def test_every_slot_is_given_back(api: Api, limits: Report) -> None:
    assert eventually(lambda: active_slots(api, f"rooms-{limits.mark}"), lambda slots: slots == 0) == 0


def test_tasks_with_a_limited_tag_run_one_after_the_other(api: Api, limits: Report) -> None:
    runs = api.task_runs(limits.runs["shares_a_tag"], expected=3)
    assert Counter(run["state_type"] for run in runs) == {"COMPLETED": 3}
    assert limits.results["most with the tag"] == 1
    limit = api.get(f"/concurrency_limits/tag/tag-{limits.mark}")
    assert (limit["concurrency_limit"], limit["active_slots"]) == (1, [])


def test_a_rate_limit_makes_the_second_call_wait(limits: Report) -> None:
    # One slot that comes back at two a second: the second call may go half a second after the first.
    assert limits.results["is_rate_limited"] > 0.3


def test_whoever_finds_no_room_in_time_is_told_so(limits: Report) -> None:
    assert limits.results["finds_no_room"] == "timed out"


def test_an_unknown_limit_binds_nobody_unless_it_must_exist(limits: Report) -> None:
    assert limits.results["names_no_limit"] == "ConcurrencySlotAcquisitionError"
