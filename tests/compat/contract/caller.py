"""Calls one operation after the other and holds every answer against the peer's document."""

import os
from typing import Any
from urllib.parse import quote

import httpx

from tests.compat.contract.document import Document


class NotBuiltYetError(Exception):
    """The scenario came to an operation that the server says it does not carry out yet."""


class ContractError(AssertionError):
    """The answer is not what the peer's document promises."""


class Caller:
    """`call("GET /flows/{id}", id=flow)` is the checked answer; what was called is remembered."""

    def __init__(self, api: str, peer: Document, unbuilt: set[str]) -> None:
        self.http = httpx.Client(base_url=api, timeout=60)
        self.peer = peer
        self.unbuilt = unbuilt
        self.called: set[str] = set()

    def __call__(
        self, operation: str, body: Any = None, *, status: int = 0, query: dict[str, Any] | None = None, **path: Any
    ) -> Any:
        """The JSON of the answer. `status` where it is another than the document's; `body` None sends none."""
        method, _, template = operation.partition(" ")
        described = self.peer.find(method, template)
        assert described is not None, f"the peer knows no {operation}"
        if described.name in self.unbuilt:
            raise NotBuiltYetError(operation)
        address = template.format(**{name: quote(str(value), safe="") for name, value in path.items()})
        answer = self._send(method, address, body, query)
        wanted = status or described.success
        if answer.status_code != wanted:
            raise ContractError(f"{operation} answered {answer.status_code}, not {wanted}: {answer.text[:600]}")
        self.called.add(described.name)
        if "json" not in answer.headers.get("content-type", ""):
            return answer.text
        found = answer.json()
        if not answer.is_success:
            return found
        if problems := self.peer.problems(described, found):
            raise ContractError("\n".join(problems))
        return found

    def _send(self, method: str, address: str, body: Any, query: dict[str, Any] | None) -> httpx.Response:
        answer = self.http.request(method, address, json=body, params=query)
        # Only a server that is not ours may be too busy: the peer's SQLite is, now and then.
        while answer.status_code == 503 and "ORCHD_TEST_API" in os.environ:
            answer = self.http.request(method, address, json=body, params=query)
        return answer
