"""Creating task runs over HTTP (mirrors of subflows, background tasks) and moving them between states.

Ordinary task runs are not created here: they are built from the events of the client, see `task_run_recorder`.
"""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from orchd.db import Tx
from orchd.domain import leases
from orchd.domain.retry_policies import completed
from orchd.domain.transitions import Asker, Outcome, put_task_run, result_artifact, run_values, state_values
from orchd.errors import Conflict
from orchd.kit.ids import uuid7
from orchd.kit.jsontext import Raw, decode, encode
from orchd.kit.names import random_name
from orchd.orchestration.decision import Decision
from orchd.orchestration.facts import Facts, Kind, Run
from orchd.orchestration.policy import chosen
from orchd.orchestration.transition import Transition, proposed
from orchd.orchestration.walk import decide
from orchd.queries import run_creation as query
from orchd.queries import task_runs as read
from orchd.queries import transitions
from orchd.wire.states import StateCreate, StateType
from orchd.wire.task_runs import TaskRun, TaskRunCreate


class Created(NamedTuple):
    """A task run, and whether it is new."""

    run: TaskRun
    new: bool


def set_state(tx: Tx, id: UUID, new: StateCreate, force: bool, asker: Asker) -> Outcome:
    """Proposes a state for a task run. Raises ObjectMissing for an unknown one."""
    return put_task_run(tx, id, proposed(new, asker.now), asker, force=force)


def create(tx: Tx, new: TaskRunCreate, asker: Asker) -> Created:
    """Creates a task run, or finds the one with the same natural key.

    Raises Conflict for an unknown flow run, or when the wanted id belongs to another task run.
    """
    found = query.task_run_by_keys(tx, new.flow_run_id, new.task_key, new.dynamic_key)
    if found is not None and (run := read.by_id(tx, found, asker.now)):
        return Created(run, new=False)
    values = _columns(tx, new, asker.now)
    decision = _initial(values, new, asker)
    assert decision.state is not None
    assert decision.run is not None
    values.update(run_values(Raw(encode(completed(new.empirical_policy))), decision.state, decision.run, asker.now))
    if not query.claim_task_run(tx, values):
        raise Conflict(f"The id {values['id']} or the keys of this task run are taken by another one.")
    leases.carry_out(tx, decision.effects, _facts_of(values), asker.now)
    tx.run_all(
        [
            transitions.insert_task_run_state({"task_run_id": values["id"], **state_values(decision.state, asker.now)}),
            *result_artifact(decision.state, asker.now),
        ],
        last=True,
    )
    run = read.by_id(tx, values["id"], asker.now)
    assert run is not None
    return Created(run, new=True)


def _columns(tx: Tx, new: TaskRunCreate, now: datetime) -> dict[str, Any]:
    """The row of a task run that has no state yet."""
    labels: dict[str, Any] = {}
    if new.flow_run_id is not None:
        if not query.flow_run_exists(tx, new.flow_run_id):
            raise Conflict(f"Flow run {new.flow_run_id} does not exist.")
        inherited = query.labels_of_flow_run(tx, new.flow_run_id)
        labels = {**(decode(inherited) if inherited else {}), "prefect.flow-run.id": str(new.flow_run_id)}
    return {
        "id": new.id or uuid7(),
        "created": now,
        "updated": now,
        "flow_run_id": new.flow_run_id,
        "task_key": new.task_key,
        "dynamic_key": new.dynamic_key,
        "cache_key": new.cache_key,
        "cache_expiration": new.cache_expiration,
        "task_version": new.task_version,
        "flow_run_run_count": 0,
        "task_inputs": new.task_inputs,
        "name": new.name or random_name(),
        "tags": new.tags,
        "labels": {**labels, **(new.labels or {})},
        "run_count": 0,
    }


def _facts_of(values: dict[str, Any]) -> Run:
    return Run(
        kind=Kind.TASK,
        id=values["id"],
        flow_run_id=values["flow_run_id"],
        task_key=values["task_key"],
        tags=tuple(values["tags"]),
    )


def _initial(values: dict[str, Any], new: TaskRunCreate, asker: Asker) -> Decision:
    """The fate of the initial state, which no rule but the smallest set stands against."""
    state = new.state or StateCreate(type=StateType.PENDING)
    asked = Transition(None, proposed(state, asker.now))
    policy = chosen(Kind.TASK, asked.proposed, force=True)
    return decide(policy, asked, Facts(now=asker.now, new_id=uuid7(), run=_facts_of(values)))
