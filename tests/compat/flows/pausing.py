"""Flows that wait for somebody: paused until input comes, until resumed, until the time is over; suspended."""

import json
import threading
import time
from uuid import UUID

from prefect import flow, pause_flow_run, resume_flow_run, suspend_flow_run, task
from prefect.client.orchestration import get_client
from prefect.input import RunInput
from prefect.runtime import flow_run

RUNS: dict[str, str] = {}


class Approval(RunInput):
    approved: bool
    reason: str = "none given"


def remember(name: str) -> None:
    RUNS[name] = str(flow_run.id)
    print(json.dumps({name: RUNS[name]}), flush=True)


@task
def prepares() -> int:
    return 1


@flow
def asks_for_input() -> str:
    remember("asks_for_input")
    prepares()
    approval = pause_flow_run(wait_for_input=Approval, timeout=60, poll_interval=1)
    prepares()
    return f"{approval.approved}: {approval.reason}"


def resume_when_paused(run: UUID) -> None:
    with get_client(sync_client=True) as client:
        while client.read_flow_run(run).state_name != "Paused":
            time.sleep(0.1)
    resume_flow_run(run)


@flow
def is_resumed() -> str:
    remember("is_resumed")
    other = threading.Thread(target=resume_when_paused, args=(UUID(str(flow_run.id)),))
    other.start()
    pause_flow_run(timeout=60, poll_interval=1)
    other.join()
    return "resumed"


@flow
def waits_in_vain() -> None:
    remember("waits_in_vain")
    pause_flow_run(timeout=1, poll_interval=1)


@flow
def suspends_without_a_deployment() -> None:
    remember("suspends_without_a_deployment")
    suspend_flow_run(timeout=60)


def main() -> None:
    results = {}
    for each in (asks_for_input, is_resumed, waits_in_vain, suspends_without_a_deployment):
        try:
            results[each.fn.__name__] = each()
        except BaseException as error:
            results[each.fn.__name__] = f"{type(error).__name__}: {error}"
    print(json.dumps({"runs": RUNS, "results": results}), flush=True)


main()
