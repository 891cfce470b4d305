"""The walk over a policy's rules: each may stop the proposal or change it; what they say together is the decision."""

from typing import Any

from msgspec.structs import replace

from orchd.orchestration.bookkeeping import changes, stamped
from orchd.orchestration.decision import Decision, Status
from orchd.orchestration.facts import Facts, Kind, Need, Run
from orchd.orchestration.rule import Policy
from orchd.orchestration.transition import Proposed, Transition
from orchd.orchestration.verdicts import ACCEPT, Abort, Accept, Gathered, Reject, Wait


def needs(policy: Policy, asked: Transition, run: Run) -> Need:
    """The costly facts that `decide` will look at; the others may be left out."""
    found = Need.NOTHING
    for rule in policy.rules_for(asked):
        if rule.reads is not None:
            found |= rule.reads(asked, run)
    return found


def decide(policy: Policy, asked: Transition, facts: Facts) -> Decision:
    """Whether the run may enter the proposed state, and all that has to be written for it.

    A substitute of the proposal's own type is put to the rules that follow. One of another type ends the walk, and
    what earlier rules wanted for the proposal is void: no slot is taken, no policy changed.
    """
    put, gathered, rejected = asked, Gathered(), None
    for rule in policy.rules_for(asked):
        verdict = rule.decide(put, facts)
        if verdict is ACCEPT:
            continue
        if isinstance(verdict, Accept):
            gathered.add(verdict)
        elif not isinstance(verdict, Reject) or verdict.state is None:
            return _nothing_stored(verdict)
        else:
            rejected = verdict
            put = Transition(asked.current, _substitute(verdict.state, asked.proposed))
            if verdict.state.type is not asked.proposed.type:
                gathered = Gathered(verdict.policy)
                break
            gathered.policy.update(verdict.policy)
    return _stored(policy, asked, gathered.onto(put.proposed), facts, gathered, rejected)


def _substitute(state: Proposed, proposal: Proposed) -> Proposed:
    """The state in the proposal's place answers to the same call, so that a repetition of it is recognised."""
    call = proposal.state_details.transition_id
    return replace(state, state_details=replace(state.state_details, transition_id=call))


def _nothing_stored(verdict: Wait | Abort | Reject) -> Decision:
    if isinstance(verdict, Wait):
        details = {"type": "wait_details", "delay_seconds": verdict.delay_seconds, "reason": verdict.reason}
        return Decision(status=Status.WAIT, details=details)
    if isinstance(verdict, Abort):
        return Decision(status=Status.ABORT, details={"type": "abort_details", "reason": verdict.reason})
    return Decision(status=Status.REJECT, details=_rejected(verdict))


def _rejected(verdict: Reject) -> dict[str, Any]:
    return {"type": "reject_details", "reason": verdict.reason}


def _stored(
    policy: Policy, asked: Transition, final: Proposed, facts: Facts, gathered: Gathered, rejected: Reject | None
) -> Decision:
    current, run = asked.current, facts.run
    state = stamped(current, final, facts)
    for conclusion in policy.conclusions:
        gathered.effects.extend(conclusion.conclude(asked, final, facts))
    return Decision(
        status=Status.ACCEPT if rejected is None else Status.REJECT,
        details={"type": "accept_details"} if rejected is None else _rejected(rejected),
        state=state,
        run=changes(run, current, state, gathered),
        effects=tuple(gathered.effects),
        mirror_onto=run.parent_task_run_id if run.kind is Kind.FLOW else None,
    )
