"""What the server has acknowledged, and what it was asked for without an answer."""

from dataclasses import dataclass, field
from uuid import UUID


@dataclass
class Run:
    """A flow run: the states that were acknowledged, oldest first, and the proposal that nobody has answered."""

    name: str
    key: str | None
    flow_id: UUID
    states: list[UUID] = field(default_factory=list)
    in_doubt: UUID | None = None
    """The transition id of that proposal."""


@dataclass
class Variable:
    """A counter: the value that was acknowledged (None: not even the variable), and the one asked for since."""

    value: int | None = None
    asked: int = 0


@dataclass(frozen=True)
class Report:
    """An event that a client has sent. `task_run`: what it reports of, with the state's type."""

    id: UUID
    name: str
    resource: str
    task_run: tuple[UUID, str] | None = None


@dataclass
class Ledger:
    """Written by the clients, read by the checks. `maybe_…`: asked for once and never answered."""

    flows: dict[str, UUID] = field(default_factory=dict)
    runs: dict[UUID, Run] = field(default_factory=dict)
    maybe_runs: set[str] = field(default_factory=set)
    log_batches: dict[UUID, int] = field(default_factory=dict)
    maybe_log_batches: dict[UUID, int] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)
    artifacts: dict[UUID, tuple[str, int]] = field(default_factory=dict)
    maybe_artifacts: set[tuple[str, int]] = field(default_factory=set)
    leases: dict[UUID, dict[str, int]] = field(default_factory=dict)
    maybe_leases: list[dict[str, int]] = field(default_factory=list)
    ending: set[UUID] = field(default_factory=set)
    """Leases that were given back, as far as their holder knows not yet."""
    ended: set[UUID] = field(default_factory=set)
    events: dict[UUID, Report] = field(default_factory=dict)
    maybe_events: dict[UUID, Report] = field(default_factory=dict)

    touched: "Touched" = field(default_factory=lambda: Touched())

    def size(self) -> int:
        """How many writes were acknowledged."""
        states = sum(len(run.states) for run in self.runs.values())
        values = sum((variable.value or 0) + 1 for variable in self.variables.values())
        others = (self.flows, self.runs, self.log_batches, self.artifacts, self.leases, self.ended, self.events)
        return states + values + sum(map(len, others))


@dataclass
class Touched:
    """What has changed since the last look over the API."""

    runs: set[UUID] = field(default_factory=set)
    log_batches: set[UUID] = field(default_factory=set)
    variables: set[str] = field(default_factory=set)
    artifacts: set[UUID] = field(default_factory=set)
    events: set[UUID] = field(default_factory=set)
