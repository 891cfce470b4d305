"""Task runs are what their events say: clients report each state of a task run as an event, and ask for nothing.

There are no rules here. A state is added to the history; the run's row follows where the state is newer than the one it
shows. Events that come late, twice or in the wrong order therefore do no harm.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from orchd.db.transaction import Tx
from orchd.kit.clock import as_utc
from orchd.kit.jsontext import encode
from orchd.queries import task_run_records as query
from orchd.queries.task_run_records import Key, Stored
from orchd.wire.base import changes as present
from orchd.wire.events import RESOURCE_ID, RESOURCE_NAME, RESOURCE_ROLE, Event, RecordedRun, TaskRunPayload
from orchd.wire.states import State, StateDetails

SELECTED = "prefect.task-run"
BY_CLIENT = ("prefect.orchestration", "client")

_payload = msgspec.json.Decoder(TaskRunPayload)
_ABSENT: dict[str, Any] = {
    "cache_key": None,
    "cache_expiration": None,
    "task_version": None,
    "labels": None,
    "expected_start_time": None,
    "next_scheduled_start_time": None,
    "start_time": None,
    "end_time": None,
    "run_count": 0,
    "flow_run_run_count": 0,
    "total_run_time": 0.0,
    "tags": [],
    "task_inputs": {},
    "empirical_policy": msgspec.Raw(
        b'{"max_retries":0,"retry_delay_seconds":0.0,"retries":null,"retry_delay":null,"retry_jitter_factor":null}'
    ),
}
"""What a new run has where its first event is silent."""


class Report(Struct, frozen=True):
    """What one event says: a task run has entered a state."""

    run_id: UUID
    key: Key
    state: State
    columns: dict[str, Any]
    """Those columns of the run that the event sets."""


def concerns(event: Event) -> bool:
    """Whether the event is one that a task run is recorded from."""
    return event.event.startswith(SELECTED) and event.resource.get(BY_CLIENT[0]) == BY_CLIENT[1]


def read_report(event: Event) -> Report:
    """What the event says. Raises ValueError, with the reason, where it does not hold what a record needs."""
    read = _payload.decode(event.payload)
    run_id = UUID(event.resource[RESOURCE_ID].rpartition(".")[2])
    parent = next((each[RESOURCE_ID] for each in event.related if each[RESOURCE_ROLE] == "flow-run"), None)
    flow_run_id = None if parent is None else UUID(parent.rpartition(".")[2])
    proposed = read.validated_state
    state = State(
        id=event.id,
        type=proposed.type,
        name=proposed.name or proposed.type.value.capitalize(),
        timestamp=as_utc(event.occurred),
        message=proposed.message,
        data=proposed.data,
        state_details=proposed.state_details or StateDetails(),
    )
    columns = _columns(read.task_run)
    columns.setdefault("name", event.resource.get(RESOURCE_NAME) or read.task_run.task_key)
    return Report(run_id, Key(flow_run_id, read.task_run.task_key, read.task_run.dynamic_key), state, columns)


def _columns(run: RecordedRun) -> dict[str, Any]:
    columns = present(run)
    del columns["task_key"], columns["dynamic_key"]
    for name, value in columns.items():
        if isinstance(value, datetime):
            if not 1 < value.year < 9999:  # beyond them another time zone has no date
                raise ValueError(f"No clock shows the {name}.")
            columns[name] = as_utc(value)
    return columns


class _Run:
    """One task run within a batch: as it is stored, and what the batch makes of it."""

    __slots__ = ("changed", "id", "key", "new", "timestamp")

    def __init__(self, id: UUID, key: Key, timestamp: datetime | None, *, new: bool) -> None:
        self.id, self.key, self.timestamp, self.new = id, key, timestamp, new
        self.changed: dict[str, Any] = {}

    def hear(self, report: Report) -> dict[str, Any]:
        """Takes a report in; returns the row of its state."""
        state = report.state
        details = msgspec.structs.replace(state.state_details, task_run_id=self.id, flow_run_id=self.key.flow_run_id)
        row = {
            "id": state.id,
            "task_run_id": self.id,
            "type": state.type.value,
            "name": state.name,
            "timestamp": state.timestamp,
            "message": state.message,
            "state_details": msgspec.Raw(encode(details)),
            "data": None if bytes(state.data) == b"null" else state.data,
        }
        if self.timestamp is None or self.timestamp < state.timestamp:
            self.timestamp = state.timestamp
            self.changed.update(
                report.columns,
                state_id=state.id,
                state_type=row["type"],
                state_name=state.name,
                state_timestamp=state.timestamp,
                state=msgspec.Raw(encode(msgspec.structs.replace(state, state_details=row["state_details"]))),
            )
        return row


def record(tx: Tx, reports: Sequence[Report], now: datetime) -> list[Report]:
    """Records a batch. Returns what could not be: reports of task runs in flow runs that do not exist."""
    wanted = {report.key.flow_run_id for report in reports if report.key.flow_run_id is not None}
    flow_runs = {None, *query.known_flow_runs(tx, wanted)}
    kept = [report for report in reports if report.key.flow_run_id in flow_runs]
    if kept:
        _record(tx, kept, now)
    return [report for report in reports if report.key.flow_run_id not in flow_runs] if len(kept) < len(reports) else []


def _record(tx: Tx, reports: Sequence[Report], now: datetime) -> None:
    asked = {(report.run_id, report.key): None for report in reports}
    known = _Known(query.stored_runs(tx, asked))
    stamp = {"created": now, "updated": now}
    states = [{**known.run_of(report).hear(report), **stamp} for report in reports]
    runs = known.changed()
    query.insert_runs(
        tx,
        [{**_ABSENT, **run.changed, **run.key._asdict(), **stamp, "id": run.id} for run in runs if run.new],
    )
    for columns, changed in _by_columns(run for run in runs if not run.new):
        query.update_runs(tx, columns | {"updated"}, [{**run.changed, "id": run.id, "updated": now} for run in changed])
    query.insert_states(tx, states)


class _Known:
    """The runs of a batch, by what identifies them."""

    def __init__(self, stored: Iterable[Stored]) -> None:
        self._by_key: dict[Key, _Run] = {}
        self._by_id: dict[UUID, _Run] = {}
        for each in stored:
            if each.id not in self._by_id:
                self._add(_Run(each.id, each.key, each.state_timestamp, new=False))

    def _add(self, run: _Run) -> _Run:
        self._by_key[run.key] = self._by_id[run.id] = run
        return run

    def run_of(self, report: Report) -> _Run:
        """The run that the report is about: the one of its key, else the one of its id, else a new one."""
        found = self._by_key.get(report.key) or self._by_id.get(report.run_id)
        return found or self._add(_Run(report.run_id, report.key, None, new=True))

    def changed(self) -> list[_Run]:
        """Those whose row changes, by id: servers that share the database then lock in the same order."""
        return sorted((run for run in self._by_id.values() if run.changed), key=lambda run: run.id)


def _by_columns(runs: Iterable[_Run]) -> Iterable[tuple[frozenset[str], list[_Run]]]:
    """Runs that change the same columns share a statement; the events of one kind do."""
    groups: dict[frozenset[str], list[_Run]] = {}
    for run in runs:
        groups.setdefault(frozenset(run.changed), []).append(run)
    return groups.items()
