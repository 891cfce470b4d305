"""A flow that runs `count` tasks of `seconds` each, one after the other, logging each.

Prints its id first, and then a line from within each task: whoever has read it knows that the task is running.
"""

import json
import sys
import time

from prefect import flow, get_run_logger, task
from prefect.runtime import flow_run


@task
def step(number: int, seconds: float) -> int:
    get_run_logger().info("step %s", number)
    print(json.dumps({"step": number}), flush=True)
    time.sleep(seconds)
    return number


@flow
def long(count: int, seconds: float) -> int:
    print(json.dumps({"run": str(flow_run.id)}), flush=True)
    total = 0
    for number in range(count):
        total += step(number, seconds)
    return total


print(json.dumps({"result": long(int(sys.argv[1]), float(sys.argv[2]))}), flush=True)
