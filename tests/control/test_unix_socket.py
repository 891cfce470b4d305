"""The API on a Unix socket, for a reverse proxy on the same machine."""

import http.client
import socket
import stat
from pathlib import Path

from tests.kit.daemon import Daemon


class OverUnixSocket(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(str(self._path))


def test_the_api_answers_on_a_unix_socket_with_the_wanted_mode(tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    settings = {"server": {"unix_socket": str(path), "unix_socket_mode": "0600"}}
    with Daemon(f"sqlite:///{tmp_path}/orchd.db", settings=settings):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        connection = OverUnixSocket(path)
        connection.request("GET", "/api/health")
        assert connection.getresponse().read() == b"true"
