"""The daemon at the other end of the control socket."""

import grp
import http.client
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec

from orchctl.session import Exit, Failure
from orchd.wire.control import Action, Done, Failed, Line, Plan, Problem, Progress, Schema, Step

T = TypeVar("T")

TIMEOUT = 60.0  # seconds for an answer; work on the schema has no bound but the daemon's own
STOPPED = "Start it (`systemctl start orchd`), name its socket with --socket, or use `orchctl --offline db …`."


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float | None) -> None:
        super().__init__("orchd", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(os.fspath(self._path))


class Remote:
    """Asks a running daemon. Every method raises Failure when it does not answer, or refuses."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def answers(self) -> bool:
        """Whether somebody listens."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
                probe.settimeout(TIMEOUT)
                probe.connect(os.fspath(self.path))
        except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
            return False
        except OSError:
            return True
        return True

    def get(self, path: str, kind: type[T], **query: str) -> T:
        """A GET; the answer as its struct."""
        return self._asked("GET", path + ("?" + urlencode(query) if query else ""), kind)

    def post(self, path: str, kind: type[T]) -> T:
        """A POST without a body."""
        return self._asked("POST", path, kind)

    def current(self) -> Schema:
        return self.get("/db/current", Schema)

    def history(self) -> list[Step]:
        return self.get("/db/history", list[Step])

    def plan(self, action: Action | None, target: str) -> Plan:
        return self.get("/db/plan", Plan, target=target, **({"action": action} if action else {}))

    def walk(self, action: Action, target: str, told: Callable[[Progress], None]) -> Done:
        """Has the work done and tells of its progress. Raises Failure when it changed nothing."""
        answer = self._answer("POST", f"/db/{action}", None, json.dumps({"target": target}))
        decoder = msgspec.json.Decoder(Line)
        try:
            while text := answer.readline():
                match decoder.decode(text):
                    case Progress() as progress:
                        told(progress)
                    case Done() as done:
                        return done
                    case Failed(kind=kind, message=message):
                        raise Failure.of(kind, message)
        except (OSError, http.client.HTTPException, msgspec.DecodeError) as error:
            raise self._broken(error) from error
        raise self._broken(None)

    def _asked(self, method: str, path: str, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(self._answer(method, path, TIMEOUT).read(), type=kind)
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from error
        except msgspec.DecodeError as error:
            raise Failure(f"orchd and orchctl do not fit together: {error}.", Exit.FAILED) from error

    def _answer(
        self, method: str, path: str, timeout: float | None, body: str | None = None
    ) -> http.client.HTTPResponse:
        connection = _Connection(self.path, timeout)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from error
        if answer.status != http.HTTPStatus.OK:
            raise _refusal(answer)
        return answer

    def _unreachable(self, error: Exception) -> Failure:
        if isinstance(error, PermissionError):
            return Failure(
                f"You may not use the control socket {self.path}: use sudo{_or_join(self.path)}.", Exit.REFUSED
            )
        if isinstance(error, TimeoutError):
            return Failure(
                f"orchd on {self.path} did not answer within {TIMEOUT:g} s; its log may say why.", Exit.NOT_REACHABLE
            )
        if isinstance(error, FileNotFoundError | NotADirectoryError | ConnectionRefusedError):
            return Failure(f"No orchd answers on {self.path}. {STOPPED}", Exit.NOT_REACHABLE)
        return Failure(f"orchd on {self.path} broke the connection: {error}. Does it still run?", Exit.NOT_REACHABLE)

    def _broken(self, error: Exception | None) -> Failure:
        why = f" ({error})" if error is not None and str(error) else ""
        return Failure(
            f"The connection to orchd broke{why}. Where it still runs, the work goes on: see `orchctl status`; "
            "where it was stopped, nothing was changed.",
            Exit.NOT_REACHABLE,
        )


def _or_join(path: Path) -> str:
    """The group that the socket is given to, when it is one that people can join."""
    try:
        found = path.stat()
        return "" if found.st_gid == 0 else f", or join the group {grp.getgrgid(found.st_gid).gr_name!r}"
    except (OSError, KeyError):
        return ""


def _refusal(answer: http.client.HTTPResponse) -> Failure:
    text: Any = answer.read()
    try:
        problem = msgspec.json.decode(text, type=Problem)
    except msgspec.DecodeError:
        return Failure(f"orchd answered {answer.status} {answer.reason}.", Exit.FAILED)
    return Failure.of(problem.kind, problem.message)
