"""Clients of /events/in: they report task runs, and keep every event until a PONG has confirmed it."""

import random
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from tests.loss.client import Client, Socket, Unanswered
from tests.loss.ledger import Ledger, Report

LIFE = ("PENDING", "RUNNING", "COMPLETED")


class Events:
    """Sends some events, sometimes confirms them, and sends what is not confirmed again over a new socket."""

    def __init__(self, ledger: Ledger, rng: random.Random, flow_run_id: UUID) -> None:
        self.ledger, self.rng, self.flow_run_id = ledger, rng, flow_run_id
        self.socket: Socket | None = None
        self.unconfirmed: list[dict[str, Any]] = []
        self.task_run, self.place = uuid4(), 0

    async def step(self, client: Client) -> None:
        try:
            if self.socket is None:
                self.socket = await client.socket("/events/in")
                await self.socket.send(*self.unconfirmed)
            fresh = [self._next() for _ in range(self.rng.randint(1, 12))]
            self.unconfirmed += fresh
            await self.socket.send(*fresh)
            if self.rng.random() < 0.7:
                sent = len(self.unconfirmed)
                await self.socket.confirm()
                self._confirmed(sent)
        except Unanswered:
            self.socket = None
            raise

    def _confirmed(self, count: int) -> None:
        for event in self.unconfirmed[:count]:
            id = UUID(event["id"])
            self.ledger.events[id] = self.ledger.maybe_events.pop(id)
            self.ledger.touched.events.add(id)
        del self.unconfirmed[:count]

    def _next(self) -> dict[str, Any]:
        id = uuid4()
        if self.rng.random() < 0.2:
            event, told = self._sale(id), None
        else:
            told = (self.task_run, LIFE[self.place])
            event = task_run_event(id, self.task_run, self.flow_run_id, LIFE[self.place])
            self.place += 1
            if self.place == len(LIFE):
                self.task_run, self.place = uuid4(), 0
        resource = event["resource"]["prefect.resource.id"]
        self.ledger.maybe_events[id] = Report(id, event["event"], resource, told)
        return event

    @staticmethod
    def _sale(id: UUID) -> dict[str, Any]:
        """An event that reports of no task run."""
        return {
            "id": str(id),
            "occurred": datetime.now(UTC).isoformat(),
            "event": "shop.sold",
            "resource": {"prefect.resource.id": f"shop.{id}"},
            "related": [{"prefect.resource.id": "shop.till", "prefect.resource.role": "till"}],
        }


def task_run_event(id: UUID, task_run: UUID, flow_run: UUID, kind: str) -> dict[str, Any]:
    """What a client says when a task run enters a state."""
    return {
        "id": str(id),
        "occurred": datetime.now(UTC).isoformat(),
        "event": f"prefect.task-run.{kind.title()}",
        "resource": {
            "prefect.resource.id": f"prefect.task-run.{task_run}",
            "prefect.resource.name": "work-0",
            "prefect.orchestration": "client",
        },
        "related": [
            {"prefect.resource.id": f"prefect.flow-run.{flow_run}", "prefect.resource.role": "flow-run"},
            {"prefect.resource.id": "prefect.tag.loss", "prefect.resource.role": "tag"},
        ],
        "payload": {
            "intended": {"from": None, "to": kind},
            "validated_state": {"type": kind, "name": kind.title(), "message": "", "state_details": {}, "data": None},
            "task_run": {"name": "work-0", "task_key": "work", "dynamic_key": str(task_run), "tags": ["loss"]},
        },
    }
