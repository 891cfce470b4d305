"""A server and the names that its objects have here."""

import json
import re
import time
from dataclasses import dataclass
from typing import Any

import httpx

from tests.compat.differential.steps import NOTHING, Step

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
NAMED = re.compile(r"<[a-z_]+ [\w.-]+>")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
BUSY, LOST = 503, 0
PATIENCE = 20.0


@dataclass(frozen=True)
class Answer:
    """What came back; `body` is the parsed JSON, or the text where it is none."""

    status: int
    body: Any


class Side:
    """One of the servers that are compared."""

    def __init__(self, name: str, api: str, *, patient: bool = False) -> None:
        self.name, self.api, self.patient = name, api, patient
        self.http = httpx.Client(base_url=api, timeout=60, follow_redirects=True)
        self.known: dict[str, str] = {}
        self.names: dict[str, str] = {}

    def send(self, step: Step) -> Answer:
        """The answer to a step; what it keeps is known from now on."""
        content = step.raw if step.raw is not None else self._content(step.body)
        headers = {"content-type": "application/json"} if content is not None else {}
        path = NAMED.sub(lambda found: self.known.get(found[0], found[0]), step.path)
        answer = self._asked(step.method, path, content, headers | step.headers)
        if step.keep and answer.status < 300:
            self._keep(step.keep, answer.body)
        return answer

    def _asked(self, method: str, path: str, content: bytes | None, headers: dict[str, str]) -> Answer:
        """The peer's SQLite is too busy now and then, and the peer ends connections: that is asked again."""
        limit = time.monotonic() + PATIENCE
        while True:
            try:
                response = self.http.request(method, path, content=content, headers=headers)
            except httpx.TransportError as error:
                if not self.patient or time.monotonic() > limit:
                    return Answer(LOST, f"{type(error).__name__}: {error}")
                continue
            if response.status_code != BUSY or not self.patient or time.monotonic() > limit:
                return Answer(response.status_code, _parsed(response))

    def _content(self, body: Any) -> bytes | None:
        if body is NOTHING:
            return None
        return NAMED.sub(lambda found: self.known.get(found[0], found[0]), json.dumps(body)).encode()

    def _keep(self, name: str, body: Any) -> None:
        """`<name>` for the id, `<name.field>` for every other id and time in the answer."""
        if not isinstance(body, dict):
            return
        for key, value in body.items():
            called = f"<{name}>" if key == "id" else f"<{name}.{key}>"
            if isinstance(value, str) and (UUID.fullmatch(value) or MOMENT.match(value)):
                self.known[called] = value
                if UUID.fullmatch(value):
                    self.names.setdefault(value, called)
        if isinstance(state := body.get("state"), dict):
            self._keep(f"{name}.state", state)


def _parsed(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return response.text
