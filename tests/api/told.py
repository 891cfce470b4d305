"""What orchd has told of in its event log."""

from typing import Any

from sqlalchemy import select

from orchd.db import Tx
from orchd.db.tables import event
from orchd.kit.jsontext import decode
from tests.api.conftest import Api


async def told(api: Api, kind: str) -> list[tuple[str, dict[str, Any]]]:
    """The events about a kind of object, oldest first: what happened to it, and the payload."""
    return [(name.rpartition(".")[2], decode(payload)) for name, payload, _ in await _events(api, kind)]


async def related(api: Api, kind: str) -> list[dict[str, str]]:
    """What the newest event about a kind of object names beside it."""
    found: list[dict[str, str]] = decode((await _events(api, kind))[-1][2])
    return found


async def _events(api: Api, kind: str) -> list[Any]:
    def read(tx: Tx) -> list[Any]:
        wanted = event.c.event.like(f"prefect.{kind}.%")
        asked = select(event.c.event, event.c.payload, event.c.related).where(wanted).order_by(event.c.seq)
        return list(tx.execute(asked))

    return await api.db.read(read)
