"""A run enters a state: facts are read, the rules decide, and what they decided is written together.

The new state goes three ways in one transaction: into the history, onto the run (whole, so that lists join nothing),
and, for flow runs, into the event log. The write is a compare-and-set on the state that was seen: of two proposals at
once, the slower is decided anew.
"""

import random
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from orchd.db import Tx, Write
from orchd.domain import events, leases
from orchd.domain.events import Named
from orchd.errors import ObjectMissing
from orchd.kit.ids import uuid7
from orchd.kit.jsontext import Raw, decode, encode
from orchd.orchestration.bookkeeping import mirror
from orchd.orchestration.decision import Decision, RunChanges
from orchd.orchestration.facts import Deployment, Facts, FlowRun, Kind, Need, Run, RunPolicy, Settings
from orchd.orchestration.policy import MINIMAL_TASK, chosen
from orchd.orchestration.rule import Policy
from orchd.orchestration.transition import Proposed, Transition, persisted
from orchd.orchestration.verdicts import WriteCache
from orchd.orchestration.walk import decide, needs
from orchd.queries import heartbeats, run_creation, task_run_cache
from orchd.queries import transitions as query
from orchd.queries.transitions import FlowRunRow, TaskRunRow
from orchd.wire.states import OrchestrationResult, State

_state = msgspec.json.Decoder(State)
_policy = msgspec.json.Decoder(RunPolicy)


class Asker(Struct, frozen=True):
    """Who proposes a state, and when."""

    now: datetime
    client_version: str | None = None
    settings: Settings = Settings()


class Outcome(Struct, frozen=True):
    """What became of a proposal. `stored`: a state was stored, the proposed one or another in its place."""

    result: OrchestrationResult
    stored: bool


def state_of(document: Raw | None) -> State | None:
    """A run's present state from its column."""
    return None if document is None else _state.decode(document)


def put_flow_run(
    tx: Tx, id: UUID, proposed: Proposed, asker: Asker, *, force: bool = False, policy: Policy | None = None
) -> Outcome:
    """Proposes a state for a flow run. `policy` replaces the one that follows from `force`.

    Raises ObjectMissing for an unknown run.
    """
    row = query.flow_run_row(tx, id)
    if row is None:
        raise ObjectMissing(f"Flow run with id {id} not found")
    current = state_of(row.state)
    run = flow_run_facts(row)
    asked = Transition(current, proposed)
    policy = policy or chosen(Kind.FLOW, proposed, force=force)
    decision = decide(policy, asked, _flow_facts(tx, row, run, asked, policy, asker))
    if decision.state is None or decision.run is None:
        return _nothing_stored(decision, row.state)
    state, changed = decision.state, decision.run
    leases.carry_out(tx, decision.effects, run, asker.now)
    guard = query.update_flow_run(row.id, seen(current), run_values(row.empirical_policy, state, changed, asker.now))
    writes = [
        query.insert_flow_run_state({"flow_run_id": row.id, **state_values(state, asker.now)}),
        *result_artifact(state, asker.now),
        *events.event_writes(tx, _event(row, state, current, changed), asker.now),
    ]
    if current is not None and heartbeats.ends_with(current, state):
        writes.append(heartbeats.forget(row.id))
    if decision.mirror_onto is not None:
        writes += mirrored(tx, decision.mirror_onto, mirror(state, row.id), asker)
    tx.run_if(guard, writes)
    return _stored(decision, state)


def put_task_run(tx: Tx, id: UUID, proposed: Proposed, asker: Asker, *, force: bool = False) -> Outcome:
    """Proposes a state for a task run. Raises ObjectMissing for an unknown one."""
    row = query.task_run_row(tx, id)
    if row is None:
        raise ObjectMissing(f"Task run with id {id} not found")
    decision, writes = task_writes(tx, row, proposed, asker, chosen(Kind.TASK, proposed, force=force))
    if decision.state is None:
        return _nothing_stored(decision, row.state)
    tx.run_if(writes[0], writes[1:])
    return _stored(decision, decision.state)


def mirrored(tx: Tx, task_run_id: UUID, proposed: Proposed, asker: Asker) -> list[Write]:
    """The writes that force a subflow's state onto the task run that stands for it. Nothing when that is gone."""
    row = query.task_run_row(tx, task_run_id)
    return [] if row is None else task_writes(tx, row, proposed, asker, MINIMAL_TASK)[1]


def task_writes(
    tx: Tx, row: TaskRunRow, proposed: Proposed, asker: Asker, policy: Policy
) -> tuple[Decision, list[Write]]:
    """Decides for a task run, carries effects out, and leaves the run's own writes to the caller."""
    current = state_of(row.state)
    run = task_run_facts(row)
    asked = Transition(current, proposed)
    decision = decide(policy, asked, _task_facts(tx, run, asked, policy, asker))
    if decision.state is None or decision.run is None:
        return decision, []
    state, changed = decision.state, decision.run
    leases.carry_out(tx, decision.effects, run, asker.now)
    values = run_values(row.empirical_policy, state, changed, asker.now)
    values["flow_run_run_count"] = changed.flow_run_run_count
    return decision, [
        query.update_task_run(row.id, seen(current), values),
        query.insert_task_run_state({"task_run_id": row.id, **state_values(state, asker.now)}),
        *result_artifact(state, asker.now),
        *(
            task_run_cache.write(effect.key, effect.expiration, state.id, asker.now)
            for effect in decision.effects
            if isinstance(effect, WriteCache)
        ),
    ]


def seen(current: State | None) -> UUID | None:
    """What guards a change: it holds only for the state that it was decided on."""
    return None if current is None else current.id


def run_values(policy: Raw, state: State, changed: RunChanges, now: datetime) -> dict[str, Any]:
    """The columns of a run that its new state changes."""
    return {
        "updated": now,
        "run_count": changed.run_count,
        "start_time": changed.start_time,
        "end_time": changed.end_time,
        "expected_start_time": changed.expected_start_time,
        "next_scheduled_start_time": changed.next_scheduled_start_time,
        "total_run_time": changed.total_run_time,
        "empirical_policy": {**decode(policy), **changed.policy} if changed.policy else policy,
        "state_id": state.id,
        "state_type": state.type.value,
        "state_name": state.name,
        "state_timestamp": state.timestamp,
        "state": Raw(encode(kept(state))),
    }


def state_values(state: State, now: datetime) -> dict[str, Any]:
    """A state's row in the history."""
    state = kept(state)
    return {
        "id": state.id,
        "created": now,
        "updated": now,
        "type": state.type.value,
        "name": state.name,
        "timestamp": state.timestamp,
        "message": state.message,
        "state_details": state.state_details,
        "data": state.data,
    }


def kept(state: State) -> State:
    """The state as it is stored: a result that lies nowhere is told to the proposer and then forgotten."""
    data = state.data
    if isinstance(data, dict) and data.get("type") == "unpersisted":
        return replace(state, data=None)
    return state


def result_artifact(state: State, now: datetime) -> list[Write]:
    """The artifact of type `result` that a result leaves behind."""
    if state.data is None or not (persisted(state.data) or not isinstance(state.data, dict)):
        return []
    details = state.state_details
    values = {
        "id": uuid7(),
        "created": now,
        "updated": now,
        "key": None,
        "type": "result",
        "description": None,
        "data": state.data,
        "metadata_": None,
        "flow_run_id": details.flow_run_id,
        "task_run_id": details.task_run_id,
    }
    return [run_creation.insert_result(values)]


def flow_run_facts(row: FlowRunRow) -> Run:
    """The run as rules see it."""
    return Run(
        kind=Kind.FLOW,
        id=row.id,
        policy=_policy.decode(row.empirical_policy),
        run_count=row.run_count,
        start_time=row.start_time,
        end_time=row.end_time,
        expected_start_time=row.expected_start_time,
        next_scheduled_start_time=row.next_scheduled_start_time,
        total_run_time=row.total_run_time,
        deployment_id=row.deployment_id,
        parent_task_run_id=row.parent_task_run_id,
        infrastructure_pid=row.infrastructure_pid,
    )


def task_run_facts(row: TaskRunRow) -> Run:
    """The same for a task run."""
    return Run(
        kind=Kind.TASK,
        id=row.id,
        policy=_policy.decode(row.empirical_policy),
        run_count=row.run_count,
        start_time=row.start_time,
        end_time=row.end_time,
        expected_start_time=row.expected_start_time,
        next_scheduled_start_time=row.next_scheduled_start_time,
        total_run_time=row.total_run_time,
        flow_run_id=row.flow_run_id,
        flow_run_run_count=row.flow_run_run_count,
        task_key=row.task_key,
        tags=tuple(decode(row.tags)),
    )


def _flow_facts(tx: Tx, row: FlowRunRow, run: Run, asked: Transition, policy: Policy, asker: Asker) -> Facts:
    needed = needs(policy, asked, run)
    deployment: Deployment | None = None
    alive = False
    if Need.DEPLOYMENT in needed and row.deployment_name is not None:
        deployment = leases.deployment_slots(tx, row.concurrency_limit_id, row.concurrency_options, asker.now)
    if Need.LEASE in needed and asked.current is not None:
        alive = leases.alive(tx, asked.current.state_details.deployment_concurrency_lease_id)
    return Facts(
        now=asker.now,
        new_id=uuid7(),
        run=run,
        client_version=asker.client_version,
        settings=asker.settings,
        deployment=deployment,
        lease_alive=alive,
    )


def _task_facts(tx: Tx, run: Run, asked: Transition, policy: Policy, asker: Asker) -> Facts:
    needed = needs(policy, asked, run)
    flow_run: FlowRun | None = None
    if Need.FLOW_RUN in needed and run.flow_run_id is not None:
        flow_run = _flow_run_of(tx, run.flow_run_id)
    key = asked.proposed.state_details.cache_key
    return Facts(
        now=asker.now,
        new_id=uuid7(),
        run=run,
        client_version=asker.client_version,
        jitter=random.random(),  # noqa: S311  (spreads retries, hides nothing)
        settings=asker.settings,
        flow_run=flow_run,
        tag_limits=leases.tag_limits(tx, run.tags, run.id, asker.now) if Need.TAGS in needed else (),
        cached=task_run_cache.newest(tx, key, asker.now) if Need.CACHE in needed and key else None,
    )


def _flow_run_of(tx: Tx, id: UUID) -> FlowRun | None:
    found = query.flow_run_of_task(tx, id)
    if found is None:
        return None
    count, state = found[0], state_of(found[1])
    details = state.state_details if state else None
    return FlowRun(
        id=id,
        run_count=count,
        state_type=state.type if state else None,
        pause_timeout=details.pause_timeout if details else None,
        pause_reschedule=details.pause_reschedule if details else False,
    )


def _event(row: FlowRunRow, state: State, previous: State | None, changed: RunChanges) -> Any:
    tags = [
        tag
        for document in (row.tags, row.flow_tags, row.deployment_tags, row.parent_tags)
        if document
        for tag in decode(document)
    ]
    related = events.flow_run_related(
        flow=Named(row.flow_id, row.flow_name),
        deployment=named(row.deployment_id, row.deployment_name),
        work_queue=named(row.work_queue_id, row.work_queue_name),
        work_pool=named(row.work_pool_id, row.work_pool_name),
        work_pool_type=row.work_pool_type,
        task_run=named(row.parent_task_run_id, row.parent_name),
        tags=tags,
        creator=creator(row.created_by),
    )
    return events.flow_run_state(Named(row.id, row.name), changed.run_count, state, previous, related)


def named(id: UUID | None, name: str | None) -> Named | None:
    """An object that is there; a run may name a deployment that is not."""
    return None if id is None or name is None else Named(id, name)


def creator(created_by: Raw | None) -> tuple[str, UUID, str | None] | None:
    """Who made a run, as its events name it: a deployment or an automation."""
    if created_by is None:
        return None
    found = decode(created_by) or {}
    kind = {"DEPLOYMENT": "deployment", "AUTOMATION": "automation"}.get(found.get("type") or "")
    if kind is None or not found.get("id"):
        return None
    return kind, UUID(found["id"]), found.get("display_value")


def _nothing_stored(decision: Decision, current: Raw | None) -> Outcome:
    result = OrchestrationResult(state=current, status=decision.status, details=dict(decision.details))
    return Outcome(result, stored=False)


def _stored(decision: Decision, state: State) -> Outcome:
    result = OrchestrationResult(state=state, status=decision.status, details=dict(decision.details))
    return Outcome(result, stored=True)
