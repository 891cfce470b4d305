"""What happens to runs when nobody does anything: late, expired, left behind by a cancellation.

Each function is one pass over what it finds. A pass that is missed or doubled does no harm: the state is decided anew
for each run, and a run that moved in between is left alone.
"""

from datetime import datetime, timedelta

from orchd.db import Tx
from orchd.domain import cleanups
from orchd.domain.transitions import Asker, put_flow_run, put_task_run, state_of
from orchd.orchestration.policy import MARK_LATE
from orchd.orchestration.transition import Proposed, StateDetails
from orchd.queries import cleanups as cleanup_query
from orchd.queries import overdue as query
from orchd.wire.states import StateType

LOOK_BACK = timedelta(days=1)  # how long ago a flow run may have been cancelled to be cleaned up after
CANCELLED = Proposed(StateType.CANCELLED, "Cancelled", "The flow run around it was cancelled.")
CANCELLING = Proposed(StateType.CANCELLING, "Cancelling", "The flow run around it was cancelled.")
GIVEN_UP = Proposed(StateType.CANCELLED, "Cancelled", "Nobody reported the end of the cancellation in time.")
PAUSED_TOO_LONG = Proposed(StateType.FAILED, "Failed", "The flow was paused and never resumed.")


def mark_late(tx: Tx, due_before: datetime, now: datetime, limit: int) -> int:
    """Marks scheduled runs Late that nobody has picked up; their scheduled time stays."""
    asker, marked = Asker(now), 0
    for id, document in query.scheduled_before(tx, due_before, limit):
        state = state_of(document)
        starts = state.state_details.scheduled_time if state else None
        late = Proposed(StateType.SCHEDULED, "Late", None, None, StateDetails(scheduled_time=starts))
        marked += put_flow_run(tx, id, late, asker, policy=MARK_LATE).stored
    return marked


def fail_expired_pauses(tx: Tx, now: datetime, limit: int) -> int:
    """Fails paused runs whose time to be resumed is over."""
    asker, failed, after = Asker(now), 0, None
    while page := query.paused(tx, after, limit):
        after = page[-1][0]
        for id, document in page:
            state = state_of(document)
            ends = state.state_details.pause_timeout if state else None
            if ends is not None and ends < now:
                failed += put_flow_run(tx, id, PAUSED_TOO_LONG, asker, force=True).stored
        if len(page) < limit:
            break
    return failed


def clean_up_cancelled(tx: Tx, now: datetime, patience: timedelta, limit: int) -> int:
    """Ends what a cancellation has left: task runs, subflow runs, and runs whose worker never reported."""
    asker, since, ended = Asker(now), now - LOOK_BACK, 0
    for task_run_id in query.living_tasks_of_cancelled(tx, since, limit):
        ended += put_task_run(tx, task_run_id, CANCELLED, asker, force=True).stored
    for id, deployment in query.living_subflows_of_cancelled(tx, since, limit):
        proposed = CANCELLED if deployment is None else CANCELLING
        ended += put_flow_run(tx, id, proposed, asker, force=True).stored
    for id in query.cancelling_since(tx, now - patience, limit):
        where = cleanup_query.infrastructure_of(tx, id)
        if put_flow_run(tx, id, GIVEN_UP, asker).stored:
            ended += 1
            cleanups.after_cancelling_timeout(tx, id, where, now)
    return ended
