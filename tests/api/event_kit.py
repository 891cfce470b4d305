"""Events as clients send them, and sockets that send them."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from aiohttp import ClientWebSocketResponse, WSMsgType

from orchd.db import Tx
from orchd.db.tables import flow, flow_run
from orchd.kit.ids import uuid7
from tests.api.conftest import Api

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def an_event(name: str = "shop.sold", about: str = "shop.1", **more: Any) -> dict[str, Any]:
    """A valid event; `more` replaces its parts."""
    return {
        "id": str(uuid7()),
        "occurred": datetime.now(UTC).isoformat(),
        "event": name,
        "resource": {"prefect.resource.id": about},
        **more,
    }


def a_state_event(
    run_id: UUID,
    flow_run_id: UUID | None,
    kind: str = "RUNNING",
    at: datetime = NOON,
    *,
    run: dict[str, Any] | None = None,
    state: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """What a client tells when a task run enters a state. `run` and `state` add to those parts of the payload."""
    flow_runs = [{"prefect.resource.id": f"prefect.flow-run.{flow_run_id}", "prefect.resource.role": "flow-run"}]
    return an_event(
        **{
            "name": f"prefect.task-run.{kind.title()}",
            "occurred": at.isoformat(),
            "resource": {
                "prefect.resource.id": f"prefect.task-run.{run_id}",
                "prefect.resource.name": "work-0",
                "prefect.orchestration": "client",
            },
            "related": [
                {"prefect.resource.id": "prefect.tag.blue", "prefect.resource.role": "tag"},
                *(flow_runs if flow_run_id else []),
            ],
            "payload": {
                "intended": {"from": None, "to": kind},
                "validated_state": {
                    "type": kind,
                    "name": kind.title(),
                    "message": "",
                    "state_details": {},
                    "data": None,
                    **(state or {}),
                },
                "task_run": {"name": "work-0", "task_key": "work", "dynamic_key": str(run_id), **(run or {})},
            },
            **more,
        }
    )


async def a_flow_run(api: Api) -> UUID:
    """The id of a flow run that is there."""
    flow_id, run_id, now = uuid7(), uuid4(), datetime.now(UTC)
    times = {"created": now, "updated": now}

    def make(tx: Tx) -> None:
        tx.execute(flow.insert().values(id=flow_id, name=f"flow-{flow_id}", tags=[], labels={}, **times))
        values: dict[str, Any] = {"parameters": {}, "context": {}, "tags": [], "empirical_policy": {}}
        tx.execute(
            flow_run.insert().values(
                id=run_id, flow_id=flow_id, name="a-run", auto_scheduled=False, run_count=0, total_run_time=0.0,
                **values, **times,
            )
        )  # fmt: skip

    await api.db.write(make)
    return run_id


class Sender:
    """A client of /events/in."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket

    @classmethod
    async def connect(cls, api: Api, path: str = "/api/events/in", token: str | None = None) -> "Sender":
        """Opens, asks with a PING whether anybody is there as clients do, and introduces itself."""
        socket = await api.client.ws_connect(path, protocols=["prefect"], autoping=False)
        sender = cls(socket)
        await sender.confirm()
        await socket.send_json({"type": "auth", "token": token})
        assert await socket.receive_json(timeout=10) == {"type": "auth_success"}
        return sender

    async def send(self, *events: dict[str, Any]) -> None:
        for event in events:
            await self.socket.send_str(json.dumps(event))

    async def confirm(self) -> None:
        """Sends a PING and waits for its PONG."""
        await self.socket.ping(b"checkpoint")
        answer = await self.socket.receive(timeout=10)
        assert (answer.type, answer.data) == (WSMsgType.PONG, b"checkpoint")

    async def tell(self, *events: dict[str, Any]) -> None:
        """Sends events and waits until they are confirmed."""
        await self.send(*events)
        await self.confirm()
