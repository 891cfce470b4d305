"""Slots of every kind, taken and given back all the time, and what must hold of them whatever dies."""

import json
import random
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from tests.loss.checks import none
from tests.loss.client import Client
from tests.loss.ledger import Ledger
from tests.loss.load import run_body
from tests.loss.looked import Stored

TAG, RATE = "loss", "loss-rate"
HOLDS = ("PENDING", "RUNNING", "CANCELLING")
PLENTY = 100_000  # slots: those that nobody knows of stay taken, as their leases are long


class Slots:
    """Takes slots of a tag, of a rate and of a deployment, and gives most of them back."""

    def __init__(self, ledger: Ledger, rng: random.Random) -> None:
        self.ledger, self.rng = ledger, rng
        self.deployment: dict[str, Any] | None = None
        self.tasks: list[str] = []
        self.runs: list[str] = []

    async def step(self, client: Client) -> None:
        if self.deployment is None:
            await self._prepare(client)
        else:
            await self.rng.choice([self._tag, self._rate, self._run])(client)

    async def _prepare(self, client: Client) -> None:
        await client.ask("POST", "/concurrency_limits/", {"tag": TAG, "concurrency_limit": PLENTY})
        rate = {"name": RATE, "limit": PLENTY, "slot_decay_per_second": 5.0}
        await client.ask("POST", "/v2/concurrency_limits/", rate, fine=(201, 409))
        flow = await client.ask("POST", "/flows/", {"name": "slots"})
        self.ledger.flows["slots"] = UUID(flow["id"])
        options = {"collision_strategy": "ENQUEUE", "grace_period_seconds": 3600}  # no lease ends during the test
        body = {"name": "slots", "flow_id": flow["id"], "concurrency_limit": PLENTY, "concurrency_options": options}
        self.deployment = await client.ask("POST", "/deployments/", body)

    async def _tag(self, client: Client) -> None:
        if len(self.tasks) > 3:
            body = {"names": [TAG], "task_run_id": self.tasks.pop()}
            await client.ask("POST", "/concurrency_limits/decrement", body)
        else:
            self.tasks.append(str(uuid4()))
            await client.ask("POST", "/concurrency_limits/increment", {"names": [TAG], "task_run_id": self.tasks[-1]})

    async def _rate(self, client: Client) -> None:
        body = {"names": [RATE], "slots": 1, "lease_duration": 3600}
        made = await client.ask("POST", "/v2/concurrency_limits/increment-with-lease", body)
        await client.ask("POST", "/v2/concurrency_limits/decrement-with-lease", {"lease_id": made["lease_id"]})

    async def _run(self, client: Client) -> None:
        assert self.deployment is not None
        if len(self.runs) > 3:
            await self._end(client, self.runs.pop())
            return
        name = f"slots-{uuid4()}"
        self.ledger.maybe_runs.add(name)
        now = datetime.now(UTC).isoformat()
        body = run_body(UUID(self.deployment["flow_id"]), name, None, "SCHEDULED")
        body["state"]["state_details"] = {"scheduled_time": now}
        run = (await client.ask("POST", "/flow_runs/", {**body, "deployment_id": self.deployment["id"]}))["id"]
        self.runs.append(run)
        await client.ask("POST", f"/flow_runs/{run}/set_state", {"state": {"type": "PENDING"}})

    async def _end(self, client: Client, run: str) -> None:
        for type in ("RUNNING", "COMPLETED") if self.rng.random() < 0.5 else ("CANCELLED",):
            await client.ask("POST", f"/flow_runs/{run}/set_state", {"state": {"type": type}})


async def slots_add_up(stored: Stored) -> None:
    """A limit's count is the slots of its leases, and a run has a lease as long as it holds a slot."""
    limits = await stored.rows("SELECT id, name, active_slots, slot_decay_per_second FROM concurrency_limit")
    held: dict[UUID, int] = {}
    for limit, slots in await stored.rows("SELECT limit_id, slots FROM concurrency_lease_slot"):
        held[limit] = held.get(limit, 0) + slots
    none(
        (each for each in limits if each[2] > held.get(each[0], 0) or (not each[3] and each[2] < held.get(each[0], 0))),
        f"counts that are not those of the leases, {held}",
    )
    leases = {id for (id,) in await stored.rows("SELECT id FROM concurrency_lease WHERE holder_type = 'flow_run'")}
    of_runs = {}
    for type, document in await stored.rows("SELECT state_type, state FROM flow_run WHERE name LIKE 'slots-%'"):
        lease = json.loads(document)["state_details"].get("deployment_concurrency_lease_id")
        if type in HOLDS:
            of_runs[UUID(lease)] = type
    assert leases == set(of_runs), f"leases without a run {leases - set(of_runs)}, runs without a lease {of_runs}"
