"""Clients that write all the time. Each takes one step after the other and enters in the ledger what was answered.

What a step asked for without an answer is asked for again where a real client would do so, and else entered as a maybe.
"""

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID, uuid4

from tests.loss.client import Client, Unanswered
from tests.loss.ledger import Ledger, Run, Variable

LIFE = ("RUNNING", "COMPLETED")
LIMITS = ("loss-a", "loss-b", "loss-c")
BREATH = 0.02  # seconds between two attempts at a server that does not answer


class Writer(Protocol):
    """One client."""

    async def step(self, client: Client) -> None:
        """Asks for one thing. Raises Unanswered."""


async def keep_writing(writers: Sequence[Writer], client: Client, end: asyncio.Event) -> None:
    """Lets all of them take steps until the end."""

    async def go_on(writer: Writer) -> None:
        while not end.is_set():
            try:
                await writer.step(client)
            except Unanswered:
                await asyncio.sleep(BREATH)

    async with asyncio.TaskGroup() as group:
        for writer in writers:
            group.create_task(go_on(writer))


class Runs:
    """Creates flows and flow runs, and leads each run through its life."""

    def __init__(self, ledger: Ledger, rng: random.Random) -> None:
        self.ledger, self.rng = ledger, rng
        self.flow_name, self.flow_id = f"flow-{uuid4()}", None
        self.new: str | None = None
        self.keyed = False
        self.id: UUID | None = None

    async def step(self, client: Client) -> None:
        if self.flow_id is None:
            flow = await client.ask("POST", "/flows/", {"name": self.flow_name})
            self.flow_id = self.ledger.flows[self.flow_name] = UUID(flow["id"])
        elif self.id is None:
            await self._create(client, self.flow_id)
        else:
            await self._advance(client, self.id, self.ledger.runs[self.id])

    async def _create(self, client: Client, flow_id: UUID) -> None:
        if self.new is None:
            self.new, self.keyed = f"run-{uuid4()}", self.rng.random() < 0.6
        name, key = self.new, self.new if self.keyed else None
        self.ledger.maybe_runs.add(name)
        if not self.keyed:
            self.new = None  # nobody repeats a request that the server cannot recognise
        made = await client.ask("POST", "/flow_runs/", run_body(flow_id, name, key))
        self.new, self.id = None, UUID(made["id"])
        self.ledger.maybe_runs.discard(name)
        self.ledger.runs[self.id] = Run(name, key, flow_id, [UUID(made["state"]["id"])])
        self.ledger.touched.runs.add(self.id)

    async def _advance(self, client: Client, id: UUID, run: Run) -> None:
        repeated, run.in_doubt = run.in_doubt is not None, run.in_doubt or uuid4()
        self.ledger.touched.runs.add(id)
        proposed = {"type": LIFE[len(run.states) - 1], "state_details": {"transition_id": str(run.in_doubt)}}
        answer = await client.ask("POST", f"/flow_runs/{id}/set_state", {"state": proposed})
        state = answer["state"]
        assert answer["status"] == "ACCEPT" or (repeated and answer["status"] == "REJECT"), (id, proposed, answer)
        assert state["type"] == proposed["type"], (id, proposed, answer)
        assert UUID(state["state_details"]["transition_id"]) == run.in_doubt, (id, proposed, answer)
        run.states.append(UUID(state["id"]))
        run.in_doubt = None
        if len(run.states) > len(LIFE):
            self.id = None
            if self.rng.random() < 0.1:
                self.flow_name, self.flow_id = f"flow-{uuid4()}", None


def run_body(flow_id: UUID, name: str, key: str | None, state: str = "PENDING") -> dict[str, Any]:
    """The request that creates a run, in a state that no service changes."""
    return {"flow_id": str(flow_id), "name": name, "idempotency_key": key, "state": {"type": state}}


class Logs:
    """Sends batches of lines; each batch is of a run of its own."""

    def __init__(self, ledger: Ledger, rng: random.Random) -> None:
        self.ledger, self.rng = ledger, rng

    async def step(self, client: Client) -> None:
        id, count = uuid4(), self.rng.randint(1, 20)
        self.ledger.maybe_log_batches[id] = count
        now = datetime.now(UTC).isoformat()
        lines = [
            {"name": "loss", "level": 20, "message": str(n), "timestamp": now, "flow_run_id": str(id)}
            for n in range(count)
        ]
        await client.ask("POST", "/logs/", lines)
        self.ledger.log_batches[id] = self.ledger.maybe_log_batches.pop(id)
        self.ledger.touched.log_batches.add(id)


class Variables:
    """Creates variables and counts them up."""

    def __init__(self, ledger: Ledger, rng: random.Random) -> None:
        self.ledger, self.rng = ledger, rng
        self.name = ""

    async def step(self, client: Client) -> None:
        variables = self.ledger.variables
        now = variables.get(self.name)
        if now is None or (now.value == now.asked and self.rng.random() < 0.2):
            self.name = f"variable_{uuid4().hex}"
            now = variables[self.name] = Variable()
            await self._create(client, now, fine=(201,))
        elif now.value is None:
            await self._create(client, now, fine=(201, 409))  # 409: the request without an answer was carried out
        else:
            now.asked = now.value + 1
            self.ledger.touched.variables.add(self.name)
            await client.ask("PATCH", f"/variables/name/{self.name}", {"value": now.asked})
            now.value = now.asked

    async def _create(self, client: Client, variable: Variable, fine: Sequence[int]) -> None:
        await client.ask("POST", "/variables/", {"name": self.name, "value": 0, "tags": ["loss"]}, fine=fine)
        variable.value = 0
        self.ledger.touched.variables.add(self.name)


class Artifacts:
    """Creates one artifact of a key after the other."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.key, self.number = ledger, f"artifact-{uuid4()}", 0

    async def step(self, client: Client) -> None:
        self.number += 1
        asked = (self.key, self.number)
        self.ledger.maybe_artifacts.add(asked)
        made = await client.ask("POST", "/artifacts/", {"key": self.key, "type": "markdown", "data": str(self.number)})
        self.ledger.maybe_artifacts.discard(asked)
        self.ledger.artifacts[UUID(made["id"])] = asked
        self.ledger.touched.artifacts.add(UUID(made["id"]))


class Leases:
    """Takes slots of several limits at once and gives them back."""

    def __init__(self, ledger: Ledger, rng: random.Random) -> None:
        self.ledger, self.rng = ledger, rng
        self.held: list[UUID] = []
        self.ending: UUID | None = None

    async def step(self, client: Client) -> None:
        if self.ending is None and len(self.held) > 3 and self.rng.random() < 0.6:
            self.ending = self.held.pop(self.rng.randrange(len(self.held)))
            self.ledger.ending.add(self.ending)
        if self.ending is None:
            await self._take(client)
        else:
            await client.ask("POST", "/v2/concurrency_limits/decrement-with-lease", {"lease_id": str(self.ending)})
            del self.ledger.leases[self.ending]
            self.ledger.ending.discard(self.ending)
            self.ledger.ended.add(self.ending)
            self.ending = None

    async def _take(self, client: Client) -> None:
        names, slots = self.rng.sample(LIMITS, self.rng.randint(1, len(LIMITS))), self.rng.randint(1, 3)
        wanted = dict.fromkeys(names, slots)
        self.ledger.maybe_leases.append(wanted)
        body = {"names": names, "slots": slots, "mode": "concurrency", "lease_duration": 3600}
        made = await client.ask("POST", "/v2/concurrency_limits/increment-with-lease", body)
        self.ledger.maybe_leases.remove(wanted)
        self.ledger.leases[UUID(made["lease_id"])] = wanted
        self.held.append(UUID(made["lease_id"]))
