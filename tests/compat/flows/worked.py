"""Flows that workers carry out, and a worker of a type of its own. Run as a script it makes deployments."""

import asyncio
import json
import os
import sys
import time
from pathlib import Path

from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.deployments import run_deployment
from prefect.workers.base import BaseJobConfiguration, BaseVariables, BaseWorker, BaseWorkerResult

POOL, OWN_POOL = "worked", "own-type"


@flow
def brief(n: int = 0) -> int:
    return n


@flow
def lengthy() -> None:
    for _ in range(600):
        time.sleep(0.1)


class OwnResult(BaseWorkerResult):
    pass


class OwnWorker(BaseWorker[BaseJobConfiguration, BaseVariables, OwnResult]):
    """Starts a run as a process, in the plainest way."""

    type = "own"
    job_configuration = BaseJobConfiguration
    job_configuration_variables = BaseVariables

    async def run(self, flow_run, configuration, task_status=None):
        environment = {name: value for name, value in configuration.env.items() if value is not None}
        process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("prefect")), "flow-run", "execute", env={**os.environ, **environment}
        )
        if task_status is not None:
            task_status.started(process.pid)
        status = await process.wait()
        return OwnResult(status_code=status, identifier=str(process.pid))


async def prepare() -> dict[str, str]:
    async with get_client() as client:
        await client.create_work_pool(WorkPoolCreate(name=POOL, type="process"))
        await client.create_work_pool(WorkPoolCreate(name=OWN_POOL, type="own"))
    made = {}
    for name, pool in (("brief", POOL), ("lengthy", POOL), ("brief", OWN_POOL)):
        stored = await flow.from_source(source=str(Path(__file__).parent), entrypoint=f"worked.py:{name}")
        made[f"{name}/{pool}"] = str(await stored.deploy(name=pool, work_pool_name=pool, print_next_steps=False))
    return made


async def own_worker() -> None:
    """Works until one run has come and gone."""
    async with OwnWorker(work_pool_name=OWN_POOL, prefetch_seconds=5) as worker:
        while not (submitted := await worker.get_and_submit_flow_runs()):
            await asyncio.sleep(0.2)
    print(json.dumps({"ran": [str(run.id) for run in submitted]}), flush=True)


if __name__ == "__main__":
    what = sys.argv[1]
    if what == "prepare":
        print(json.dumps(asyncio.run(prepare())))
    elif what == "own-worker":
        asyncio.run(own_worker())
    elif what == "run":
        run = run_deployment(f"brief/{POOL}", parameters={"n": 5}, poll_interval=0.5, timeout=60, as_subflow=False)
        print(json.dumps({"run": str(run.id), "state": run.state.name}))
