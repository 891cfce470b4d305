"""orchd as a process, on a configuration file and a database of its own."""

import sys
from pathlib import Path
from typing import Any

import yaml

from tests.kit.servers import Server, plain_environment


class Daemon(Server):
    """`with Daemon() as orchd:` is ready on an empty SQLite file; `orchd.api` is its address.

    `settings` are merged over the configuration, section by section; `environment` is added to a clean one.
    """

    def __init__(
        self,
        database_url: str | None = None,
        *,
        settings: dict[str, dict[str, Any]] | None = None,
        environment: dict[str, str] | None = None,
        ready_within: float = 60.0,
    ) -> None:
        super().__init__(ready_within=ready_within)
        self.database_url = database_url or f"sqlite:///{self.folder}/orchd.db"
        self.environment = environment or {}
        self.config = self.folder / "orchd.yaml"
        self.socket = self.folder / "control.sock"
        self.configure(settings or {})

    def configure(self, settings: dict[str, dict[str, Any]]) -> None:
        """Write the configuration file anew; the running process knows of it after a reload or a restart."""
        sections: dict[str, dict[str, Any]] = {
            "server": {"host": "127.0.0.1", "port": self.port},
            "database": {"url": self.database_url},
            "control": {"socket": str(self.socket)},
        }
        for name, options in settings.items():
            sections[name] = {**sections.get(name, {}), **options}
        self.config.write_text(yaml.safe_dump(sections))

    def command(self) -> tuple[list[str], dict[str, str]]:
        """The `orchd` that stands beside the Python running the tests."""
        orchd = Path(sys.executable).parent / "orchd"
        return [str(orchd), "--config", str(self.config)], plain_environment(**self.environment)
