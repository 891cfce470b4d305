"""HTTP and websockets as a client uses them when the server may die at any moment."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, ClientWebSocketResponse, WSMsgType

PATIENCE = ClientTimeout(total=60)


class Unanswered(Exception):
    """Nobody said what became of it: the server is gone, or its database is."""


class Client:
    """Asks one server. `async with Client(api) as client: await client.ask("POST", "/flows/", {...})`."""

    def __init__(self, api: str) -> None:
        self.api = api

    async def __aenter__(self) -> "Client":
        self.session = ClientSession(timeout=PATIENCE)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()

    async def ask(self, method: str, path: str, body: Any = None, *, fine: Sequence[int] = (200, 201, 204)) -> Any:
        """The answer's JSON; with more than success in `fine`, None stands for every other status in it."""
        try:
            async with self.session.request(method, self.api + path, json=body) as answer:
                status, text = answer.status, await answer.text()
        except (ClientError, OSError, TimeoutError) as error:
            raise Unanswered from error
        if status == 503:
            raise Unanswered(text)
        assert status in fine, f"{method} {path} {body} was answered {status}: {text}"
        return json.loads(text) if text and status < 300 else None

    async def socket(self, path: str) -> "Socket":
        """An open websocket of the API, introduced."""
        try:
            raw = await self.session.ws_connect(self.api + path, protocols=["prefect"], autoping=False)
            socket = Socket(raw)
            await socket.send({"type": "auth", "token": None})
            answer = await socket.receive()
        except (ClientError, OSError, TimeoutError) as error:
            raise Unanswered from error
        assert answer == {"type": "auth_success"}, answer
        return socket


class Socket:
    """A websocket that raises Unanswered once the other side is gone."""

    def __init__(self, raw: ClientWebSocketResponse) -> None:
        self.raw = raw

    async def send(self, *messages: dict[str, Any]) -> None:
        """Sends, without knowing whether any of it arrives."""
        try:
            for message in messages:
                await self.raw.send_str(json.dumps(message))
        except (ClientError, OSError) as error:
            raise Unanswered from error

    async def confirm(self) -> None:
        """A PING and its PONG: all that was sent before is kept."""
        try:
            await self.raw.ping(b"kept?")
        except (ClientError, OSError) as error:
            raise Unanswered from error
        while await self._next(WSMsgType.PONG) != b"kept?":
            pass

    async def receive(self) -> Any:
        """The next message."""
        return json.loads(await self._next(WSMsgType.TEXT))

    async def _next(self, kind: WSMsgType) -> Any:
        async with asyncio.timeout(60):
            while True:
                message = await self.raw.receive()
                if message.type is kind:
                    return message.data
                if message.type is WSMsgType.PING:
                    await self.raw.pong(message.data)
                elif message.type not in (WSMsgType.PONG, WSMsgType.TEXT):
                    raise Unanswered(f"{message.type.name} {message.data} {message.extra}")
