"""What travels over the control socket: answers as JSON objects, long work as one JSON line after the other."""

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

Action = Literal["upgrade", "downgrade", "reset"]


class Problem(Struct, frozen=True):
    """Why something was not done. `kind` is for programs, `message` for people."""

    kind: Literal["config", "conflict", "database", "forbidden", "internal", "invalid", "migration", "unavailable"]
    message: str


class Schema(Struct, frozen=True, kw_only=True):
    """How the schema of the database stands to this orchd: current, empty, behind, ahead or foreign.

    `behind` counts the missing steps; `remedy` says what to do where it is not current.
    """

    database: str
    status: str
    current: str | None
    head: str
    behind: int = 0
    remedy: str | None = None


class Step(Struct, frozen=True, kw_only=True):
    """One step of the schema's history. `loses`: what undoing it takes away."""

    revision: str
    title: str
    loses: str
    applied: bool


class TableRows(Struct, frozen=True):
    """How many rows a table has; with `more`, at least so many."""

    table: str
    rows: int
    more: bool


class Plan(Struct, frozen=True, kw_only=True):
    """What an upgrade, a downgrade or a reset would do: the steps in their order, and the tables that lose rows."""

    action: Action
    before: str | None
    after: str | None
    steps: list[Step]
    tables: list[TableRows]


class Walk(Struct, frozen=True):
    """The request for one: `target` is a revision, "head", "base", "+N" or "-N"."""

    target: str


class Progress(Struct, frozen=True, kw_only=True, tag_field="line", tag="progress"):
    """Where the work is: step `number` of `of`; outside a step `revision` and `title` are empty."""

    phase: str
    number: int = 0
    of: int = 0
    revision: str = ""
    title: str = ""


class Done(Struct, frozen=True, kw_only=True, tag_field="line", tag="done"):
    """The end of the work, and what the daemon does now. `copy`: the copy of the SQLite file that was kept."""

    action: Action
    before: str | None
    after: str | None
    steps: list[str]
    copy: str | None = None
    phase: str | None = None
    reason: str | None = None


class Failed(Struct, frozen=True, kw_only=True, tag_field="line", tag="failed"):
    """The end of work that changed nothing."""

    kind: str
    message: str


Line = Progress | Done | Failed


class Service(Struct, frozen=True, kw_only=True):
    """How a background service fares. Times in seconds."""

    name: str
    every: float
    passes: int
    changed: int
    last_pass: datetime | None
    last_seconds: float | None
    last_error: str | None
    next_pass: datetime | None


class Work(Struct, frozen=True, kw_only=True):
    """What is being done to the schema now, for whom, and since when."""

    action: Action
    target: str
    caller: str
    since: datetime
    progress: Progress | None


class Daemon(Struct, frozen=True, kw_only=True):
    """How the daemon fares. `schema` is None while work on it is under way or the database does not answer."""

    version: str
    pid: int
    phase: str
    reason: str
    started: datetime
    since: datetime
    addresses: list[str]
    configuration: str | None
    database: str
    schema: Schema | None
    work: Work | None
    services: int
    failing: list[str]


class Option(Struct, frozen=True):
    """An option's value in force, and where it comes from. Secrets are masked."""

    value: Any
    origin: str


class Configuration(Struct, frozen=True):
    """Every option by its dotted name."""

    file: str | None
    options: dict[str, Option]


class Reloaded(Struct, frozen=True):
    """What a reload changed at once, and what awaits a restart."""

    live: list[str]
    restart: list[str]
