#!/usr/bin/env python3
"""Side-by-side benchmark of workflow-orchestration servers that speak the
Prefect 3 REST API.

    bench.py --target base=http://127.0.0.1:4200/api \\
             --target ours=http://127.0.0.1:4300/api \\
             --pid base=1234 --pid ours=5678 \\
             --rounds 3 --json out.json

The targets are servers that already run. Every scenario is run on every target
in turn, N rounds, the order of the targets rotating from round to round; the
table gives the median over the rounds for each target and its ratio to the
first target (above 1.0 = better than the first target, for rates and for times
alike). Start from fresh databases: the targets are seeded through their API
(skipped where the seed is already there), reads run before writes, and the
writes stay in the database.

The load generator is closed-loop: C connections, each sending its next request
when the last was answered. It speaks HTTP/1.1 and WebSocket on bare asyncio
protocols with bodies encoded beforehand, and notes rounds in which it used
more than 60 % of a core itself (marked `g` in the table; `o`: other
processes, other targets included, used more than half a core). Like the real client
it asks for gzip and tries again, after a pause, what was answered 429, 502 or
503; figures count what succeeded.

`--list` lists the scenarios, `--scenario` picks by name or prefix
(`--scenario read`, `--scenario create,lifecycle`).
"""
from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import datetime as dt
import gzip
import os
import platform
import random
import statistics
import struct
import sys
import time
import uuid
import zlib
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any, Awaitable, Callable, Iterable
from urllib.parse import urlsplit

import orjson
import psutil
import uvloop

API_VERSION = "0.8.4"
TIMEOUT = 60.0
GEN_CPU_NOTE = 60.0
OTHER_CPU_NOTE = 50.0


# --------------------------------------------------------------------------
# small helpers


def now_iso(offset: float = 0.0) -> str:
    t = dt.datetime.now(dt.timezone.utc) + dt.timedelta(seconds=offset)
    return t.isoformat().replace("+00:00", "Z")


def uuid7() -> str:
    ms = time.time_ns() // 1_000_000
    r = int.from_bytes(os.urandom(10), "big")
    v = (ms << 80) | (0x7 << 76) | (((r >> 62) & 0xFFF) << 64) | (0b10 << 62) | (r & ((1 << 62) - 1))
    return str(uuid.UUID(int=v))


def pct(xs: list[float], q: float) -> float:
    if not xs:
        return float("nan")
    s = sorted(xs)
    return s[min(len(s) - 1, int(q * len(s)))]


def short() -> str:
    return uuid.uuid4().hex[:8]


class BenchError(Exception):
    pass


class NotBuilt(BenchError):
    """The server answers 501: it does not carry the operation out yet. Scenarios that need it are left out."""


# --------------------------------------------------------------------------
# HTTP/1.1 client connection: one request in flight, keep-alive


class _HTTP(asyncio.Protocol):
    __slots__ = ("transport", "fut", "buf", "need", "chunked", "status", "headers", "closed", "got", "close_after")

    def __init__(self) -> None:
        self.transport: Any = None
        self.fut: asyncio.Future | None = None
        self.closed = True
        self.reset()

    def reset(self) -> None:
        self.buf = bytearray()
        self.need = -1  # total length of head + body once known
        self.chunked = False
        self.status = 0
        self.headers = b""
        self.got = False
        self.close_after = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.closed = False

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if self.fut is not None and not self.fut.done():
            self.fut.set_exception(ConnectionResetError("connection lost"))

    def data_received(self, data: bytes) -> None:
        buf = self.buf
        buf += data
        self.got = True
        if self.need < 0 and not self.chunked:
            end = buf.find(b"\r\n\r\n")
            if end < 0:
                return
            self.status = int(buf[9:12])
            head = bytes(buf[:end]).lower()
            self.headers = head
            self.close_after = b"\r\nconnection: close" in head
            i = head.find(b"\r\ncontent-length:")
            if i >= 0:
                j = head.find(b"\r\n", i + 2)
                n = int(head[i + 17 : j if j >= 0 else end])
                self.need = end + 4 + n
            elif b"\r\ntransfer-encoding: chunked" in head:
                self.chunked = True
            else:
                self.need = end + 4
            del buf[: end + 4]
            if self.need >= 0:
                self.need -= end + 4
        if self.chunked:
            if not buf.endswith(b"0\r\n\r\n"):
                return
            body = self._dechunk()
            if body is None:
                return
            self._done(body)
        elif len(buf) >= self.need >= 0:
            self._done(bytes(buf))

    def _dechunk(self) -> bytes | None:
        out, buf, i = [], self.buf, 0
        while True:
            j = buf.find(b"\r\n", i)
            if j < 0:
                return None
            n = int(bytes(buf[i:j]).split(b";")[0], 16)
            if n == 0:
                return b"".join(out)
            if len(buf) < j + 2 + n + 2:
                return None
            out.append(bytes(buf[j + 2 : j + 2 + n]))
            i = j + 2 + n + 2

    def _done(self, body: bytes) -> None:
        fut, self.fut = self.fut, None
        if self.close_after and self.transport:
            self.transport.close()
            self.closed = True
        if fut is not None and not fut.done():
            fut.set_result((self.status, body))


class Conn:
    """A keep-alive HTTP connection that reopens itself when the server closed it."""

    def __init__(self, target: "Target") -> None:
        self.target = target
        self.proto: _HTTP | None = None

    async def _open(self) -> _HTTP:
        loop = asyncio.get_running_loop()
        _, proto = await asyncio.wait_for(
            loop.create_connection(_HTTP, self.target.host, self.target.port), TIMEOUT
        )
        self.proto = proto
        return proto

    async def send(self, raw: bytes) -> tuple[int, bytes]:
        for attempt in (0, 1):
            proto = self.proto
            reused = proto is not None and not proto.closed
            if not reused:
                proto = await self._open()
            assert proto is not None
            proto.reset()
            fut = proto.fut = asyncio.get_running_loop().create_future()
            proto.transport.write(raw)
            timer = asyncio.get_running_loop().call_later(TIMEOUT, self._expire, fut)
            try:
                return await fut
            except ConnectionResetError:
                # an idle connection that the server was just closing
                if attempt or not reused or proto.got:
                    raise
            except TimeoutError:
                proto.transport.abort()
                raise
            finally:
                timer.cancel()
        raise AssertionError

    @staticmethod
    def _expire(fut: asyncio.Future) -> None:
        if not fut.done():
            fut.set_exception(TimeoutError("no answer in time"))

    def retry_after(self) -> float | None:
        head = self.proto.headers if self.proto else b""
        i = head.find(b"\r\nretry-after:")
        if i < 0:
            return None
        with contextlib.suppress(ValueError):
            return float(head[i + 14 :].split(b"\r\n")[0])
        return None

    def inflate(self, body: bytes) -> bytes:
        head = self.proto.headers if self.proto else b""
        if b"\r\ncontent-encoding: gzip" in head:
            return gzip.decompress(body)
        if b"\r\ncontent-encoding: deflate" in head:
            return zlib.decompress(body)
        return body

    def close(self) -> None:
        if self.proto is not None and self.proto.transport is not None:
            self.proto.transport.close()
            self.proto = None


# --------------------------------------------------------------------------
# WebSocket client


class _WS(asyncio.Protocol):
    def __init__(self, on_message: Callable[[bytes], None] | None) -> None:
        self.on_message = on_message
        self.buf = bytearray()
        self.open = False
        self.handshake: asyncio.Future = asyncio.get_running_loop().create_future()
        self.queue: deque[bytes] = deque()
        self.waiter: asyncio.Future | None = None
        self.frag = b""
        self.closed = False
        self.close_reason = ""
        self.resume: asyncio.Future | None = None
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def pause_writing(self) -> None:
        self.resume = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        if self.resume is not None and not self.resume.done():
            self.resume.set_result(None)
        self.resume = None

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self.resume_writing()
        for fut in (self.handshake, self.waiter):
            if fut is not None and not fut.done():
                fut.set_exception(ConnectionResetError(f"websocket closed {self.close_reason}".strip()))

    def data_received(self, data: bytes) -> None:
        buf = self.buf
        buf += data
        if not self.open:
            end = buf.find(b"\r\n\r\n")
            if end < 0:
                return
            line = bytes(buf[:end]).split(b"\r\n")[0].decode("latin1")
            del buf[: end + 4]
            if " 101 " not in line + " ":
                if not self.handshake.done():
                    self.handshake.set_exception(BenchError(f"websocket refused: {line}"))
                self.transport.close()
                return
            self.open = True
            if not self.handshake.done():
                self.handshake.set_result(None)
        pos, n = 0, len(buf)
        while n - pos >= 2:
            b0, ln = buf[pos], buf[pos + 1] & 0x7F
            head = 2
            if ln == 126:
                if n - pos < 4:
                    break
                ln = int.from_bytes(buf[pos + 2 : pos + 4], "big")
                head = 4
            elif ln == 127:
                if n - pos < 10:
                    break
                ln = int.from_bytes(buf[pos + 2 : pos + 10], "big")
                head = 10
            if n - pos < head + ln:
                break
            payload = bytes(buf[pos + head : pos + head + ln])
            pos += head + ln
            op = b0 & 0x0F
            if op in (0, 1, 2):
                if b0 & 0x80:
                    self._message(self.frag + payload if self.frag else payload)
                    self.frag = b""
                else:
                    self.frag += payload
            elif op == 9:
                self._frame(0x8A, payload)
            elif op == 8:
                self.close_reason = f"{int.from_bytes(payload[:2], 'big')} {payload[2:].decode('utf8', 'replace')}"
                self.transport.close()
        if pos:
            del buf[:pos]

    def _message(self, payload: bytes) -> None:
        if self.on_message is not None and self.waiter is None:
            self.on_message(payload)
            return
        self.queue.append(payload)
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)

    def _frame(self, b0: int, payload: bytes) -> None:
        self.transport.write(frame(payload, b0))


def frame(payload: bytes, b0: int = 0x81) -> bytes:
    """A masked client frame; the all-zero mask leaves the payload as it is."""
    n = len(payload)
    if n < 126:
        head = struct.pack("!BB", b0, 0x80 | n)
    elif n < 65536:
        head = struct.pack("!BBH", b0, 0x80 | 126, n)
    else:
        head = struct.pack("!BBQ", b0, 0x80 | 127, n)
    return head + b"\0\0\0\0" + payload


class WebSocket:
    def __init__(self, target: "Target", path: str) -> None:
        self.target, self.path = target, path
        self.proto: _WS | None = None
        self.on_message: Callable[[bytes], None] | None = None

    async def connect(self) -> "WebSocket":
        t = self.target
        _, proto = await asyncio.get_running_loop().create_connection(lambda: _WS(None), t.host, t.port)
        self.proto = proto
        key = base64.b64encode(os.urandom(16)).decode()
        proto.transport.write(
            (
                f"GET {t.prefix}{self.path} HTTP/1.1\r\nHost: {t.host}:{t.port}\r\nUpgrade: websocket\r\n"
                f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Protocol: prefect\r\n\r\n"
            ).encode()
        )
        await asyncio.wait_for(proto.handshake, TIMEOUT)
        await self.send_text(b'{"type":"auth","token":null}')
        answer = orjson.loads(await self.recv())
        if answer.get("type") != "auth_success":
            raise BenchError(f"websocket authentication: {answer}")
        return self

    async def send_raw(self, frames: bytes) -> None:
        p = self.proto
        assert p is not None
        if p.closed:
            raise ConnectionResetError(f"websocket closed {p.close_reason}")
        p.transport.write(frames)
        if p.resume is not None:
            await p.resume

    async def send_text(self, payload: bytes) -> None:
        await self.send_raw(frame(payload))

    async def recv(self, timeout: float = TIMEOUT) -> bytes:
        p = self.proto
        assert p is not None
        while not p.queue:
            if p.closed:
                raise ConnectionResetError(f"websocket closed {p.close_reason}")
            p.waiter = asyncio.get_running_loop().create_future()
            try:
                await asyncio.wait_for(p.waiter, timeout)
            finally:
                p.waiter = None
        return p.queue.popleft()

    def listen(self, on_message: Callable[[bytes], None]) -> None:
        """From here on, hand every message to a callback."""
        p = self.proto
        assert p is not None
        while p.queue:
            on_message(p.queue.popleft())
        p.on_message = on_message

    def close(self) -> None:
        if self.proto is not None and not self.proto.closed:
            with contextlib.suppress(Exception):
                self.proto._frame(0x88, b"\x03\xe8")
                self.proto.transport.close()


# --------------------------------------------------------------------------
# a target


class Procs:
    """CPU time and memory of a server's processes (given pids and their children)."""

    def __init__(self, pids: Iterable[int]) -> None:
        self.roots = list(pids)
        self.seen: dict[int, float] = {}
        self.base = 0.0

    def _all(self) -> list[psutil.Process]:
        out: dict[int, psutil.Process] = {}
        for pid in self.roots:
            with contextlib.suppress(psutil.Error):
                p = psutil.Process(pid)
                out[p.pid] = p
                for c in p.children(recursive=True):
                    out[c.pid] = c
        return list(out.values())

    def cpu(self) -> float:
        """CPU seconds so far; what ended processes had used stays counted."""
        for p in self._all():
            with contextlib.suppress(psutil.Error):
                t = p.cpu_times()
                self.seen[p.pid] = max(self.seen.get(p.pid, 0.0), t.user + t.system)
        return sum(self.seen.values())

    def rss(self) -> int:
        total = 0
        for p in self._all():
            with contextlib.suppress(psutil.Error):
                total += p.memory_info().rss
        return total


@dataclass
class Target:
    name: str
    url: str
    pids: list[int] = field(default_factory=list)
    accept: str = "gzip, deflate"

    def __post_init__(self) -> None:
        u = urlsplit(self.url)
        self.host = u.hostname or "127.0.0.1"
        self.port = u.port or 80
        self.prefix = u.path.rstrip("/")
        self.procs = Procs(self.pids)
        self.ids: dict[str, Any] = {}
        self.control = Conn(self)

    def raw(self, method: str, path: str, body: bytes = b"") -> bytes:
        head = (
            f"{method} {self.prefix}{path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
            f"Accept: */*\r\nAccept-Encoding: {self.accept}\r\nConnection: keep-alive\r\n"
            f"X-Prefect-Api-Version: {API_VERSION}\r\n"
        )
        if method != "GET":
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        return head.encode() + b"\r\n" + body

    async def call(self, method: str, path: str, body: Any = None, ok: tuple[int, ...] = (200, 201, 204),
                   conn: Conn | None = None, retries: int = 100) -> Any:
        """A request outside the measurement: retried while the server says it is busy."""
        conn = conn or self.control
        raw = self.raw(method, path, b"" if body is None else orjson.dumps(body))
        for attempt in range(retries + 1):
            status, data = await conn.send(raw)
            if status in ok:
                data = conn.inflate(data)
                return orjson.loads(data) if data else None
            if status == 501:
                raise NotBuilt(f"not built: {method} {path}")
            if status not in (409, 429, 500, 502, 503) or attempt == retries:
                raise BenchError(f"{self.name}: {method} {path} answered {status}: {conn.inflate(data)[:500]!r}")
            await asyncio.sleep(min(2.0, 0.1 * 2**attempt) * random.uniform(0.5, 1.0))

    async def each(self, bodies: list[tuple[str, str, Any]], concurrency: int) -> list[Any]:
        out: list[Any] = [None] * len(bodies)
        it = iter(enumerate(bodies))

        async def one() -> None:
            conn = Conn(self)
            for i, (method, path, body) in it:
                out[i] = await self.call(method, path, body, conn=conn)
            conn.close()

        await asyncio.gather(*(one() for _ in range(concurrency)))
        return out


# --------------------------------------------------------------------------
# bodies, as the Prefect 3 client writes them

STATE_DETAILS = {
    "flow_run_id": None, "task_run_id": None, "child_flow_run_id": None, "scheduled_time": None, "cache_key": None,
    "cache_expiration": None, "deferred": None, "untrackable_result": False, "pause_timeout": None,
    "pause_reschedule": False, "pause_key": None, "run_input_keyset": None, "refresh_cache": None, "retriable": None,
    "transition_id": None, "task_parameters_id": None, "traceparent": None, "deployment_concurrency_lease_id": None,
}


def flow_run_body(flow_id: str, state: str = "PENDING", scheduled: str | None = None, **extra: Any) -> dict[str, Any]:
    details = {"scheduled_time": scheduled} if scheduled else {"traceparent": None}
    state = "SCHEDULED" if scheduled else state
    body: dict[str, Any] = {
        "state": {"type": state, "name": state.capitalize(), "message": None, "state_details": details, "data": None},
        "name": None, "flow_id": flow_id, "flow_version": "4333401dce4cea59a87ca4ed60c1a9f7",
        "parameters": {"region": "eu-1", "limit": 250, "dry_run": False}, "context": {}, "parent_task_run_id": None,
        "empirical_policy": {"retries": 0, "retry_delay": 0}, "tags": ["bench"],
    }
    body.update(extra)
    return body


def set_state_body(run_id: str, state: str) -> bytes:
    details = dict(STATE_DETAILS, flow_run_id=run_id, transition_id=str(uuid.uuid4()),
                   untrackable_result=state == "COMPLETED")
    return orjson.dumps({"state": {"type": state, "name": state.capitalize(), "message": None,
                                   "state_details": details, "data": None}, "force": False})


def task_run_events(flow_run_id: str, flow_id: str, flow_run_name: str, index: int) -> list[bytes]:
    """The three events that the client emits for a task run that runs through."""
    task_run_id, dyn = uuid7(), str(uuid.uuid4())
    name = f"work-{dyn[:3]}"
    t0 = dt.datetime.now(dt.timezone.utc)
    times = [t0, t0 + dt.timedelta(milliseconds=2), t0 + dt.timedelta(milliseconds=6)]
    iso = [t.isoformat() for t in times]
    zulu = [s.replace("+00:00", "Z") for s in iso]
    ids = [uuid7() for _ in times]
    related = [
        {"prefect.resource.id": "prefect.tag.bench", "prefect.resource.role": "tag"},
        {"prefect.resource.id": f"prefect.flow-run.{flow_run_id}", "prefect.resource.role": "flow-run",
         "prefect.resource.name": flow_run_name},
        {"prefect.resource.id": f"prefect.flow.{flow_id}", "prefect.resource.role": "flow",
         "prefect.resource.name": "bench"},
    ]
    run: dict[str, Any] = {
        "name": name, "task_key": "work-20e15985", "dynamic_key": dyn,
        "empirical_policy": {"max_retries": 0, "retry_delay_seconds": 0.0, "retries": 0, "retry_delay": 0},
        "tags": ["bench"], "labels": {}, "task_inputs": {"x": []}, "run_count": 0, "flow_run_run_count": 0,
        "expected_start_time": zulu[0], "total_run_time": 0.0,
    }
    out, prev, prev_id = [], None, None
    for i, state in enumerate(("PENDING", "RUNNING", "COMPLETED")):
        if state == "RUNNING":
            run = {**run, "run_count": 1, "flow_run_run_count": 1, "start_time": zulu[1]}
        elif state == "COMPLETED":
            run = {**run, "end_time": zulu[2], "total_run_time": 0.004}
        cap = state.capitalize()
        out.append(orjson.dumps({
            "occurred": zulu[i], "event": f"prefect.task-run.{cap}",
            "resource": {
                "prefect.resource.id": f"prefect.task-run.{task_run_id}", "prefect.resource.name": name,
                "prefect.run-count": str(run["run_count"]), "prefect.state-message": "", "prefect.state-name": cap,
                "prefect.state-timestamp": iso[i], "prefect.state-type": state, "prefect.orchestration": "client",
            },
            "related": related,
            "payload": {
                "intended": {"from": prev, "to": state},
                "initial_state": prev and {"type": prev, "name": prev.capitalize(), "message": "", "state_details": {}},
                "validated_state": {"type": state, "name": cap, "message": "",
                                    "state_details": {"untrackable_result": True} if state == "COMPLETED" else {},
                                    "data": None},
                "task_run": run,
            },
            "id": ids[i], "follows": prev_id,
        }))
        prev, prev_id = state, ids[i]
    return out


def custom_event(name: str, seq: int) -> bytes:
    rid = str(uuid.uuid4())
    return orjson.dumps({
        "occurred": now_iso(), "event": name,
        "resource": {"prefect.resource.id": f"bench.item.{seq}", "prefect.resource.name": f"item-{seq}",
                     "bench.sequence": str(seq)},
        "related": [{"prefect.resource.id": f"prefect.flow-run.{rid}", "prefect.resource.role": "flow-run",
                     "prefect.resource.name": "bench-run"},
                    {"prefect.resource.id": "prefect.tag.bench", "prefect.resource.role": "tag"}],
        "payload": {"sequence": seq, "note": "x" * 200}, "id": uuid7(), "follows": None,
    })


def log_batch(flow_run_id: str, n: int, text: str = "") -> bytes:
    base = time.time()
    return orjson.dumps([
        {"name": "prefect.flow_runs", "level": 20 + 10 * (i % 10 == 0),
         "message": text or f"Processed partition {i} of {n} in 0.{i:03d}s, all rows accounted for, moving on",
         "timestamp": dt.datetime.fromtimestamp(base + i * 1e-4, dt.timezone.utc).isoformat().replace("+00:00", "Z"),
         "flow_run_id": flow_run_id, "task_run_id": None}
        for i in range(n)
    ])


# --------------------------------------------------------------------------
# seeding

SEED_FLOW = "bench-seed"
POOL = "bench-pool"
POLL_POOL = "bench-poll-pool"
SEED_DEPLOYMENTS = 100
POLL_RUNS = 500


async def count_runs(t: Target, **filters: Any) -> int:
    return await t.call("POST", "/flow_runs/count", filters)


async def seed_deployments(t: Target, flow: str) -> list[str]:
    """Work pools and deployments; none from a server that has neither yet, which then gets its runs without them."""
    try:
        for pool in (POOL, POLL_POOL):
            await t.call("POST", "/work_pools/", {"name": pool, "type": "process", "base_job_template": {}},
                         ok=(200, 201, 409))
        schema = {"type": "object", "title": "Parameters", "properties": {
            "region": {"type": "string", "position": 0, "title": "region", "default": "eu-1"},
            "limit": {"type": "integer", "position": 1, "title": "limit", "default": 100},
            "dry_run": {"type": "boolean", "position": 2, "title": "dry_run", "default": False}}}
        deployments = await t.each([
            ("POST", "/deployments/", {
                "name": f"seed-{i:03d}", "flow_id": flow, "work_pool_name": POOL, "parameter_openapi_schema": schema,
                "parameters": {"region": "eu-1", "limit": 100, "dry_run": False}, "tags": ["bench", f"team-{i % 7}"],
                "entrypoint": "flows/etl.py:main", "path": ".", "version": "1", "enforce_parameter_schema": False,
                "description": "Loads one region's partitions and publishes the totals."})
            for i in range(SEED_DEPLOYMENTS)], 4)
        t.ids["deployments"] = [d["id"] for d in deployments]
    except NotBuilt as e:
        print(f"  {t.name}: {e}; seeding without work pools and deployments", flush=True)
        t.ids["deployments"] = []
    return t.ids["deployments"]


async def seed_runs(t: Target, dep_ids: list[str], block: int, rows: list[dict[str, Any]], concurrency: int) -> None:
    """Flow runs in bulk, of one deployment after the other; one by one where that is not built."""
    if not dep_ids:
        await t.each([("POST", "/flow_runs/", row) for row in rows], concurrency)
        return
    for row in rows:
        for key in ("flow_id", "flow_version"):
            del row[key]
    dep_id = dep_ids[block % len(dep_ids)]
    for attempt in range(20):
        try:
            made = (await t.call("POST", f"/deployments/{dep_id}/create_flow_run/bulk", rows))["results"]
        except NotBuilt as e:
            print(f"  {t.name}: {e}; creating the runs one by one", flush=True)
            dep_ids.clear()
            flow = {"flow_id": t.ids["seed_flow"]}
            await t.each([("POST", "/flow_runs/", {**flow, **row}) for row in rows], concurrency)
            return
        except TimeoutError:  # it may have made some of them: a few runs more than asked do no harm
            print(f"  {t.name}: no answer within {TIMEOUT:.0f} s while seeding; asking again", flush=True)
            t.control.close()
            continue
        rows = [row for row, r in zip(rows, made) if r["status"] != "CREATED"]
        if not rows:
            return
        await asyncio.sleep(0.1 * attempt)
    raise BenchError(f"{t.name}: seeding flow runs: {str(made)[:500]}")


async def seed(t: Target, opt: argparse.Namespace) -> None:
    t0 = time.perf_counter()
    version = await t.call("GET", "/admin/version")
    flow = (await t.call("POST", "/flows/", {"name": SEED_FLOW, "tags": [], "labels": {}}))["id"]
    t.ids["version"] = version
    t.ids["flow"] = (await t.call("POST", "/flows/", {"name": "bench", "tags": [], "labels": {}}))["id"]
    t.ids["seed_flow"] = flow
    dep_ids = await seed_deployments(t, flow)

    only = {"flows": {"id": {"any_": [flow]}}}
    have = await count_runs(t, **only)
    missing = max(0, opt.seed_runs - have)
    # nothing that a server's background services keep working on: no cancelled, late or paused runs
    states = ["COMPLETED"] * 15 + ["FAILED"] * 2 + ["CRASHED", "RUNNING", "PENDING"]
    def seed_run(i: int) -> dict[str, Any]:
        return flow_run_body(flow, states[i % len(states)], name=f"seed-run-{i}", tags=["bench", f"team-{i % 7}"])

    for start in range(have, have + missing, 50):  # in bulk, of one deployment after the other
        rows = [seed_run(i) for i in range(start, min(start + 50, have + missing))]
        await seed_runs(t, dep_ids, start // 50, rows, opt.seed_concurrency)
    runs: list[dict] = []
    while len(runs) < min(1000, opt.seed_runs):
        page = await t.call("POST", "/flow_runs/filter", {
            **only, "limit": 200, "offset": len(runs), "sort": "START_TIME_ASC"})
        if not page:
            break
        runs += page
    t.ids["runs"] = [r["id"] for r in runs]
    if not runs:
        raise BenchError(f"{t.name}: no seeded flow runs")

    await seed_polled(t, opt)
    await seed_logs(t, opt)
    await seed_task_runs(t, opt, flow)
    print(f"  {t.name}: server {version}, {await count_runs(t)} flow runs, "
          f"{await t.call('POST', '/task_runs/count', {})} task runs, seeding took {time.perf_counter() - t0:.1f} s",
          flush=True)


async def seed_polled(t: Target, opt: argparse.Namespace) -> None:
    if not t.ids["deployments"]:
        return
    poll_flow = (await t.call("POST", "/flows/", {"name": "bench-poll", "tags": [], "labels": {}}))["id"]
    have_poll = await count_runs(t, flows={"id": {"any_": [poll_flow]}})
    await t.each([
        ("POST", "/flow_runs/", flow_run_body(
            poll_flow, scheduled=now_iso(6 * 3600 + i), work_pool_name=POLL_POOL))
        for i in range(max(0, POLL_RUNS - have_poll))], opt.seed_concurrency)


async def seed_logs(t: Target, opt: argparse.Namespace) -> None:
    # present if the first seeded run has some
    if not await t.call("POST", "/logs/filter", {"limit": 1, "logs": {"flow_run_id": {"any_": [t.ids["runs"][0]]}}}):
        targets = t.ids["runs"][:100]
        await t.each([("POST", "/logs/", orjson.Fragment(log_batch(targets[i % len(targets)], 200)))
                      for i in range(max(1, opt.seed_logs // 200))], 2)


async def seed_task_runs(t: Target, opt: argparse.Namespace, flow: str) -> None:
    task_parent = t.ids["runs"][0]
    t.ids["task_parent"] = task_parent
    by_flow = {"flow_runs": {"id": {"any_": [task_parent]}}}
    have_tasks = await t.call("POST", "/task_runs/count", by_flow)
    while have_tasks < opt.seed_tasks:
        n = min(500, opt.seed_tasks - have_tasks)
        frames = b"".join(frame(e) for i in range(n) for e in task_run_events(task_parent, flow, "seed-run", i))
        ws = await WebSocket(t, "/events/in").connect()
        await ws.send_raw(frames)
        deadline = time.monotonic() + 120
        want = have_tasks + n
        while have_tasks < want:
            if time.monotonic() > deadline:
                raise BenchError(f"{t.name}: seeded task runs did not appear ({have_tasks} of {want})")
            await asyncio.sleep(0.3)
            have_tasks = await t.call("POST", "/task_runs/count", by_flow)
        ws.close()
    page = await t.call("POST", "/task_runs/filter", {**by_flow, "limit": 200})
    t.ids["task_runs"] = [r["id"] for r in page]


# --------------------------------------------------------------------------
# measuring


@dataclass
class Result:
    figure: float  # the headline figure, in the scenario's unit
    p50: float | None = None  # milliseconds
    p99: float | None = None
    n: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    gen_cpu: float = 0.0
    server_cpu: float | None = None  # percent of one core
    server_ms_per_op: float | None = None
    rss_mb: float | None = None
    other_cpu: float | None = None  # percent of one core used by all else, the other targets included


Op = Callable[[Conn, "Tally"], Awaitable[None]]


class Tally:
    def __init__(self) -> None:
        self.lat: list[float] = []
        self.done = 0
        self.errors: Counter[str] = Counter()
        self.retried: Counter[str] = Counter()
        self.bytes = 0
        self.end = float("inf")

    async def timed(self, conn: Conn, raw: bytes, ok: tuple[int, ...] = (200, 201, 204)) -> bytes | None:
        """One request as the real client makes it: 429, 502 and 503 are tried again,
        up to 5 times, after Retry-After or 1, 2, 4 … seconds; the latency covers it all."""
        t0 = time.perf_counter()
        for attempt in range(6):
            try:
                status, body = await conn.send(raw)
            except (OSError, TimeoutError) as e:
                self.errors[type(e).__name__] += 1
                conn.close()
                break
            self.bytes += len(body)
            if status in ok:
                self.lat.append(time.perf_counter() - t0)
                return body
            if status not in (429, 502, 503) or attempt == 5:
                self.errors[str(status)] += 1
                break
            self.retried[str(status)] += 1
            wait = conn.retry_after()
            wait = random.uniform(0.8, 1.2) * (2.0**attempt if wait is None else wait)
            left = self.end - time.perf_counter()
            if left < wait:
                await asyncio.sleep(max(0.0, left))
                self.errors[f"{status} at the end"] += 1  # cut short while waiting
                break
            await asyncio.sleep(wait)
        self.lat.append(time.perf_counter() - t0)
        return None


async def closed_loop(t: Target, concurrency: int, seconds: float, op: Op, warm: float = 0.0) -> Result:
    conns = [Conn(t) for _ in range(concurrency)]
    if warm:
        await _drive(conns, warm, op, Tally())
    tally = Tally()
    t0 = time.perf_counter()
    await _drive(conns, seconds, op, tally)
    wall = time.perf_counter() - t0
    for c in conns:
        c.close()
    return Result(
        figure=tally.done / wall, p50=pct(tally.lat, 0.5) * 1e3, p99=pct(tally.lat, 0.99) * 1e3, n=tally.done,
        errors=dict(tally.errors),
        extra={"wall_s": round(wall, 3), "kb_per_answer": round(tally.bytes / 1e3 / max(1, len(tally.lat)), 1)}
        | ({"retried": dict(tally.retried)} if tally.retried else {}))


async def _drive(conns: list[Conn], seconds: float, op: Op, tally: Tally) -> None:
    end = tally.end = time.perf_counter() + seconds

    async def worker(conn: Conn) -> None:
        while time.perf_counter() < end:
            await op(conn, tally)

    await asyncio.gather(*(worker(c) for c in conns))


def repeat(raws: list[bytes]) -> Op:
    """An operation that sends one of the given requests, in turn."""
    i = 0

    async def op(conn: Conn, tally: Tally) -> None:
        nonlocal i
        i += 1
        if await tally.timed(conn, raws[i % len(raws)]) is not None:
            tally.done += 1

    return op


# --------------------------------------------------------------------------
# scenarios

Run = Callable[[Target, argparse.Namespace], Awaitable[Result]]


@dataclass
class Scenario:
    name: str
    unit: str
    higher: bool
    run: Run
    about: str
    once: bool = False  # only in the first --heavy-rounds rounds


SCENARIOS: list[Scenario] = []


def scenario(name: str, unit: str, about: str, higher: bool = True, once: bool = False) -> Callable[[Run], Run]:
    def add(run: Run) -> Run:
        SCENARIOS.append(Scenario(name, unit, higher, run, about, once))
        return run

    return add


# ---- e. reading (first, while all targets hold the same data)

def _read(t: Target, what: str) -> list[bytes]:
    post = lambda path, body: t.raw("POST", path, orjson.dumps(body))  # noqa: E731
    ids = t.ids["runs"]
    if what == "flow_runs_filter":
        return [post("/flow_runs/filter", {"sort": "START_TIME_DESC", "limit": 200, "offset": 0})]
    if what == "flow_runs_filter_state":
        return [post("/flow_runs/filter", {
            "sort": "EXPECTED_START_TIME_DESC", "limit": 50, "offset": 0,
            "flow_runs": {"operator": "and_", "state": {"type": {"any_": ["FAILED", "CRASHED"]}},
                          "tags": {"operator": "and_", "all_": ["bench"]},
                          "expected_start_time": {"after_": now_iso(-7 * 86400)}}})]
    if what == "flow_runs_paginate":
        return [post("/flow_runs/paginate", {"sort": "START_TIME_DESC", "limit": 50, "page": p}) for p in (1, 2, 3)]
    if what == "flow_runs_count":
        return [post("/flow_runs/count", {"flow_runs": {
            "operator": "and_", "state": {"type": {"any_": [s]}},
            "expected_start_time": {"after_": now_iso(-7 * 86400)}}}) for s in ("COMPLETED", "FAILED", "RUNNING")]
    if what == "flow_run":
        return [t.raw("GET", f"/flow_runs/{i}") for i in ids]
    if what == "task_runs_filter":
        return [post("/task_runs/filter", {"limit": 200, "offset": 0, "sort": "EXPECTED_START_TIME_DESC",
                                           "flow_runs": {"id": {"any_": [t.ids["task_parent"]]}}})]
    if what == "deployments_filter" and not t.ids["deployments"]:
        raise NotBuilt("not built: deployments")
    if what == "deployments_filter":
        return [post("/deployments/filter", {"limit": 100, "offset": 0, "sort": "NAME_ASC"})]
    if what == "logs_filter":
        return [post("/logs/filter", {"limit": 200, "offset": 0, "sort": "TIMESTAMP_ASC",
                                      "logs": {"flow_run_id": {"any_": [i]}, "level": {"ge_": 0}}})
                for i in ids[:100]]
    if what == "flow_runs_history":
        return [post("/flow_runs/history", {"history_start": now_iso(-86400), "history_end": now_iso(),
                                            "history_interval_seconds": 3600})]
    if what == "ui_history":
        return [post("/ui/flow_runs/history", {"sort": "EXPECTED_START_TIME_DESC", "limit": 200, "offset": 0,
                                               "flow_runs": {"expected_start_time": {"after_": now_iso(-86400)}}})]
    if what == "ui_task_counts":
        return [post("/ui/task_runs/dashboard/counts", {"task_runs": {
            "start_time": {"after_": now_iso(-86400), "before_": now_iso()}}})]
    raise AssertionError(what)


READS = {
    "flow_runs_filter": "POST /flow_runs/filter, 200 newest",
    "flow_runs_filter_state": "POST /flow_runs/filter by state, tag and time, 50",
    "flow_runs_paginate": "POST /flow_runs/paginate, pages 1-3 of 50",
    "flow_runs_count": "POST /flow_runs/count by state and time",
    "flow_run": "GET /flow_runs/{id}",
    "task_runs_filter": "POST /task_runs/filter, 200 of one flow run",
    "deployments_filter": "POST /deployments/filter, 100",
    "logs_filter": "POST /logs/filter, 200 of one flow run",
    "flow_runs_history": "POST /flow_runs/history, 24 buckets",
    "ui_history": "POST /ui/flow_runs/history, 200 (dashboard bars)",
    "ui_task_counts": "POST /ui/task_runs/dashboard/counts",
}


def _add_read(what: str, c: int, about: str) -> None:
    @scenario(f"read.{what}.c{c}", "req/s", f"{about}; concurrency {c}")
    async def run(t: Target, opt: argparse.Namespace) -> Result:
        return await closed_loop(t, c, opt.read_seconds, repeat(_read(t, what)), warm=0.3)


for _what, _about in READS.items():
    for _c in (1, 32):
        _add_read(_what, _c, _about)


# ---- f. worker polling

def _add_poll(c: int) -> None:
    @scenario(f"poll.c{c}", "req/s",
              f"POST /work_pools/{{name}}/get_scheduled_flow_runs, 200 of {POLL_RUNS} scheduled runs; concurrency {c}")
    async def run(t: Target, opt: argparse.Namespace) -> Result:
        if not t.ids["deployments"]:
            raise NotBuilt("not built: work pools")
        body = {"work_queue_names": ["default"], "scheduled_before": now_iso(12 * 3600)}
        path = f"/work_pools/{POLL_POOL}/get_scheduled_flow_runs"
        got = await t.call("POST", path, body)
        if len(got) != 200:
            raise BenchError(f"{t.name}: polling returned {len(got)} runs, not 200")
        return await closed_loop(t, c, opt.read_seconds, repeat([t.raw("POST", path, orjson.dumps(body))]), warm=0.3)


_add_poll(1)
_add_poll(32)

WORKERS = 100


@scenario(f"poll.w{WORKERS}", "ms p50", f"{WORKERS} workers, each polling once a second for 10 of {POLL_RUNS} due runs",
          higher=False)
async def _poll_workers(t: Target, opt: argparse.Namespace) -> Result:
    if not t.ids["deployments"]:
        raise NotBuilt("not built: work pools")
    raw = t.raw("POST", f"/work_pools/{POLL_POOL}/get_scheduled_flow_runs", orjson.dumps(
        {"work_queue_names": [], "scheduled_before": now_iso(12 * 3600), "limit": 10}))
    conns, tally = [Conn(t) for _ in range(WORKERS)], Tally()
    start = time.perf_counter()
    end = tally.end = start + max(5.0, opt.read_seconds)

    async def worker(number: int, conn: Conn) -> None:
        due = start + number / WORKERS
        while due < end:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            if await tally.timed(conn, raw) is not None:
                tally.done += 1
            due = max(due + 1.0, time.perf_counter())

    await asyncio.gather(*(worker(n, conn) for n, conn in enumerate(conns)))
    for conn in conns:
        conn.close()
    return Result(figure=pct(tally.lat, 0.5) * 1e3, p50=pct(tally.lat, 0.5) * 1e3, p99=pct(tally.lat, 0.99) * 1e3,
                  n=tally.done, errors=dict(tally.errors))


# ---- a. create flow runs

def _add_create(c: int) -> None:
    @scenario(f"create.c{c}", "runs/s", f"POST /flow_runs/; concurrency {c}")
    async def run(t: Target, opt: argparse.Namespace) -> Result:
        raw = t.raw("POST", "/flow_runs/", orjson.dumps(flow_run_body(t.ids["flow"])))
        only = {"flows": {"id": {"any_": [t.ids["flow"]]}}}
        before = await count_runs(t, **only)
        r = await closed_loop(t, c, opt.seconds * (2 if c > 8 else 1), repeat([raw]))
        made = await count_runs(t, **only) - before
        if made < r.n:
            r.errors["lost"] = r.n - made
        return r


_add_create(1)
_add_create(32)


# ---- b. lifecycle

async def _lifecycle(t: Target, conn: Conn, tally: Tally) -> None:
    body = await tally.timed(conn, t.raw("POST", "/flow_runs/", orjson.dumps(
        flow_run_body(t.ids["flow"], scheduled=now_iso()))))
    if body is None:
        return
    run_id = orjson.loads(conn.inflate(body))["id"]
    for state in ("PENDING", "RUNNING", "COMPLETED"):
        body = await tally.timed(conn, t.raw("POST", f"/flow_runs/{run_id}/set_state", set_state_body(run_id, state)))
        if body is None:
            return
        if b'"ACCEPT"' not in conn.inflate(body):
            tally.errors["not accepted"] += 1
            return
    tally.done += 1


def _add_lifecycle(c: int) -> None:
    @scenario(f"lifecycle.c{c}", "runs/s",
              f"create Scheduled, then set_state Pending, Running, Completed (4 requests); concurrency {c}")
    async def run(t: Target, opt: argparse.Namespace) -> Result:
        return await closed_loop(t, c, opt.seconds * (2 if c > 8 else 1),
                                 lambda conn, tally: _lifecycle(t, conn, tally))


_add_lifecycle(1)
_add_lifecycle(32)


# ---- c. task-run events

def _add_events(sockets: int) -> None:
    @scenario(f"task_events.ws{sockets}", "events/s",
              f"task-run state events over /events/in until all task runs count as Completed; {sockets} socket(s)")
    async def run(t: Target, opt: argparse.Namespace) -> Result:
        flow = t.ids["flow"]
        parent = await t.call("POST", "/flow_runs/", flow_run_body(flow, "RUNNING"))
        n = opt.task_runs
        per = [task_run_events(parent["id"], flow, parent["name"], i) for i in range(n)]
        shares: list[list[bytes]] = [[] for _ in range(sockets)]
        for k in range(sockets):
            mine = per[k::sockets]
            for i in range(0, len(mine), 50):  # a mapped task: submit some, then run them one by one
                block = mine[i : i + 50]
                shares[k] += [frame(p[0]) for p in block] + [frame(e) for p in block for e in p[1:]]
        socks = await asyncio.gather(*(WebSocket(t, "/events/in").connect() for _ in range(sockets)))
        body = orjson.dumps({"task_runs": {
            "operator": "and_", "flow_run_id": {"operator": "and_", "any_": [parent["id"]]},
            "state": {"operator": "and_", "type": {"any_": ["COMPLETED"]}}}})
        raw = t.raw("POST", "/task_runs/count", body)

        async def feed(ws: WebSocket, frames: list[bytes]) -> None:
            for i in range(0, len(frames), 16):
                await ws.send_raw(b"".join(frames[i : i + 16]))
                await asyncio.sleep(0)

        t0 = time.perf_counter()
        feeders = asyncio.gather(*(feed(ws, fr) for ws, fr in zip(socks, shares)))
        errors: Counter[str] = Counter()
        done, last, progress = 0, 0, t0
        while done < n:
            elapsed = time.perf_counter() - t0
            await asyncio.sleep(min(0.5, max(0.02, 0.04 * elapsed)))
            status, data = await t.control.send(raw)
            if status != 200:
                errors[str(status)] += 1
                continue
            done = int(t.control.inflate(data))
            if done > last:
                last, progress = done, time.perf_counter()
            elif time.perf_counter() - progress > 20:
                break
        wall = time.perf_counter() - t0
        await feeders
        if done < n:
            errors["lost task runs"] = n - done
            wall = progress - t0
        extra: dict[str, Any] = {"seconds": round(wall, 3)}
        # every state of a few task runs must be there, and the events must be stored
        some = await t.call("POST", "/task_runs/filter", {"limit": 5, "flow_runs": {"id": {"any_": [parent["id"]]}}})
        for tr in some:
            states = await t.call("GET", f"/task_run_states/?task_run_id={tr['id']}")
            if sorted(s["type"] for s in states) != ["COMPLETED", "PENDING", "RUNNING"] and done >= n:
                errors["states missing"] += 1
        want, deadline, total = 3 * n, time.perf_counter() + 30, 0
        filt = {"filter": {"occurred": {"since": now_iso(-600), "until": now_iso(60)},
                           "event": {"prefix": ["prefect.task-run."]},
                           "related": {"id": [f"prefect.flow-run.{parent['id']}"]}}, "limit": 1}
        while total < want and time.perf_counter() < deadline:
            total = (await t.call("POST", "/events/filter", filt))["total"]
            if total < want:
                await asyncio.sleep(0.25)
        extra["events_stored_s"] = round(time.perf_counter() - t0, 2)
        if total < want:
            errors["events not stored"] = want - total
        for ws in socks:
            ws.close()
        return Result(figure=3 * done / wall, n=3 * done, errors=dict(errors), extra=extra)


_add_events(1)
_add_events(8)


# ---- d. log ingest

def _add_logs(c: int) -> None:
    @scenario(f"logs.c{c}", "logs/s", f"POST /logs/ in batches of 200; concurrency {c}")
    async def run(t: Target, opt: argparse.Namespace) -> Result:
        raws = [t.raw("POST", "/logs/", log_batch(i, 200)) for i in t.ids["runs"][100:132]]
        r = await closed_loop(t, c, opt.seconds, repeat(raws))
        r.figure *= 200
        r.n *= 200
        return r


_add_logs(1)
_add_logs(8)


# ---- h. event fan-out

class Subscriber:
    def __init__(self, t: Target, prefix: str) -> None:
        self.ws = WebSocket(t, "/events/out")
        self.prefix = prefix
        self.marker = f'"{prefix}item"'.encode()
        self.probe = f'"{prefix}probe"'.encode()
        self.count = 0
        self.ready = False
        self.on_item: Callable[[bytes], None] | None = None

    async def start(self) -> None:
        await self.ws.connect()
        await self.ws.send_text(orjson.dumps({
            "type": "filter", "backfill": False,
            "filter": {"occurred": {"since": now_iso(-3600), "until": now_iso(86400)},
                       "event": {"prefix": [self.prefix]}}}))
        self.ws.listen(self.message)

    def message(self, data: bytes) -> None:
        if self.marker in data:
            self.count += 1
            if self.on_item is not None:
                self.on_item(data)
        elif self.probe in data:
            self.ready = True


async def _subscribe(t: Target, n: int, prefix: str, sender: WebSocket) -> list[Subscriber]:
    subs = [Subscriber(t, prefix) for _ in range(n)]
    await asyncio.gather(*(s.start() for s in subs))
    deadline = time.monotonic() + 30
    i = 0
    while not all(s.ready for s in subs):
        if time.monotonic() > deadline:
            raise BenchError(f"{t.name}: only {sum(s.ready for s in subs)} of {n} subscribers were served")
        await sender.send_text(custom_event(prefix + "probe", -i))
        i += 1
        await asyncio.sleep(0.3)
    await asyncio.sleep(0.7)
    return subs


def _add_fanout(name: str, window: int | None, about: str) -> None:
    @scenario(name, "deliveries/s", about, once=window is None)
    async def run(t: Target, opt: argparse.Namespace) -> Result:
        prefix = f"bench.fanout.{short()}."
        sender = await WebSocket(t, "/events/in").connect()
        subs = await _subscribe(t, opt.subscribers, prefix, sender)
        total = opt.fanout_events
        frames = [frame(custom_event(prefix + "item", i)) for i in range(total)]
        sent, least = 0, 0
        t0 = progress = time.perf_counter()
        seen = 0
        while True:
            room = total - sent if window is None else min(total - sent, window - (sent - least))
            if room > 0:
                await sender.send_raw(b"".join(frames[sent : sent + room]))
                sent += room
            await asyncio.sleep(0.001)
            least = min(s.count for s in subs)
            now_seen = sum(s.count for s in subs)
            now = time.perf_counter()
            if now_seen > seen:
                seen, progress = now_seen, now
            if least >= total or now - progress > 6 or now - t0 > 120:
                break
        wall = progress - t0
        for s in subs:
            s.ws.close()
        sender.close()
        want = total * len(subs)
        errors = {"not delivered": want - seen} if seen < want else {}
        return Result(figure=seen / wall, n=seen, errors=errors,
                      extra={"seconds": round(wall, 3), "delivered": round(seen / want, 4)})


_add_fanout("fanout", 100, "events to all subscribers of /events/out, at most 100 events ahead of the slowest")
_add_fanout("fanout_burst", None, "the same sent at once: how much of it arrives, and how fast")


# ---- i. tail latency

@scenario("tail.events", "ms p50", "from sending on /events/in to receiving on /events/out, one at a time",
          higher=False)
async def _tail_events(t: Target, opt: argparse.Namespace) -> Result:
    prefix = f"bench.tail.{short()}."
    sender = await WebSocket(t, "/events/in").connect()
    (sub,) = await _subscribe(t, 1, prefix, sender)
    lat: list[float] = []
    lost = 0
    loop = asyncio.get_running_loop()
    for i in range(opt.tail_samples):
        fut = loop.create_future()
        sub.on_item = lambda _d, f=fut: f.done() or f.set_result(time.perf_counter())
        raw = frame(custom_event(prefix + "item", i))
        t0 = time.perf_counter()
        await sender.send_raw(raw)
        try:
            lat.append((await asyncio.wait_for(fut, 5)) - t0)
        except TimeoutError:
            lost += 1
            if lost > 3:
                break
        await asyncio.sleep(0.005)
    sub.ws.close()
    sender.close()
    return Result(figure=pct(lat, 0.5) * 1e3, p50=pct(lat, 0.5) * 1e3, p99=pct(lat, 0.99) * 1e3, n=len(lat),
                  errors={"not delivered": lost} if lost else {})


@scenario("tail.logs", "ms p50", "from POST /logs/ (one line) to receiving on /logs/out, one at a time "
          "(some servers need log streaming switched on)", higher=False)
async def _tail_logs(t: Target, opt: argparse.Namespace) -> Result:
    run_id = t.ids["runs"][150]
    ws = await WebSocket(t, "/logs/out").connect()
    await ws.send_text(orjson.dumps({"type": "filter", "filter": {"flow_run_id": {"any_": [run_id]}}}))
    box: dict[str, Any] = {}

    def on(data: bytes) -> None:
        fut = box.get("fut")
        if fut is not None and not fut.done() and box["mark"] in data:
            fut.set_result(time.perf_counter())

    ws.listen(on)
    conn, lat, lost = Conn(t), [], 0
    loop = asyncio.get_running_loop()
    tries = 0
    for i in range(-10, opt.tail_samples):
        mark = f"tail-{short()}"
        fut = loop.create_future()
        box.update(fut=fut, mark=mark.encode())
        raw = t.raw("POST", "/logs/", log_batch(run_id, 1, mark))
        t0 = time.perf_counter()
        post = asyncio.ensure_future(conn.send(raw))
        try:
            got = await asyncio.wait_for(fut, 1 if i < 0 else 5)
            if i >= 0:
                lat.append(got - t0)
        except TimeoutError:
            lost += 1
            tries += 1
            if tries > 4:
                break
        await post
        await asyncio.sleep(0.005)
    ws.close()
    conn.close()
    if not lat:
        raise BenchError("nothing arrived on /logs/out (log streaming off?)")
    return Result(figure=pct(lat, 0.5) * 1e3, p50=pct(lat, 0.5) * 1e3, p99=pct(lat, 0.99) * 1e3, n=len(lat),
                  errors={"not delivered": lost} if lost else {})


@scenario("tail.task_run", "ms p50", "from sending a task run's three events to GET /task_runs/{id} showing Completed",
          higher=False)
async def _tail_task_run(t: Target, opt: argparse.Namespace) -> Result:
    flow = t.ids["flow"]
    parent = await t.call("POST", "/flow_runs/", flow_run_body(flow, "RUNNING"))
    sender = await WebSocket(t, "/events/in").connect()
    lat: list[float] = []
    lost = 0
    for i in range(max(10, opt.tail_samples // 5)):
        events = task_run_events(parent["id"], flow, parent["name"], i)
        rid = orjson.loads(events[0])["resource"]["prefect.resource.id"].removeprefix("prefect.task-run.")
        raw = t.raw("GET", f"/task_runs/{rid}")
        t0 = time.perf_counter()
        await sender.send_raw(b"".join(frame(e) for e in events))
        while True:
            status, data = await t.control.send(raw)
            if status == 200 and b'"state_type":"COMPLETED"' in t.control.inflate(data):
                lat.append(time.perf_counter() - t0)
                break
            if time.perf_counter() - t0 > 15:
                lost += 1
                break
            await asyncio.sleep(0.002)
        await asyncio.sleep(0.01)
    sender.close()
    return Result(figure=pct(lat, 0.5) * 1e3, p50=pct(lat, 0.5) * 1e3, p99=pct(lat, 0.99) * 1e3, n=len(lat),
                  errors={"lost": lost} if lost else {})


# ---- j. mixed load

@scenario("mixed.c32", "req/s", "32 clients: run lifecycles, logs and reads at once")
async def _mixed(t: Target, opt: argparse.Namespace) -> Result:
    reads = [_read(t, w)[0] for w in ("flow_runs_filter_state", "flow_runs_count", "logs_filter", "task_runs_filter")]
    singles = _read(t, "flow_run")
    counter = 0

    async def op(conn: Conn, tally: Tally) -> None:
        nonlocal counter
        counter += 1
        k = counter

        async def step(raw: bytes) -> bytes | None:
            body = await tally.timed(conn, raw)
            if body is not None:
                tally.done += 1
            return body

        body = await step(t.raw("POST", "/flow_runs/", orjson.dumps(flow_run_body(t.ids["flow"]))))
        if body is None:
            return
        run_id = orjson.loads(conn.inflate(body))["id"]
        await step(t.raw("POST", f"/flow_runs/{run_id}/set_state", set_state_body(run_id, "RUNNING")))
        await step(t.raw("GET", f"/flow_runs/{run_id}"))
        await step(t.raw("POST", "/logs/", log_batch(run_id, 20)))
        await step(reads[k % len(reads)])
        await step(singles[k % len(singles)])
        await step(t.raw("POST", f"/flow_runs/{run_id}/set_state", set_state_body(run_id, "COMPLETED")))

    return await closed_loop(t, 32, opt.mixed_seconds, op)


# ---- g. scheduler

@scenario("scheduler", "s", "create deployments with an every-minute schedule: seconds until all have an hour of runs",
          higher=False, once=True)
async def _scheduler(t: Target, opt: argparse.Namespace) -> Result:
    flow = (await t.call("POST", "/flows/", {"name": f"bench-sched-{short()}", "tags": [], "labels": {}}))["id"]
    try:
        return await _schedule(t, opt, flow)
    finally:  # or the target would go on scheduling them
        only = {"flows": {"id": {"any_": [flow]}}, "limit": 200}
        while page := await t.call("POST", "/deployments/filter", only):
            await t.each([("DELETE", f"/deployments/{d['id']}", None) for d in page], 2)
        await t.call("DELETE", f"/flows/{flow}")


async def _schedule(t: Target, opt: argparse.Namespace, flow: str) -> Result:
    n = opt.schedules
    anchor = now_iso(-86400)
    t0 = time.perf_counter()
    deps = await t.each([
        ("POST", "/deployments/", {
            "name": f"every-minute-{i}", "flow_id": flow, "work_pool_name": POOL, "tags": [], "parameters": {},
            "schedules": [{"active": True, "schedule": {"interval": 60.0, "anchor_date": anchor, "timezone": "UTC"}}],
            "entrypoint": "flows/etl.py:main", "path": "."})
        for i in range(n)], 4)
    created = time.perf_counter() - t0
    want = 59 * n
    body = {"flows": {"id": {"any_": [flow]}}, "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}
    have, deadline = 0, time.perf_counter() + opt.scheduler_limit
    while have < want and time.perf_counter() < deadline:
        await asyncio.sleep(0.2)
        have = await count_runs(t, **body)
    # the total may be reached while a few deployments still wait: look at the newest and at some others
    rest = deps[-20:] + random.Random(1).sample(deps, min(20, n))
    while rest and have >= want and time.perf_counter() < deadline:
        if await count_runs(t, deployments={"id": {"any_": [rest[-1]["id"]]}}) >= 59:
            rest.pop()
        else:
            await asyncio.sleep(0.2)
    wall = time.perf_counter() - t0
    errors: Counter[str] = Counter()
    if have < want:
        errors["runs missing"] = want - have
    elif rest:
        errors["deployments short of runs"] = len(rest)
    return Result(figure=wall, n=have, errors=dict(errors),
                  extra={"creating_s": round(created, 2), "after_creating_s": round(wall - created, 2),
                         "runs_per_s": round(have / wall)})


# --------------------------------------------------------------------------
# running


async def settle(targets: list[Target], limit: float = 10.0) -> None:
    """Let work that the servers still have in hand run out before the next measurement."""
    watched = [t for t in targets if t.pids]
    if not watched:
        await asyncio.sleep(1.0)
        return
    end = time.monotonic() + limit
    calm = 0
    while time.monotonic() < end:
        before = [t.procs.cpu() for t in watched]
        t0 = time.perf_counter()
        await asyncio.sleep(0.5)
        span = time.perf_counter() - t0
        busy = max((t.procs.cpu() - b) / span for t, b in zip(watched, before))
        calm = calm + 1 if busy < 0.3 else 0
        if calm >= 2:
            return


async def measure(s: Scenario, t: Target, opt: argparse.Namespace) -> Result:
    me = psutil.Process()
    a, w = me.cpu_times(), time.perf_counter()
    cpu0 = t.procs.cpu() if t.pids else 0.0
    all0 = psutil.cpu_times()
    r = await s.run(t, opt)
    wall = time.perf_counter() - w
    b = me.cpu_times()
    r.gen_cpu = round(100 * (b.user + b.system - a.user - a.system) / wall, 1)
    if t.pids:
        used = t.procs.cpu() - cpu0
        r.server_cpu = round(100 * used / wall, 1)
        r.server_ms_per_op = round(1e3 * used / r.n, 3) if r.n else None
        r.rss_mb = round(t.procs.rss() / 1e6, 1)
        all1 = psutil.cpu_times()
        busy = sum(getattr(all1, k, 0.0) - getattr(all0, k, 0.0) for k in ("user", "nice", "system", "irq", "softirq"))
        r.other_cpu = round(max(0.0, 100 * busy / wall - r.gen_cpu - r.server_cpu), 1)
    return r


def fmt(x: float | None) -> str:
    if x is None or x != x:
        return "-"
    if abs(x) >= 10000:
        return f"{x:,.0f}"
    return f"{x:.0f}" if abs(x) >= 1000 else f"{x:.1f}" if abs(x) >= 10 else f"{x:.2f}"


def median_of(rs: list[Result], key: str) -> float | None:
    xs = [v for r in rs if (v := getattr(r, key)) is not None and v == v]
    return statistics.median(xs) if xs else None


def table(chosen: list[Scenario], targets: list[Target], results: dict[str, dict[str, list[Result]]],
          failures: dict[tuple[str, str], str]) -> str:
    first = targets[0].name
    head = ["scenario", "unit"]
    for t in targets:
        head += [t.name, "p50 ms", "p99 ms", "cpu ms/op"]
        if t.name != first:
            head += [f"ratio to {first}", "cpu ratio"]
    head.append("notes")
    rows = [head]
    for s in chosen:
        by = results[s.name]
        if not any(by.values()) and not any((s.name, t.name) in failures for t in targets):
            continue
        row, notes = [s.name, s.unit], []
        base = median_of(by[first], "figure")
        for t in targets:
            rs = by[t.name]
            fig = median_of(rs, "figure")
            row += [fmt(fig), fmt(median_of(rs, "p50")), fmt(median_of(rs, "p99")),
                    fmt(median_of(rs, "server_ms_per_op"))]
            if t.name != first:
                ratio = None if not fig or not base else (fig / base if s.higher else base / fig)
                row.append("-" if ratio is None else f"{ratio:.2f}")
                cpu, base_cpu = median_of(rs, "server_ms_per_op"), median_of(by[first], "server_ms_per_op")
                row.append(f"{base_cpu / cpu:.2f}" if cpu and base_cpu else "-")
            errors: Counter[str] = Counter()
            for r in rs:
                errors.update(r.errors)
            if errors:
                notes.append(f"{t.name}: " + ", ".join(f"{v}x {k}" for k, v in errors.items()))
            retried = sum(sum(r.extra.get("retried", {}).values()) for r in rs)
            if retried:
                notes.append(f"{t.name}: {retried} retries")
            gen = [r.gen_cpu for r in rs if r.gen_cpu > GEN_CPU_NOTE]
            if gen:
                notes.append(f"{t.name}: g (generator {max(gen):.0f} % CPU)")
            other = median_of(rs, "other_cpu")
            if other is not None and other > OTHER_CPU_NOTE:
                notes.append(f"{t.name}: o (others on the machine {other:.0f} % CPU)")
            if (s.name, t.name) in failures:
                notes.append(f"{t.name}: {failures[s.name, t.name]}")
        row.append("; ".join(notes))
        rows.append(row)
    widths = [max(len(r[i]) for r in rows) for i in range(len(head) - 1)]
    lines = []
    for k, r in enumerate(rows):
        cells = [c.ljust(w) if i < 2 else c.rjust(w) for i, (c, w) in enumerate(zip(r, widths))]
        lines.append("| " + " | ".join(cells + [r[-1]]) + " |")
        if k == 0:
            lines.append("|" + "|".join("-" * (w + 2) if i < 2 else "-" * (w + 1) + ":" for i, w in enumerate(widths))
                         + "|---|")
    return "\n".join(lines)


def choose(words: list[str], skip: list[str]) -> list[Scenario]:
    def hit(s: Scenario, w: str) -> bool:
        return s.name == w or s.name.startswith(w + ".") or (w.endswith("*") and s.name.startswith(w[:-1]))

    split = [w for ws in words for w in ws.split(",") if w]
    drop = [w for ws in skip for w in ws.split(",") if w]
    for w in split + drop:
        if not any(hit(s, w) for s in SCENARIOS):
            sys.exit(f"no scenario {w!r}; --list lists them")
    picked = [s for s in SCENARIOS if not split or any(hit(s, w) for w in split)]
    return [s for s in picked if not any(hit(s, w) for w in drop)]


async def main_async(opt: argparse.Namespace) -> int:
    targets: list[Target] = []
    for spec in opt.target:
        name, _, url = spec.partition("=")
        if not url:
            sys.exit(f"--target {spec!r}: expected NAME=URL")
        pids = [int(p) for ps in opt.pid if ps.partition("=")[0] == name for p in ps.partition("=")[2].split(",")]
        targets.append(Target(name, url, pids, "identity" if opt.no_gzip else "gzip, deflate"))
    chosen = choose(opt.scenario, opt.skip)
    started = now_iso()
    print(f"python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}, {started}")
    print("seeding:")
    for t in targets:
        await seed(t, opt)
    results: dict[str, dict[str, list[Result]]] = {s.name: {t.name: [] for t in targets} for s in chosen}
    failures: dict[tuple[str, str], str] = {}
    for s in chosen:
        for rnd in range(opt.heavy_rounds if s.once else opt.rounds):
            k = rnd % len(targets)
            for t in targets[k:] + targets[:k]:
                if (s.name, t.name) in failures:
                    continue
                await settle(targets)
                try:
                    r = await measure(s, t, opt)
                except (BenchError, OSError, TimeoutError) as e:
                    failures[s.name, t.name] = str(e) or type(e).__name__
                    print(f"{s.name:32} {t.name:12} failed: {e}", flush=True)
                    t.control.close()
                    continue
                results[s.name][t.name].append(r)
                print(f"{s.name:32} {t.name:12} {fmt(r.figure):>9} {s.unit:13} p50 {fmt(r.p50):>7} "
                      f"p99 {fmt(r.p99):>7} ms  gen {abs(r.gen_cpu):3.0f} %  server {fmt(r.server_cpu):>5} %  "
                      f"others {fmt(r.other_cpu):>5} %  {r.errors or ''} {r.extra or ''}", flush=True)
        if opt.json:
            dump(opt, targets, chosen, results, failures, started)
    print()
    print(text := table(chosen, targets, results, failures))
    if opt.table:
        with open(opt.table, "w") as f:
            f.write(text + "\n")
    if opt.json:
        dump(opt, targets, chosen, results, failures, started)
    return 1 if any(not e.startswith("not built") for e in failures.values()) else 0


def dump(opt: argparse.Namespace, targets: list[Target], chosen: list[Scenario],
         results: dict[str, dict[str, list[Result]]], failures: dict[tuple[str, str], str], started: str) -> None:
    data = {
        "started": started, "finished": now_iso(), "python": platform.python_version(), "cores": os.cpu_count(),
        "options": {k: v for k, v in vars(opt).items() if k not in ("list",)},
        "targets": [{"name": t.name, "version": t.ids.get("version")} for t in targets],
        "scenarios": {s.name: {"unit": s.unit, "higher_is_better": s.higher, "about": s.about,
                               "targets": {n: [vars(r) for r in rs] for n, rs in results[s.name].items()}}
                      for s in chosen},
        "failures": [{"scenario": s, "target": t, "error": e} for (s, t), e in failures.items()],
    }
    with open(opt.json, "wb") as f:
        f.write(orjson.dumps(data, option=orjson.OPT_INDENT_2))


def main() -> int:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--target", action="append", default=[], metavar="NAME=URL", help="a running server's API address")
    p.add_argument("--pid", action="append", default=[], metavar="NAME=PID[,PID]",
                   help="the server's processes (children are included; add the database server's pid if it has one)")
    p.add_argument("--scenario", action="append", default=[], metavar="NAME[,NAME]", help="only these (name or prefix)")
    p.add_argument("--skip", action="append", default=[], metavar="NAME[,NAME]", help="not these")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--heavy-rounds", type=int, default=1, help="rounds of the long scenarios (default 1)")
    p.add_argument("--seconds", type=float, default=5.0,
                   help="length of one writing measurement (twice that with 32 clients)")
    p.add_argument("--read-seconds", type=float, default=2.0, help="length of one reading measurement")
    p.add_argument("--mixed-seconds", type=float, default=20.0)
    p.add_argument("--task-runs", type=int, default=500, help="task runs per task_events measurement, 3 events each")
    p.add_argument("--subscribers", type=int, default=50)
    p.add_argument("--fanout-events", type=int, default=1000)
    p.add_argument("--tail-samples", type=int, default=200)
    p.add_argument("--schedules", type=int, default=500)
    p.add_argument("--scheduler-limit", type=float, default=240.0, help="seconds to wait for the scheduled runs")
    p.add_argument("--seed-runs", type=int, default=5000)
    p.add_argument("--seed-logs", type=int, default=20000)
    p.add_argument("--seed-tasks", type=int, default=1000)
    p.add_argument("--seed-concurrency", type=int, default=4)
    p.add_argument("--no-gzip", action="store_true",
                   help="ask for uncompressed answers (real clients ask for gzip, and so does this by default)")
    p.add_argument("--json", metavar="FILE", help="write all measurements to a file")
    p.add_argument("--table", metavar="FILE", help="write the table to a file, as Markdown")
    p.add_argument("--list", action="store_true", help="list the scenarios and exit")
    opt = p.parse_args()
    if opt.list:
        for s in SCENARIOS:
            print(f"{s.name:32} {s.unit:13} {s.about}")
        return 0
    if not opt.target:
        p.error("give at least one --target")
    return uvloop.run(main_async(opt))


if __name__ == "__main__":
    sys.exit(main())
