"""Words to ask a rule with: everything happens at NOON, to a run that is as plain as can be."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from orchd.orchestration.facts import Deployment, Facts, FlowRun, Kind, Run, RunPolicy, SlotLimit, TagLimit
from orchd.orchestration.transition import Proposed, Transition
from orchd.wire.states import State, StateDetails, StateType

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)

RUN = UUID(int=1)
NEW = UUID(int=2)
LEASE = UUID(int=3)
CALL = UUID(int=4)
DEPLOYMENT = UUID(int=5)
PARENT = UUID(int=6)
FLOW_RUN = UUID(int=7)
LIMIT = UUID(int=8)

ALL_TYPES = (
    StateType.SCHEDULED,
    StateType.PENDING,
    StateType.RUNNING,
    StateType.PAUSED,
    StateType.CANCELLING,
    StateType.COMPLETED,
    StateType.FAILED,
    StateType.CANCELLED,
    StateType.CRASHED,
)
NO_STATE_OR_ANY: tuple[StateType | None, ...] = (None, *ALL_TYPES)


def held(state: StateType, name: str | None = None, data: Any = None, **details: Any) -> State:
    """A state that the run is in, since a minute ago."""
    return State(
        id=UUID(int=9),
        type=state,
        name=name or state.capitalize(),
        timestamp=NOON - MINUTE,
        data=data,
        state_details=StateDetails(**details),
    )


def wished(state: StateType, name: str | None = None, data: Any = None, **details: Any) -> Proposed:
    """A proposed state."""
    return Proposed(state, name or state.capitalize(), data=data, state_details=StateDetails(**details))


def asked(current: State | StateType | None, proposed: Proposed | StateType) -> Transition:
    """A transition; a bare type stands for a plain state of it."""
    return Transition(
        held(current) if isinstance(current, StateType) else current,
        wished(proposed) if isinstance(proposed, StateType) else proposed,
    )


def of_flow(**known: Any) -> Facts:
    """Facts about a flow run: fields of the run, of its policy, and of the facts themselves, by name."""
    return _facts(Kind.FLOW, known)


def of_task(**known: Any) -> Facts:
    """The same about a task run."""
    return _facts(Kind.TASK, known)


def slots(limit: int, taken: int = 0, **more: Any) -> Deployment:
    """A deployment with a concurrency limit."""
    active = more.pop("active", True)
    return Deployment(limit=SlotLimit(id=LIMIT, limit=limit, active_slots=taken, active=active), **more)


def tag(name: str, limit: int, taken: int = 0, *, held: bool = False, active: bool = True) -> TagLimit:
    """The limit of a tag; `tag_id` tells its id."""
    limit_id = tag_id(name)
    return TagLimit(tag=name, limit=SlotLimit(id=limit_id, limit=limit, active_slots=taken, active=active), held=held)


def tag_id(name: str) -> UUID:
    """The id of a tag's limit."""
    return UUID(bytes=name.encode().ljust(16, b"-")[:16])


def flow_in(state: StateType | None, run_count: int = 1, **more: Any) -> FlowRun:
    """The flow run of a task run."""
    return FlowRun(id=FLOW_RUN, run_count=run_count, state_type=state, **more)


def _facts(kind: Kind, known: dict[str, Any]) -> Facts:
    def those_of(struct: Any) -> dict[str, Any]:
        return {field: known.pop(field) for field in struct.__struct_fields__ if field in known}

    rest = {field: known.pop(field) for field in ("now", "flow_run", "deployment") if field in known}
    policy = RunPolicy(**those_of(RunPolicy))
    run = Run(kind=kind, id=RUN, policy=policy, **those_of(Run))
    return Facts(run=run, **{"now": NOON, "new_id": NEW, **rest, **known})
