"""Concurrency: global limits, tag limits, rate limits, and what a limit does to those who wait."""

import json
import threading
import time
import uuid

from prefect import flow, task
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
from prefect.concurrency.sync import concurrency, rate_limit
from prefect.runtime import flow_run
from prefect.task_runners import ThreadPoolTaskRunner

RUNS: dict[str, str] = {}
MARK = uuid.uuid4().hex[:8]
ROOMS = f"rooms-{MARK}"
CALLS = f"calls-{MARK}"
TAG = f"tag-{MARK}"


class Crowd:
    """How many are inside at once, at most."""

    def __init__(self) -> None:
        self.lock, self.inside, self.most = threading.Lock(), 0, 0

    def __enter__(self) -> None:
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)

    def __exit__(self, *_error: object) -> None:
        with self.lock:
            self.inside -= 1


GLOBAL, TAGGED = Crowd(), Crowd()


def remember(name: str) -> None:
    RUNS[name] = str(flow_run.id)


@task
def enters() -> None:
    with concurrency(ROOMS, occupy=1, timeout_seconds=60), GLOBAL:
        time.sleep(0.2)


@task(tags=[TAG])
def tagged() -> None:
    with TAGGED:
        time.sleep(0.2)


@flow(task_runner=ThreadPoolTaskRunner(max_workers=4))
def shares_rooms() -> None:
    remember("shares_rooms")
    for future in [enters.submit() for _ in range(4)]:
        future.result()


@flow(task_runner=ThreadPoolTaskRunner(max_workers=3))
def shares_a_tag() -> None:
    remember("shares_a_tag")
    for future in [tagged.submit() for _ in range(3)]:
        future.result()


@flow
def is_rate_limited() -> float:
    remember("is_rate_limited")
    rate_limit(CALLS)
    start = time.monotonic()
    rate_limit(CALLS)
    return time.monotonic() - start


@flow
def finds_no_room() -> str:
    remember("finds_no_room")
    with concurrency(ROOMS, occupy=2):
        try:
            with concurrency(ROOMS, occupy=1, timeout_seconds=0.5):
                return "entered"
        except TimeoutError:
            return "timed out"


@flow
def names_no_limit() -> str:
    remember("names_no_limit")
    with concurrency(f"unknown-{MARK}"):
        pass
    try:
        with concurrency(f"unknown-{MARK}", strict=True):
            return "entered"
    except Exception as error:
        return type(error).__name__


def main() -> None:
    with get_client(sync_client=True) as client:
        for limit in (
            GlobalConcurrencyLimitCreate(name=ROOMS, limit=2),
            GlobalConcurrencyLimitCreate(name=CALLS, limit=1, slot_decay_per_second=2.0),
        ):
            client._client.post("/v2/concurrency_limits/", json=limit.model_dump(mode="json")).raise_for_status()
        client._client.post("/concurrency_limits/", json={"tag": TAG, "concurrency_limit": 1}).raise_for_status()
    shares_rooms()
    shares_a_tag()
    results = {
        "most in the rooms": GLOBAL.most,
        "most with the tag": TAGGED.most,
        "is_rate_limited": is_rate_limited(),
        "finds_no_room": finds_no_room(),
        "names_no_limit": names_no_limit(),
    }
    print(json.dumps({"mark": MARK, "runs": RUNS, "results": results}))


main()
