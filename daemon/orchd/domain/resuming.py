"""Resuming a paused or suspended flow run, with the input that its author asked for."""

from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from orchd.db import Tx
from orchd.domain import hydration
from orchd.domain.parameter_schemas import Unusable, misfit
from orchd.domain.transitions import Asker, Outcome, put_flow_run, state_of
from orchd.errors import NotFound
from orchd.kit.jsontext import Raw, encode_text
from orchd.orchestration.transition import Proposed, StateDetails
from orchd.queries import flow_run_inputs
from orchd.queries import transitions as query
from orchd.wire.flow_run_inputs import FlowRunInputCreate
from orchd.wire.states import OrchestrationResult, State, StateType


class InputRefused(Struct, frozen=True):
    """Why an input cannot be taken."""

    reason: str


def resume(tx: Tx, id: UUID, run_input: dict[str, Any] | None, asker: Asker) -> Outcome:
    """Proposes the state that goes on after a pause. Raises NotFound for an unknown run."""
    row = query.flow_run_row(tx, id)
    if row is None:
        raise NotFound(f"Flow run with id {id} not found")
    current = state_of(row.state)
    if current is None or current.type is not StateType.PAUSED:
        return _refused("ABORT", None, "Cannot resume a flow run that is not paused.")
    keyset = current.state_details.run_input_keyset
    given = run_input or {}
    if keyset:
        filled = hydration.filled(tx, given)
        if isinstance(filled, hydration.Fault):
            return _refused("REJECT", row.state, f"Error hydrating run input: {filled.message}")
        given = filled
        refusal = _check(tx, id, keyset, given)
        if refusal is not None:
            return _refused("REJECT", row.state, refusal.reason)
    outcome = put_flow_run(tx, id, _going_on(current, asker), asker)
    if keyset and given and outcome.result.status == "ACCEPT":
        response = FlowRunInputCreate(key=keyset["response"], value=encode_text(given))
        flow_run_inputs.insert(tx, id, response, asker.now)
    return outcome


def _going_on(current: State, asker: Asker) -> Proposed:
    """A suspended run is scheduled anew; one that waits in its process just runs on."""
    if current.state_details.pause_reschedule:
        return Proposed(StateType.SCHEDULED, "Resuming", None, None, StateDetails(scheduled_time=asker.now))
    return Proposed(StateType.RUNNING, "Running")


def _check(tx: Tx, id: UUID, keyset: dict[str, str], given: dict[str, Any]) -> InputRefused | None:
    """Whether the input fits the schema that the run has stored for it."""
    stored = flow_run_inputs.by_key(tx, id, keyset.get("schema", ""))
    if stored is None:
        return InputRefused("Run input schema not found.")
    try:
        found = misfit(msgspec.json.decode(stored.value), given, complete=True)
    except msgspec.DecodeError:
        return InputRefused("Run input schema is not valid JSON.")
    if isinstance(found, Unusable):
        return InputRefused(f"Run input schema cannot be used: {found.reason}")
    if found is not None:
        return InputRefused(f"Reason: {found.message}" + (f" (at {found.where})" if found.where else ""))
    return None


def _refused(status: str, state: Raw | None, reason: str) -> Outcome:
    result = OrchestrationResult(state=state, status=status, details={"type": "abort_details", "reason": reason})
    return Outcome(result, stored=False)
