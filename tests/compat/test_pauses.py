"""Flows that wait for somebody: paused with and without input, resumed, given up."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.compat.clients import Api, Client, Report, eventually


@dataclass(frozen=True)
class Pauses:
    """What was seen while `flows/pausing.py` ran, and its report."""

    paused: dict[str, Any]
    schema: list[dict[str, Any]]
    answers: list[dict[str, Any]]
    report: Report


@pytest.fixture(scope="session")
def pauses(api: Api, client: Client) -> Pauses:
    script = client.start("pausing.py")
    run = script.report()["asks_for_input"]
    eventually(lambda: api.state_name(run), lambda name: name == "Paused")
    state = api.flow_run(run)["state"]
    schema = eventually(lambda: api.post(f"/flow_runs/{run}/input/filter", {"prefix": "paused-1-schema"}))
    answers = [
        api.post(f"/flow_runs/{run}/resume", {"run_input": given})
        for given in ({}, {"approved": "perhaps"}, {"approved": True, "reason": "it fits"})
    ]
    while "runs" not in (said := script.report()):
        pass
    return Pauses(state, schema, answers, Report(said))


def test_a_paused_run_says_what_it_waits_for(pauses: Pauses) -> None:
    details = pauses.paused["state_details"]
    assert (pauses.paused["type"], details["pause_reschedule"]) == ("PAUSED", False)
    assert details["pause_timeout"] > pauses.paused["timestamp"]
    assert details["run_input_keyset"]["schema"] == "paused-1-schema"
    assert '"required":["approved"]' in pauses.schema[0]["value"].replace(" ", "")


def test_input_that_does_not_fit_resumes_nothing(pauses: Pauses) -> None:
    missing, wrong, _ = pauses.answers
    assert (missing["status"], wrong["status"]) == ("REJECT", "REJECT")
    assert "'approved' is a required property" in missing["details"]["reason"]
    assert "'perhaps' is not of type 'boolean'" in wrong["details"]["reason"]


def test_input_that_fits_resumes_the_run(api: Api, pauses: Pauses) -> None:
    run = pauses.report.runs["asks_for_input"]
    assert pauses.answers[-1]["status"] == "ACCEPT"
    assert pauses.report.results["asks_for_input"] == "True: it fits"
    assert api.states(run) == ["Pending", "Running", "Paused", "Running", "Completed"]
    assert api.flow_run(run)["run_count"] == 2
    assert len(api.task_runs(run, expected=2)) == 2


def test_a_run_is_resumed_by_another_client(api: Api, pauses: Pauses) -> None:
    assert pauses.report.results["is_resumed"] == "resumed"
    assert api.states(pauses.report.runs["is_resumed"]) == ["Pending", "Running", "Paused", "Running", "Completed"]


def test_a_pause_that_nobody_ends_fails_the_run(api: Api, pauses: Pauses) -> None:
    run = pauses.report.runs["waits_in_vain"]
    assert "FlowPauseTimeout" in pauses.report.results["waits_in_vain"]
    assert api.states(run)[:3] == ["Pending", "Running", "Paused"]
    assert api.flow_run(run)["state_type"] == "FAILED"


def test_a_run_without_a_deployment_cannot_be_suspended(api: Api, pauses: Pauses) -> None:
    said = pauses.report.results["suspends_without_a_deployment"]
    assert "Cannot suspend flows without a deployment." in said
    assert api.states(pauses.report.runs["suspends_without_a_deployment"]) == ["Pending", "Running", "Failed"]
