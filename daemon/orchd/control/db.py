"""`db ...`: looking at the schema, and changing it while nothing else touches the database."""

from asyncio import to_thread
from collections.abc import Awaitable, Callable

from orchd.control.jobs import Tell
from orchd.control.operated import Operated
from orchd.db.migrate import Outcome, planning
from orchd.db.migrate import Progress as Position
from orchd.domain.lifecycle import Phase
from orchd.errors import Conflict, Invalid, MigrationError
from orchd.wire.control import Action, Done, Plan, Progress, Schema, Step

_DOING = {
    "upgrade": "The schema is upgraded to {}.",
    "downgrade": "The schema is taken back to {}.",
    "reset": "The database is emptied and built anew.",
}


async def current(daemon: Operated) -> Schema:
    """How the schema stands. Raises Unavailable when the database does not answer."""
    return await to_thread(planning.schema_of, daemon.schema.place, str(daemon.loaded.settings.database.url))


async def history(daemon: Operated) -> list[Step]:
    """Every step, oldest first."""
    return await to_thread(planning.steps_of, daemon.schema.place)


async def plan(daemon: Operated, action: Action | None, target: str) -> Plan:
    """What would be done; without an action, whichever leads to the target.

    Raises Invalid for a target that is none.
    """
    place = daemon.schema.place
    try:
        chosen = action if action is not None else await to_thread(planning.direction, place, target)
        return await to_thread(planning.plan, place, chosen, target)
    except MigrationError as error:
        raise Invalid(error.message) from error


async def prepared(daemon: Operated, action: Action, target: str) -> Callable[[Tell], Awaitable[Done]]:
    """The work, when it can be done: a mistyped revision must not send clients away first.

    Raises Invalid, DatabaseRefused, Unavailable, and Conflict while the daemon is starting or stopping.
    """
    if daemon.lifecycle.phase not in (Phase.READY, Phase.MAINTENANCE):
        raise Conflict(f"The daemon is {daemon.lifecycle.phase}: {daemon.lifecycle.reason} Ask again when it is ready.")
    planned = await plan(daemon, action, target)
    idle = not planned.steps and daemon.lifecycle.phase is Phase.READY

    async def work(tell: Tell) -> Done:
        if idle:
            outcome = Outcome(before=planned.before, after=planned.after, steps=[], copy=None)
        else:
            reason = _DOING[action].format(planned.after or "base: no table is left")
            outcome = await daemon.maintain(reason, lambda: _walk(daemon, action, target, tell))
        return _done(daemon, action, outcome)

    return work


async def _walk(daemon: Operated, action: Action, target: str, tell: Tell) -> Outcome:
    def listener(at: Position) -> None:
        tell(Progress(phase=at.phase.value, number=at.number, of=at.of, revision=at.revision, title=at.title))

    match action:
        case "upgrade":
            return await daemon.schema.upgrade(target, listener)
        case "downgrade":
            return await daemon.schema.downgrade(target, listener)
        case "reset":
            return await daemon.schema.reset(listener)


def _done(daemon: Operated, action: Action, outcome: Outcome) -> Done:
    return Done(
        action=action,
        before=outcome.before,
        after=outcome.after,
        steps=outcome.steps,
        copy=None if outcome.copy is None else str(outcome.copy),
        phase=daemon.lifecycle.phase.value,
        reason=daemon.lifecycle.reason,
    )
