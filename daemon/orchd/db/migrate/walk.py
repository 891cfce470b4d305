"""The way up, the way down, and starting over: each one transaction, so that nothing is ever half done."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
from sqlalchemy import Connection, text

from orchd.db.migrate import ledger, session, state
from orchd.db.migrate.backup import keep_copy
from orchd.db.migrate.history import Revision, history
from orchd.db.migrate.ledger import Entry
from orchd.db.migrate.place import Place
from orchd.db.migrate.progress import Deadline, Phase, Progress, Report, Reporter, silent
from orchd.db.migrate.target import above, down_to
from orchd.errors import MigrationError, OrchdError

TIMEOUT = timedelta(minutes=10)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What was done. `copy`: the copy of the SQLite file that was kept."""

    before: str | None
    after: str | None
    steps: list[str]
    copy: Path | None


class _Job(msgspec.Struct, frozen=True, kw_only=True):
    """What every walk needs."""

    place: Place
    deadline: Deadline
    report: Reporter
    backup: bool

    def copy(self, going_to: str) -> Path | None:
        if not self.backup or self.place.path is None:
            return None
        self.report(Progress(Phase.COPYING))
        return keep_copy(self.place.path, going_to, self.deadline)


def upgrade(
    place: Place,
    target: str = "head",
    *,
    timeout: timedelta = TIMEOUT,
    progress: Report = silent,
    backup: bool = True,
) -> Outcome:
    """Takes every step up to `target`: a revision, "head", or "+N".

    Raises DatabaseRefused for a database that is not ours to change, MigrationError when a step fails or time is up:
    then nothing has changed. An exception from `progress` stops it in the same way.
    """

    def work(connection: Connection, job: _Job) -> Outcome:
        return _go_up(connection, job, target)

    return _run(place, work, timeout, progress, backup)


def downgrade(
    place: Place,
    target: str,
    *,
    timeout: timedelta = TIMEOUT,
    progress: Report = silent,
    backup: bool = True,
) -> Outcome:
    """Takes steps back to `target`: a revision, "base" (nothing is left), or "-N". Raises as `upgrade` does.

    Steps of a newer orchd are undone with the statements that it has left in the database.
    """

    def work(connection: Connection, job: _Job) -> Outcome:
        return _go_down(connection, job, target)

    return _run(place, work, timeout, progress, backup)


def reset(place: Place, *, timeout: timedelta = TIMEOUT, progress: Report = silent, backup: bool = True) -> Outcome:
    """Drops every table and builds the newest schema. Raises as `upgrade` does."""

    def work(connection: Connection, job: _Job) -> Outcome:
        found = ledger.look(connection)
        if state.judge(found, [step.revision for step in history(place.steps)]).status is state.Status.FOREIGN:
            raise MigrationError("The database is not orchd's: it is left alone.")
        copy = job.copy("reset") if found.current else None
        _drop_all(connection)
        built = _go_up(connection, job, "head")
        return Outcome(before=found.current, after=built.after, steps=built.steps, copy=copy)

    return _run(place, work, timeout, progress, backup)


def plan_upgrade(place: Place, target: str = "head") -> list[Revision]:
    """The steps that `upgrade` would take. Raises as it does."""
    steps, found = history(place.steps), state.look(place)
    state.judge(found, [step.revision for step in steps]).require_usable()
    return above(steps, found.current, target)


def _go_up(connection: Connection, job: _Job, target: str) -> Outcome:
    steps = history(job.place.steps)
    found = ledger.look(connection)
    state.judge(found, [step.revision for step in steps]).require_usable()
    missing = above(steps, found.current, target)
    rewriting = [step.revision for step in missing if step.rewrites]
    copy = job.copy(rewriting[0]) if rewriting and found.current else None
    for number, step in enumerate(missing, 1):
        _take(connection, job, step, Progress(Phase.APPLYING, number, len(missing), step.revision, step.title))
    if rewriting:
        _check_references(connection, job)
    taken = [step.revision for step in missing]
    return Outcome(before=found.current, after=taken[-1] if taken else found.current, steps=taken, copy=copy)


def _take(connection: Connection, job: _Job, step: Revision, progress: Progress) -> None:
    from orchd.db.migrate import steps  # brings alembic in

    job.report(progress)
    reverse = steps.apply(connection, step, job.deadline)
    ledger.record(connection, Entry(step.revision, step.down_revision, step.title, step.loses, reverse))
    _require_time(job)


def _go_down(connection: Connection, job: _Job, target: str) -> Outcome:
    known = history(job.place.steps)
    found = ledger.look(connection)
    recorded = ledger.entries(connection)
    way = down_to(known, recorded, found.current, target)
    copy = job.copy(way[-1].down_revision or "base") if way else None
    ours = {step.revision: step for step in known}
    for number, entry in enumerate(way, 1):
        job.report(Progress(Phase.UNDOING, number, len(way), entry.revision, entry.title))
        _undo(connection, ours.get(entry.revision), entry)
        _require_time(job)
    if way:
        _check_references(connection, job)
    after = way[-1].down_revision if way else found.current
    return Outcome(before=found.current, after=after, steps=[entry.revision for entry in way], copy=copy)


def _undo(connection: Connection, known: Revision | None, entry: Entry) -> None:
    from orchd.db.migrate import steps  # brings alembic in

    if known is not None:
        steps.undo(connection, known)
    else:
        for statement in entry.reverse:
            connection.exec_driver_sql(statement)
    ledger.strike(connection, entry.revision, entry.down_revision)


def _check_references(connection: Connection, job: _Job) -> None:
    """SQLite does not look at foreign keys while tables are rebuilt; PostgreSQL always does."""
    if connection.dialect.name != "sqlite":
        return
    job.report(Progress(Phase.CHECKING))
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise MigrationError(f"Rows of {broken[0]} would refer to rows of {broken[2]} that do not exist.")


_ALL_TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    # What an extension has brought goes only with the extension.
    "postgresql": """
        SELECT relname::text FROM pg_class AS c
        WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = current_schema()::regnamespace
        AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'e')
    """,
}


def _drop_all(connection: Connection) -> None:
    kind = connection.dialect.name
    ending = " CASCADE" if kind == "postgresql" else ""
    for name in connection.execute(text(_ALL_TABLES[kind])).scalars().all():
        connection.exec_driver_sql(f'DROP TABLE "{name}"{ending}')


def _require_time(job: _Job) -> None:
    if job.deadline.passed():
        raise TimeoutError


def _run(
    place: Place, work: Callable[[Connection, _Job], Outcome], timeout: timedelta, progress: Report, backup: bool
) -> Outcome:
    job = _Job(place=place, deadline=Deadline(timeout), report=Reporter(progress), backup=backup)
    job.report(Progress(Phase.WAITING))
    with _explained(job):
        return session.exclusively(place, job.deadline, lambda connection: work(connection, job))


@contextlib.contextmanager
def _explained(job: _Job) -> Iterator[None]:
    """Turns any failure into one line: which step, why, and what to do. The database is as it was."""
    try:
        yield
    except OrchdError:
        raise
    except Exception as error:
        at = job.report.last
        what = f"Migration {at.revision} ({at.title})" if at.revision else f"The migration ({at.phase.value})"
        if job.deadline.passed():
            remedy = _remedy_for_time(at.phase)
            message = (
                f"{what} did not end within {job.deadline.timeout.total_seconds():g} s. Nothing was changed. {remedy}"
            )
        else:
            reason = str(getattr(error, "orig", None) or error).strip().splitlines()
            message = f"{what} failed: {reason[0] if reason else type(error).__name__}. Nothing was changed."
        raise MigrationError(message) from error


def _remedy_for_time(phase: Phase) -> str:
    if phase is Phase.WAITING:
        return "Another server holds the lock, or the database does not answer; start again when it is done."
    return "Raise database.migrations.timeout and start again."
