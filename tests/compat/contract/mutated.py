"""Requests that nobody would send: bodies that a document allows, spoiled by chance. Each is repeatable by its seed."""

import json
import random
import re
from collections import Counter
from typing import Any
from urllib.parse import quote

import httpx

from tests.compat.contract.allowed import NIL, Allowed

ODD: list[Any] = [
    None, True, 0, -1, 1.5, 2**31, 2**63, 10**40, 1e308, "", " ", "text", "\u0000", "\ud800", "é\u2028", "x" * 70_000, NIL, "%", "'; --",
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999+14:00", "2026-02-30T00:00:00Z", "P1Y", "-inf", [], [[]], [None] * 300, {},
    {"": None}, {"a": {"b": [1]}}, {"$ref": {}}, {"__prefect_kind": "jinja", "template": "{{ 1/0 }}"}, {"__prefect_kind": []},
]  # fmt: skip
NAMES = ["absent", "x", "%00", "..", "a%2Fb", "%F0%9F%99%82", "'", "%25", "x" * 300]
IDS = [NIL, "42", NIL.upper(), "{" + NIL + "}"]
HEADERS: list[dict[str, str]] = [
    {}, {}, {}, {}, {"content-type": "text/plain"}, {"content-type": "application/json; charset=utf-16"}, {"accept-encoding": "gzip;q=x"},
    {"x-prefect-api-version": "99.x"}, {"prefect-automation-id": "x", "prefect-automation-name": "x"}, {"content-encoding": "gzip"},
]  # fmt: skip


class Mutations:
    """Sends spoiled requests to a server and keeps what should not have happened."""

    def __init__(self, api: str, seed: int) -> None:
        self.api, self.chance = api, random.Random(seed)
        document = httpx.get(f"{api}/openapi.json", timeout=60).raise_for_status().json()
        self.allowed = list(Allowed(document).requests())
        self.places = [
            (method.upper(), path.removeprefix("/api"), [each["name"] for each in operation.get("parameters", [])])
            for path, operations in document["paths"].items()
            for method, operation in operations.items()
        ]
        self.problems: list[str] = []
        self.statuses = Counter[int]()

    def send(self, times: int) -> list[str]:
        """The requests that were answered by an error of the server's own, or not at all."""
        with httpx.Client(base_url=self.api, timeout=60) as http:
            for _ in range(times):
                self._send_one(http)
            assert http.get("/health").json() is True
        return self.problems

    def _send_one(self, http: httpx.Client) -> None:
        if self.chance.random() < 0.8:
            chosen = self.chance.choice(self.allowed)
            method, path, content = chosen.method, chosen.path, self._content(chosen.body)
        else:
            method, path, names = self.chance.choice(self.places)
            content = b""
            path += "?" + "&".join(
                f"{name}={quote(str(self.chance.choice(ODD))[:300], safe='', errors='replace')}" for name in names
            )
        address = re.sub(r"{(\w*_)?id}", lambda _: self.chance.choice(IDS), path)
        address = re.sub(r"{\w+}", lambda _: self.chance.choice(NAMES), address)
        headers = {"content-type": "application/json"} | self.chance.choice(HEADERS)
        told = f"{method} {address[:300]} {headers} {content[:600]!r}"
        try:
            answer = http.request(method, address, content=content, headers=headers)
        except httpx.TransportError as error:
            self.problems.append(f"{told}\n    {type(error).__name__}: {error}")
            return
        self.statuses[answer.status_code] += 1
        if answer.status_code >= 500 and answer.status_code != 501:
            self.problems.append(f"{told}\n    {answer.status_code} {answer.text[:300]}")
        elif "json" in answer.headers.get("content-type", ""):
            answer.json()

    def _content(self, body: Any) -> bytes:
        spoiled = json.loads(json.dumps(body))
        for _ in range(self.chance.randint(0, 3)):
            spoiled = self._spoiled(spoiled)
        content = json.dumps(spoiled).encode()
        if self.chance.random() < 0.1 and content:
            place = self.chance.randrange(len(content))
            content = (
                content[:place]
                + self.chance.choice((b"", b"\xff", b'"', b"[", b"\\u0000", b"1e999"))
                + content[place + 1 :]
            )
        return content

    def _spoiled(self, value: Any) -> Any:
        """The value with one part of it changed, left out or doubled."""
        if isinstance(value, dict) and value and self.chance.random() < 0.85:
            key = self.chance.choice(sorted(value))
            what = self.chance.random()
            if what < 0.1:
                return {name: each for name, each in value.items() if name != key}
            if what < 0.2:
                return {**value, self.chance.choice(("unknown", "", "\u0000")): self.chance.choice(ODD)}
            return {**value, key: self._spoiled(value[key])}
        if isinstance(value, list) and value and self.chance.random() < 0.85:
            place = self.chance.randrange(len(value))
            return [*value[:place], self._spoiled(value[place]), *value[place:]]
        return self.chance.choice(ODD)
