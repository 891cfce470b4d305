"""Speaks to a control socket as orchctl does, but lower: raw answers, streams that are cut, API answers."""

import http.client
import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PATIENCE = 30.0  # seconds


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("orchd", timeout=PATIENCE)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(str(self.path))


def ask(path: Path, method: str, target: str, body: str | None = None) -> tuple[int, Any]:
    """The status and the JSON of one answer; the lines of a stream as a list."""
    connection = UnixConnection(path)
    connection.request(method, target, body)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    if answer.headers["Content-Type"] == "application/jsonl":
        return answer.status, [json.loads(line) for line in text.splitlines()]
    return answer.status, json.loads(text)


@contextmanager
def begun(path: Path, action: str, target: str) -> Iterator[http.client.HTTPResponse]:
    """Work whose first line has come; the connection is cut at the end of the block."""
    connection = UnixConnection(path)
    connection.request("POST", f"/db/{action}", json.dumps({"target": target}))
    answer = connection.getresponse()
    assert json.loads(answer.readline())["phase"] == "waiting"
    try:
        yield answer
    finally:
        connection.close()


def get(url: str) -> tuple[int, dict[str, str], Any]:
    """Status, headers and JSON of an answer of the API."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return answer.status, dict(answer.headers), json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), json.load(error)


def create_flow(api: str, name: str) -> None:
    """Something to lose."""
    request = urllib.request.Request(
        f"{api}/flows/", json.dumps({"name": name}).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        assert answer.status in (200, 201)


def count_flows(api: str) -> int:
    """How many flows there are."""
    request = urllib.request.Request(f"{api}/flows/count", b"{}", {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return int(json.load(answer))


def until(condition: Callable[[], bool], what: str) -> None:
    """Waits, but not for ever."""
    limit = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < limit, f"{what} never came."
        time.sleep(0.02)
