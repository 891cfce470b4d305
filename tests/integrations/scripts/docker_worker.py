"""A worker for containers makes itself known to its pool; to do so it needs no Docker."""

import asyncio
import json

from prefect_docker.worker import DockerWorker


async def main() -> None:
    async with DockerWorker(work_pool_name="containers", name="dockhand") as worker:
        await worker.sync_with_backend()
        print(json.dumps({"type": worker.type, "pool": worker.work_pool.name}))


asyncio.run(main())
