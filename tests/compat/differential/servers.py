"""The servers that are compared, with their background services off: what they do depends on when they do it."""

import contextlib
import json
from collections.abc import Iterator

from tests.compat.differential.sides import Side
from tests.compat.peer import Peer
from tests.kit.daemon import Daemon
from tests.kit.postgres import Postgres
from tests.kit.servers import REPOSITORY

PEER_QUIET = {
    f"PREFECT_SERVER_SERVICES_{name}_ENABLED": "false"
    for name in ("SCHEDULER", "LATE_RUNS", "PAUSE_EXPIRATIONS", "CANCELLATION_CLEANUP", "FOREMAN", "REPOSSESSOR")
}
SERVICES = json.loads((REPOSITORY / "config" / "schema.json").read_text())["properties"]["services"]["properties"]
QUIET = {name: {"enabled": False} for name, each in SERVICES.items() if "enabled" in each.get("properties", {})}


@contextlib.contextmanager
def the_peer() -> Iterator[Side]:
    """The peer's server on SQLite."""
    with Peer(PEER_QUIET) as running:
        yield Side("peer", running.api, patient=True)


@contextlib.contextmanager
def orchd(engine: str) -> Iterator[Side]:
    """orchd on an empty database of an engine."""
    with contextlib.ExitStack() as opened:
        url = None
        if engine == "postgres":
            cluster = Postgres()
            opened.callback(cluster.remove)
            url = cluster.create_database()
        running = opened.enter_context(Daemon(url, settings={"services": QUIET}))
        yield Side(engine, running.api)
