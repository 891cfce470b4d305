"""What would be done, told before it is: for the question that comes before the deed, and for looking around."""

from orchd.db import migrate
from orchd.db.migrate.history import history
from orchd.db.migrate.ledger import Entry, entries
from orchd.db.migrate.place import Place
from orchd.db.migrate.progress import Deadline
from orchd.db.migrate.session import reading
from orchd.errors import MigrationError
from orchd.wire.control import Action, Plan, Schema, Step, TableRows


def schema_of(place: Place, shown_as: str) -> Schema:
    """How the schema stands, with a remedy where it is not current. Raises Unavailable."""
    found = migrate.check(place)
    missing = f"{found.behind} {'step is' if found.behind == 1 else 'steps are'} missing: run `orchctl db upgrade`."
    return Schema(
        database=shown_as,
        status=found.status.value,
        current=found.current,
        head=found.head,
        behind=found.behind,
        remedy=found.refusal() or (missing if found.behind else None),
    )


def steps_of(place: Place) -> list[Step]:
    """Every step, oldest first: this orchd's, then those of a newer one that the database knows of."""
    known = history(place.steps)
    at = migrate.current(place)
    recorded = {} if at is None else _recorded(place)
    ours = [step.revision for step in known]
    applied = set(recorded) or set(ours[: ours.index(at) + 1] if at in ours else [])
    steps = [Step(revision=s.revision, title=s.title, loses=s.loses, applied=s.revision in applied) for s in known]
    newer = [entry for name, entry in sorted(recorded.items()) if name not in ours]
    return steps + [Step(revision=e.revision, title=e.title, loses=e.loses, applied=True) for e in newer]


def plan(place: Place, action: Action, target: str) -> Plan:
    """What the action would do. Raises DatabaseRefused, Unavailable, or MigrationError for a target that is none."""
    before = migrate.current(place)
    match action:
        case "upgrade":
            return _up(place, before, target)
        case "downgrade":
            return _down(place, before, target)
        case "reset":
            return _anew(place, before)


def direction(place: Place, target: str) -> Action:
    """Whether a target lies below the present revision."""
    if target == "base" or target.startswith("-"):
        return "downgrade"
    if target == "head" or target.startswith("+"):
        return "upgrade"
    at = migrate.current(place)
    order = [step.revision for step in steps_of(place)]
    below = at in order and target in order and order.index(target) < order.index(at)
    return "downgrade" if below else "upgrade"


def _recorded(place: Place) -> dict[str, Entry]:
    return reading(place, entries, Deadline(migrate.loss.TIMEOUT))


def _up(place: Place, before: str | None, target: str) -> Plan:
    steps = [
        Step(revision=step.revision, title=step.title, loses=step.loses, applied=False)
        for step in migrate.plan_upgrade(place, target)
    ]
    return Plan(action="upgrade", before=before, after=steps[-1].revision if steps else before, steps=steps, tables=[])


def _down(place: Place, before: str | None, target: str) -> Plan:
    if before is None:
        raise MigrationError("The database is empty: there is no step to undo.")
    lost = migrate.what_is_lost(place, target)
    steps = [Step(revision=step.revision, title=step.title, loses=step.loses, applied=True) for step in lost.steps]
    after = lost.steps[-1].down_revision if lost.steps else before
    return Plan(action="downgrade", before=before, after=after, steps=steps, tables=_rows(lost.tables))


def _anew(place: Place, before: str | None) -> Plan:
    state = migrate.check(place)
    if state.status is migrate.Status.FOREIGN:
        state.require_usable()
    steps = [Step(revision=s.revision, title=s.title, loses=s.loses, applied=False) for s in history(place.steps)]
    tables = [] if before is None else _rows(migrate.rows_by_table(place))
    return Plan(action="reset", before=before, after=steps[-1].revision, steps=steps, tables=tables)


def _rows(found: list[migrate.TableRows]) -> list[TableRows]:
    return [TableRows(each.table, each.rows, each.more) for each in found]
