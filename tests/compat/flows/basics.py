"""States of runs: everything that needs no other process. Prints the ids of the flow runs by name."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

from prefect import flow, get_run_logger, task
from prefect.cache_policies import INPUTS
from prefect.runtime import flow_run
from prefect.states import State
from prefect.task_runners import ThreadPoolTaskRunner
from release import RELEASE

RUNS: dict[str, object] = {}
SHORT = [0.2, 0.1] if RELEASE >= (3, 4) else [1, 0]  # at first only whole seconds


def remember(name: str) -> None:
    RUNS[name] = str(flow_run.id)


@flow(log_prints=True, flow_run_name="greets-{name}", description="Says hello.")
def hello(name: str = "world") -> str:
    remember("hello")
    get_run_logger().info("Hello, %s!", name)
    get_run_logger().warning("a warning")
    print("a printed line")
    return f"Hello, {name}!"


@task
def leaf(n: int) -> int:
    return n + 1


@flow
def grandchild(n: int) -> int:
    remember("grandchild")
    return leaf(n)


@flow
def child(n: int) -> int:
    remember("child")
    return grandchild(n) + 1


@flow
def parent() -> int:
    remember("parent")
    return child(1)


@task(retries=2, retry_delay_seconds=SHORT)
def unsteady() -> int:
    from prefect.runtime import task_run

    if task_run.run_count < 3:
        raise ValueError(f"attempt {task_run.run_count}")
    return 3


@flow
def retries_a_task() -> int:
    remember("retries_a_task")
    return unsteady()


@flow(retries=1, retry_delay_seconds=SHORT[0])
def retries_itself() -> str:
    remember("retries_itself")
    if flow_run.run_count == 1:
        raise ValueError("the first time")
    return "the second time"


@task
def broken() -> None:
    raise ValueError("this task is broken")


@flow
def fails() -> None:
    remember("fails")
    broken()


@flow
def goes_on_after_a_failure() -> str:
    remember("goes_on_after_a_failure")
    state = broken(return_state=True)
    return state.type.value


@flow
def maps(count: int) -> int:
    remember("maps")
    return sum(leaf.map(range(count)).result())


@task(cache_policy=INPUTS, cache_expiration=timedelta(minutes=5), persist_result=True)
def cached(n: int) -> float:
    return time.time()


@flow
def hits_the_cache(n: int) -> bool:
    remember("hits_the_cache")
    return cached(n) == cached(n)


@task(timeout_seconds=0.3)
def too_slow() -> None:
    for _ in range(50):
        time.sleep(0.1)


@flow
def task_times_out() -> str:
    remember("task_times_out")
    state = too_slow(return_state=True)
    return state.name


@flow(timeout_seconds=0.5)
def times_out() -> None:
    remember("times_out")
    for _ in range(50):
        time.sleep(0.1)


@flow(task_runner=ThreadPoolTaskRunner(max_workers=4))
def uses_threads() -> list[int]:
    remember("uses_threads")
    futures = [leaf.submit(n) for n in range(8)]
    last = leaf.submit(futures[0], wait_for=futures)
    return [future.result() for future in [*futures, last]]


@flow
def returns_states() -> list[State]:
    remember("returns_states")
    return [leaf(1, return_state=True), broken(return_state=True)]


def state_name(called: Callable[..., State]) -> str:
    return str(called(return_state=True).name)


# At the end of each flow the client waits up to a second for a thread of its own: side by side they wait at once.
SIDE_BY_SIDE: dict[str, Callable[[], object]] = {
    "hello": hello,
    "parent": parent,
    "retries_a_task": retries_a_task,
    "retries_itself": retries_itself,
    "fails": partial(state_name, fails),
    "goes_on_after_a_failure": goes_on_after_a_failure,
    "hits_the_cache": partial(hits_the_cache, time.time_ns()),
    "uses_threads": uses_threads,
    "returns_states": partial(state_name, returns_states),
}
# These need the process for themselves: the first keeps it busy, the others are interrupted by an alarm.
ONE_BY_ONE: dict[str, Callable[[], object]] = {
    "maps": partial(maps, 200),
    "task_times_out": task_times_out,
    "times_out": partial(state_name, times_out),
}


def main() -> None:
    at_once = (
        len(SIDE_BY_SIDE) if RELEASE >= (3, 4) else 1
    )  # older ones prepare their models at the first use, unlocked
    with ThreadPoolExecutor(at_once) as threads:
        started = {name: threads.submit(call) for name, call in SIDE_BY_SIDE.items()}
    results = {name: future.result() for name, future in started.items()}
    results |= {name: call() for name, call in ONE_BY_ONE.items()}
    print(json.dumps({"runs": RUNS, "results": results}))


main()
