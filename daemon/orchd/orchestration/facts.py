"""What rules may know. The caller reads (and locks) it beforehand; `walk.needs` says which costly parts matter."""

from datetime import datetime
from enum import Flag, StrEnum, auto
from uuid import UUID

from msgspec import Struct

from orchd.wire.states import State, StateType


class Kind(StrEnum):
    """What a run is a run of."""

    FLOW = "flow-run"
    TASK = "task-run"


class Need(Flag):
    """Facts that cost a query of their own."""

    NOTHING = 0
    DEPLOYMENT = auto()
    """`Facts.deployment`: the run's deployment with its slots, the limit's row locked."""
    LEASE = auto()
    """`Facts.lease_alive`: the lease named by the current state's `deployment_concurrency_lease_id`."""
    RESULT = auto()
    """`Transition.current.data`: may be left out (None) when this is not asked for."""
    FLOW_RUN = auto()
    """`Facts.flow_run`: the flow run that a task run belongs to."""
    TAGS = auto()
    """`Facts.tag_limits`: active limits named `tag:<tag>` for the task run's tags, their rows locked."""
    CACHE = auto()
    """`Facts.cached`: the newest unexpired completed state under the proposed `cache_key`."""


class RunPolicy(Struct, frozen=True, kw_only=True):
    """A run's `empirical_policy`, as far as rules look at it. Can be decoded from its JSON as it is."""

    retries: int | None = None
    retry_delay: float | list[float] | None = None
    """Seconds; a list (task runs only) has one element per attempt, the last one standing for all that follow."""
    retry_jitter_factor: float | None = None
    pause_keys: tuple[str, ...] | None = ()
    resuming: bool | None = False
    retry_type: str | None = None


class Run(Struct, frozen=True, kw_only=True):
    """A run as it stands in the database."""

    kind: Kind
    id: UUID
    policy: RunPolicy = RunPolicy()
    run_count: int = 0
    start_time: datetime | None = None
    end_time: datetime | None = None
    expected_start_time: datetime | None = None
    next_scheduled_start_time: datetime | None = None
    total_run_time: float = 0.0
    """Seconds spent in RUNNING, without the present stay."""

    # flow runs
    deployment_id: UUID | None = None
    parent_task_run_id: UUID | None = None
    infrastructure_pid: str | None = None

    # task runs
    flow_run_id: UUID | None = None
    flow_run_run_count: int = 0
    task_key: str | None = None
    tags: tuple[str, ...] = ()


class SlotLimit(Struct, frozen=True, kw_only=True):
    """A concurrency limit, its decay already applied."""

    id: UUID
    limit: int
    active_slots: int
    active: bool = True
    """A limit switched off counts as free and is not counted up."""

    @property
    def full(self) -> bool:
        """Whether no slot is free."""
        return self.active and self.active_slots >= self.limit


class Deployment(Struct, frozen=True, kw_only=True):
    """A run's deployment, as far as its slots go."""

    limit: SlotLimit | None = None
    cancel_new: bool = False
    """Collision strategy `CANCEL_NEW`; otherwise a run without a slot waits."""
    grace_period_seconds: float | None = None


class TagLimit(Struct, frozen=True, kw_only=True):
    """The limit of one tag of a task run."""

    tag: str
    limit: SlotLimit
    held: bool = False
    """Whether this very task run holds a slot of it already."""


class FlowRun(Struct, frozen=True, kw_only=True):
    """The flow run that a task run belongs to."""

    id: UUID
    run_count: int
    state_type: StateType | None
    pause_timeout: datetime | None = None
    pause_reschedule: bool = False


class Settings(Struct, frozen=True, kw_only=True):
    """Settings that rules depend on; times in seconds."""

    deployment_slot_wait: float = 30
    tag_slot_wait: float = 10
    lease_duration: float = 300
    max_cache_key_length: int = 2000


class Facts(Struct, frozen=True, kw_only=True):
    """Everything that a decision rests on beside the transition itself."""

    now: datetime
    new_id: UUID
    """The id of the state that is stored, of a lease taken on entering it, and of a pause that was given no key."""
    run: Run
    client_version: str | None = None
    """From `User-Agent: prefect/<version> (API ...)`; None when it is not a client's."""
    jitter: float = 0.5
    """A random number in [0, 1)."""
    settings: Settings = Settings()
    deployment: Deployment | None = None
    lease_alive: bool = False
    flow_run: FlowRun | None = None
    tag_limits: tuple[TagLimit, ...] = ()
    cached: State | None = None
