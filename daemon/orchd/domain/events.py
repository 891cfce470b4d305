"""Events that orchd itself tells of: written in the transaction of the change, or not at all.

tx.run_all([Write(UPDATE, {...}), *events.event_writes(tx, happened, now)], last=True)
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from orchd.db.transaction import Tx, Write
from orchd.kit.ids import uuid7
from orchd.queries import events as query
from orchd.queries.events import KEY_LENGTH, ROLE_LENGTH
from orchd.wire.events import RESOURCE_ID, RESOURCE_NAME, RESOURCE_ROLE, Event, Resource
from orchd.wire.states import State, StateType

SIGNAL = "events"
"""The wake-up of those who read the log."""

FOLLOWS_WITHIN = timedelta(minutes=5)  # an event further away is not said to follow
MESSAGE_LENGTH = 100_000  # characters of a state's message that travel in its event


def event_writes(tx: Tx, event: Event, received: datetime) -> list[Write]:
    """The writes that put an event into the log, for a `run_all` of the caller's; wakes the log's readers."""
    tx.signals.add(SIGNAL)
    return [
        Write(query.INSERT, event_row(event, received)),
        *(Write(query.INSERT_RESOURCE, row) for row in resource_rows(event)),
    ]


def emit(tx: Tx, event: Event, received: datetime, *, last: bool = False) -> None:
    """Puts an event into the log. `last`: see `Tx.run_all`."""
    tx.run_all(event_writes(tx, event, received), last=last)


def emit_all(tx: Tx, told: Sequence[Event], received: datetime) -> None:
    """Puts any number of events into the log."""
    if told:
        tx.signals.add(SIGNAL)
        rows = [event_row(each, received) for each in told]
        query.append(tx, rows, [row for each in told for row in resource_rows(each)])


def event_row(event: Event, received: datetime) -> dict[str, Any]:
    """The event's row, without its number."""
    return {
        "id": event.id,
        "occurred": event.occurred,
        "received": received,
        "event": event.event,
        "resource_id": event.resource[RESOURCE_ID][:KEY_LENGTH],
        "resource": event.resource,
        "related": event.related,
        "payload": event.payload,
        "follows": event.follows,
    }


def resource_rows(event: Event) -> Iterator[dict[str, Any]]:
    """A row for each resource that the event names, its own with the role ''."""
    named = {(each[RESOURCE_ID][:KEY_LENGTH], each[RESOURCE_ROLE][:ROLE_LENGTH]) for each in event.related}
    for key, role in [(event.resource[RESOURCE_ID][:KEY_LENGTH], ""), *named]:
        yield {"resource_id": key, "occurred": event.occurred, "event_id": event.id, "role": role}


class Named(NamedTuple):
    """An object that an event names."""

    id: UUID
    name: str


def related(role: str, kind: str, key: UUID | str, name: str | None = None) -> Resource:
    """The resource `prefect.<kind>.<key>` in a role."""
    made = {RESOURCE_ID: f"prefect.{kind}.{key}", RESOURCE_ROLE: role}
    if name is not None:
        made[RESOURCE_NAME] = name
    return made


def flow_run_related(
    *,
    flow: Named,
    deployment: Named | None = None,
    work_queue: Named | None = None,
    work_pool: Named | None = None,
    work_pool_type: str | None = None,
    task_run: Named | None = None,
    tags: Iterable[str] = (),
    creator: tuple[str, UUID, str | None] | None = None,
) -> list[Resource]:
    """What a flow run's events name beside the run.

    `tags`: of the run, its flow, its deployment and its parent task run together. `creator`: ("deployment" or
    "automation", id, name), when one of those made the run.
    """
    named = {
        "flow": flow,
        "deployment": deployment,
        "work-queue": work_queue,
        "work-pool": work_pool,
        "task-run": task_run,
    }
    found = [related(kind, kind, each.id, each.name) for kind, each in named.items() if each is not None]
    if work_pool is not None and work_pool_type is not None:
        at = next(at for at, each in enumerate(found) if each[RESOURCE_ROLE] == "work-pool")
        found[at]["prefect.work-pool.type"] = work_pool_type
    found += [related("tag", "tag", tag) for tag in sorted(set(tags))]
    if creator is not None:
        found.append(related("creator", *creator))
    return found


def flow_run_state(run: Named, run_count: int, state: State, previous: State | None, related: list[Resource]) -> Event:
    """A flow run has entered a state. `related`: see `flow_run_related`."""
    return Event(
        id=state.id,
        occurred=state.timestamp,
        event=f"prefect.flow-run.{state.name}",
        resource={
            RESOURCE_ID: f"prefect.flow-run.{run.id}",
            RESOURCE_NAME: run.name,
            "prefect.run-count": str(run_count),
            "prefect.state-message": (state.message or "")[:MESSAGE_LENGTH],
            "prefect.state-name": state.name,
            "prefect.state-timestamp": state.timestamp.isoformat(),
            "prefect.state-type": state.type.value,
        },
        related=related,
        payload={
            "intended": {"from": None if previous is None else previous.type, "to": state.type},
            "initial_state": None if previous is None else _state_in_payload(previous),
            "validated_state": _state_in_payload(state),
        },
        follows=_close_before(state, previous),
    )


def _close_before(state: State, previous: State | None) -> UUID | None:
    if previous is None or abs(state.timestamp - previous.timestamp) >= FOLLOWS_WITHIN:
        return None
    return previous.id


def _state_in_payload(state: State) -> dict[str, str]:
    found = {"type": state.type.value, "name": state.name}
    if state.message:
        found["message"] = state.message[:MESSAGE_LENGTH]
    if state.type is StateType.PAUSED:
        found["pause_reschedule"] = "true" if state.state_details.pause_reschedule else "false"
    return found


def object_changed(
    kind: str,
    action: str,
    key: UUID,
    name: str,
    payload: dict[str, Any],
    now: datetime,
    related: list[Resource] | None = None,
) -> Event:
    """`prefect.<kind>.<action>`: an object was created, updated or deleted. The payload shows it as it is now."""
    return Event(
        id=uuid7(),
        occurred=now,
        event=f"prefect.{kind}.{action}",
        resource={RESOURCE_ID: f"prefect.{kind}.{key}", RESOURCE_NAME: name},
        related=related or [],
        payload=payload,
    )
