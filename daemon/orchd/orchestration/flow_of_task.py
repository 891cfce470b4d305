"""Task runs within their flow run."""

from orchd.orchestration.facts import Facts, Need, Run
from orchd.orchestration.rule import rule
from orchd.orchestration.transition import NOT_READY, PAUSED, RUNNING, Proposed, StateDetails, Transition
from orchd.orchestration.verdicts import ACCEPT, Abort, Accept, Reject, Verdict


def _reads_flow_run(asked: Transition, run: Run) -> Need:
    return Need.NOTHING if run.flow_run_id is None else Need.FLOW_RUN


@rule(entering=frozenset({RUNNING}), reads=_reads_flow_run)
def run_within_running_flow(asked: Transition, facts: Facts) -> Verdict:
    """A task runs while its flow does, and waits while it is paused."""
    if facts.run.flow_run_id is None:
        return ACCEPT
    flow_run = facts.flow_run
    if flow_run is None or flow_run.state_type is None:
        return Abort("The flow of this task must be running; it has no state.")
    if flow_run.state_type is RUNNING:
        return ACCEPT
    if flow_run.state_type is not PAUSED:
        return Abort(f"The flow of this task must be running; it is {flow_run.state_type}.")
    details = StateDetails(pause_timeout=flow_run.pause_timeout, pause_reschedule=flow_run.pause_reschedule)
    reason = f"The flow is paused, new tasks can execute after resuming flow run: {flow_run.id}."
    return Reject(Proposed(PAUSED, NOT_READY, state_details=details), reason)


@rule(entering=frozenset({RUNNING}), reads=_reads_flow_run)
def note_attempt_of_flow(asked: Transition, facts: Facts) -> Verdict:
    """A task run remembers in which attempt of its flow run it started."""
    return ACCEPT if facts.flow_run is None else Accept(flow_run_run_count=facts.flow_run.run_count)
