"""A flow whose tasks run on a Dask cluster of two processes."""

import json
import os

from prefect import flow, task
from prefect.runtime import flow_run
from prefect_dask import DaskTaskRunner


@task
def square(n: int) -> tuple[int, int]:
    return n * n, os.getpid()


@flow(task_runner=DaskTaskRunner(cluster_kwargs={"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}))
def squares(count: int) -> dict[str, object]:
    done = [future.result() for future in square.map(range(count))]
    processes = {process for _, process in done}
    return {"run": str(flow_run.id), "sum": sum(n for n, _ in done), "elsewhere": os.getpid() not in processes}


if __name__ == "__main__":
    print(json.dumps(squares(20)))
