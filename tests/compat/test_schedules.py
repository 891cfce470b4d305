"""Flows that serve themselves: their schedules make runs, and these are carried out when their time comes."""

import signal
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.compat.clients import Api, Client, eventually


def runs_of(api: Api, deployment: str, **more: Any) -> list[dict[str, Any]]:
    meant = {"deployments": {"name": {"any_": [deployment]}}, "flow_runs": more}
    found: list[dict[str, Any]] = api.post("/flow_runs/filter", {**meant, "sort": "EXPECTED_START_TIME_ASC"})
    return found


def test_a_served_flow_runs_on_schedule_until_it_is_interrupted(api: Api, own_client: Client) -> None:
    name = f"served-{uuid4().hex[:8]}"
    script = own_client.start("served.py", name, PREFECT_RUNNER_POLL_FREQUENCY="1")
    done = eventually(
        lambda: runs_of(api, name, state={"type": {"any_": ["COMPLETED"]}}), lambda found: len(found) >= 2, within=60
    )
    assert len(done) >= 2, script.log_tail()
    for run in done:
        assert (run["parameters"], run["tags"]) == ({"who": "world"}, ["auto-scheduled", "greeting"])
        assert run["created_by"]["display_value"] == "IntervalSchedule"
        early = datetime.fromisoformat(run["expected_start_time"]) - datetime.fromisoformat(run["start_time"])
        assert early <= timedelta(seconds=0.5), "a client is told in whole seconds how long to wait"
        assert [each for each in api.states(run["id"]) if each != "Late"][:2] == ["Scheduled", "Pending"]
    slots = [run["expected_start_time"] for run in runs_of(api, name)]
    assert len(slots) == len(set(slots))
    kinds = {run["created_by"]["display_value"] for run in runs_of(api, name)}
    assert kinds == {"IntervalSchedule", "CronSchedule", "RRuleSchedule"}
    deployment = api.get(f"/deployments/name/served/{name}")
    assert (deployment["status"], deployment["paused"]) == ("READY", False)
    script.signal(signal.SIGINT)
    paused = eventually(lambda: api.get(f"/deployments/name/served/{name}")["paused"])
    assert paused is True, script.log_tail()
