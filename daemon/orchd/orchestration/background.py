"""Background task runs: delivered to task workers through a queue, their parameters kept beside them."""

from orchd.orchestration.facts import Facts
from orchd.orchestration.rule import conclusion, rule
from orchd.orchestration.transition import AWAITING_RETRY, PENDING, RUNNING, SCHEDULED, Proposed, Transition
from orchd.orchestration.verdicts import ACCEPT, Accept, Effect, EnqueueTask, Verdict


@rule(leaving=frozenset({SCHEDULED, PENDING}), entering=frozenset({PENDING, RUNNING}))
def copy_parameters_id(asked: Transition, facts: Facts) -> Verdict:
    """Whoever runs the task finds its parameters by an id that was given when it was scheduled."""
    if asked.current is None or asked.proposed.state_details.task_parameters_id is not None:
        return ACCEPT
    parameters = asked.current.state_details.task_parameters_id
    return ACCEPT if parameters is None else Accept(details={"task_parameters_id": parameters})


@conclusion
def enqueue(asked: Transition, stored: Proposed, facts: Facts) -> tuple[Effect, ...]:
    """A task run that is scheduled is put on the queue of its task key."""
    return (EnqueueTask(retry=stored.name == AWAITING_RETRY),) if stored.type is SCHEDULED else ()
