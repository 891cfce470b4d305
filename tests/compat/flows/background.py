"""Background tasks: `delay N` hands work in and waits for it, `leave N` does not, `serve` works until it is ended."""

import asyncio
import json
import sys

from prefect import task
from prefect.task_worker import serve


@task
def double(n: int) -> int:
    return 2 * n


@task
async def greet(name: str) -> str:
    await asyncio.sleep(0)
    return f"Hello, {name}!"


@task(retries=1, retry_delay_seconds=0.1)
def second_time_lucky(note: str) -> str:
    from prefect.runtime import task_run

    if task_run.run_count == 1:
        raise RuntimeError("not yet")
    return note


def report(runs: dict[str, list[str]], results: dict[str, object]) -> None:
    print(json.dumps({"runs": runs, "results": results}), flush=True)


if __name__ == "__main__":
    what = sys.argv[1]
    if what == "serve":
        serve(double, greet, second_time_lucky, limit=3)
    elif what == "leave":
        report({"double": [str(double.delay(n).task_run_id) for n in range(int(sys.argv[2]))]}, {})
    elif what == "delay":
        futures = {
            "double": [double.delay(n) for n in range(int(sys.argv[2]))],
            "greet": [greet.delay("world")],
            "second_time_lucky": [second_time_lucky.delay("done")],
        }
        results = {name: [each.result(timeout=60) for each in some] for name, some in futures.items()}
        report({name: [str(each.task_run_id) for each in some] for name, some in futures.items()}, results)
