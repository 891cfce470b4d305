"""orchd as a process, on a configuration file and a database of its own."""

import socket
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.kit.servers import Server, plain_environment

# What systemd does with a socket unit: the listening socket is number 3, and the process is told that it is for it.
HAND_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
os.execv(sys.argv[2], sys.argv[2:])
"""


class Daemon(Server):
    """`with Daemon() as orchd:` is ready on an empty SQLite file; `orchd.api` is its address.

    `settings` are merged over the configuration, section by section; `environment` is added to a clean one. With
    `handed_over` the listening socket outlives the process, as under a systemd socket unit: clients queue meanwhile.
    """

    def __init__(
        self,
        database_url: str | None = None,
        *,
        settings: dict[str, dict[str, Any]] | None = None,
        environment: dict[str, str] | None = None,
        handed_over: bool = False,
        ready_within: float = 60.0,
    ) -> None:
        super().__init__(ready_within=ready_within)
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=1024) if handed_over else None
        self.database_url = database_url or f"sqlite:///{self.folder}/orchd.db"
        self.environment = environment or {}
        self.config = self.folder / "orchd.yaml"
        self.control_socket = self.folder / "control.sock"
        self.configure(settings or {})

    def configure(self, settings: dict[str, dict[str, Any]]) -> None:
        """Write the configuration file anew; the running process knows of it after a reload or a restart."""
        sections: dict[str, dict[str, Any]] = {
            "server": {"host": "127.0.0.1", "port": self.port},
            "database": {"url": self.database_url},
            "control": {"socket": str(self.control_socket)},
        }
        for name, options in settings.items():
            sections[name] = {**sections.get(name, {}), **options}
        self.config.write_text(yaml.safe_dump(sections))

    def command(self) -> tuple[list[str], dict[str, str]]:
        """The `orchd` that stands beside the Python running the tests."""
        command = [str(Path(sys.executable).parent / "orchd"), "--config", str(self.config)]
        if self.listener:
            command = [sys.executable, "-c", HAND_OVER, str(self.listener.fileno()), *command]
        return command, plain_environment(**self.environment)

    def inherited(self) -> tuple[int, ...]:
        """The listening socket, when it is handed over."""
        return (self.listener.fileno(),) if self.listener else ()

    def remove(self) -> None:
        """Kill what still runs, close the socket that was handed over, delete the folder."""
        super().remove()
        if self.listener:
            self.listener.close()
