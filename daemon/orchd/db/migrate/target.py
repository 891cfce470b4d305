"""Where to: revisions, "head", "base", and so many steps up or down."""

from orchd.db.migrate.history import Revision
from orchd.db.migrate.ledger import Entry
from orchd.errors import MigrationError


def above(steps: list[Revision], current: str | None, target: str) -> list[Revision]:
    """The steps from `current` up to `target`, in the order in which they are taken."""
    known = [step.revision for step in steps]
    begin = known.index(current) + 1 if current is not None else 0
    if target == "head":
        return steps[begin:]
    if target.startswith("+") and target[1:].isdecimal():
        return steps[begin : begin + int(target[1:])]
    if target not in known:
        raise _unknown(target, known)
    end = known.index(target) + 1
    if end < begin:
        raise MigrationError(
            f"The schema is at {current}, above {target}. `orchctl db downgrade -r {target}` goes down."
        )
    return steps[begin:end]


def down_to(known: list[Revision], recorded: dict[str, Entry], current: str | None, target: str) -> list[Entry]:
    """The steps from `current` down to `target`, in the order in which they are undone."""
    way = _way_down(known, recorded, current)
    if target == "base":
        return way
    if target.startswith("-") and target[1:].isdecimal():
        if int(target[1:]) > len(way):
            raise MigrationError(f"There are only {len(way)} steps to undo, not {target[1:]}.")
        return way[: int(target[1:])]
    reached = [current, *(entry.down_revision for entry in way)]
    if target in reached:
        return way[: reached.index(target)]
    if target in [step.revision for step in known]:
        raise MigrationError(f"The schema is at {current or 'base'}, below {target}. `orchctl db upgrade` goes up.")
    raise _unknown(target, [name for name in reversed(reached) if name])


def _way_down(known: list[Revision], recorded: dict[str, Entry], current: str | None) -> list[Entry]:
    """All steps from the present one to the first: ours, and those that a newer orchd has recorded."""
    ours = {step.revision: Entry(step.revision, step.down_revision, step.title, step.loses, []) for step in known}
    way, at = [], current
    while at is not None:
        entry = ours.get(at) or recorded.get(at)
        if entry is None:
            raise MigrationError(f"Revision {at} of this database is not orchd's: there is no way down from it.")
        way.append(entry)
        at = entry.down_revision
    return way


def _unknown(target: str, known: list[str]) -> MigrationError:
    return MigrationError(f"There is no revision {target!r}; there are {known[0]} to {known[-1]}.")
