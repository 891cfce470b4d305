"""`orchctl db …`: the schema of the database, looked at and changed."""

import sys
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import click

from orchctl import output, places, progress
from orchctl.remote import Remote
from orchctl.session import Exit, Failure, Session, options
from orchd.kit.resources import data_path
from orchd.wire.control import Action, Done, Plan, Progress, Schema, Step

F = TypeVar("F", bound=Callable[..., Any])


class Database(Protocol):
    """The running daemon, or the database itself with --offline."""

    def current(self) -> Schema: ...
    def history(self) -> list[Step]: ...
    def plan(self, action: Action | None, target: str) -> Plan: ...
    def walk(self, action: Action, target: str, told: Callable[[Progress], None]) -> Done: ...


@click.group()
@options(hidden=True)
def db() -> None:
    """Look at the schema of the database, or change it.

    While the daemon changes the schema, clients are told to wait, and do. With --offline the same is done without it.
    """


def _database(session: Session) -> Database:
    if session.offline:
        from orchctl.offline import offline  # half a second of imports

        return offline(session)
    return Remote(places.socket_path(session.socket, session.config))


def _targets(context: click.Context, parameter: click.Parameter, begun: str) -> list[str]:
    """For the shell's completion: the revisions that this orchctl knows, and the names of both ends."""
    try:
        files = sorted((data_path("migrations") / "versions").glob("[0-9]*_*.py"))
    except FileNotFoundError:
        files = []
    return [name for name in ["head", "base", "-1", *(file.name[:4] for file in files)] if name.startswith(begun)]


def _revision(default: str | None, text: str) -> Callable[[F], F]:
    return click.option(
        "-r",
        "--revision",
        **({"required": True} if default is None else {"default": default}),
        metavar="REVISION",
        help=text,
        shell_complete=_targets,
    )


_yes = click.option("-y", "--yes", is_flag=True, help="Do not ask.")


@db.command()
@options(hidden=True)
@click.pass_obj
def current(session: Session) -> None:
    """Show the revision that the database is at."""
    found = _database(session).current()
    if session.json:
        output.print_json(found)
        return
    notes = {"current": "the newest", "empty": "no table yet", "behind": f"the newest is {found.head}"}
    click.echo(f"{found.current or 'empty'} ({notes.get(found.status, found.status)})")


@db.command()
@options(hidden=True)
@click.pass_obj
def check(session: Session) -> None:
    """Check that the schema is the one that this orchd needs.

    Exit status 0 when it is, 1 when it is not.
    """
    found = _database(session).current()
    if session.json:
        output.print_json(found)
    elif found.status == "current":
        output.done(f"The schema is at {found.current}, as this orchd needs it.")
    else:
        at = "The database is empty" if found.current is None else f"The schema is at {found.current}"
        output.caution(f"{at}, this orchd needs {found.head}. {found.remedy or ''}".rstrip())
    sys.exit(Exit.OK if found.status == "current" else Exit.FAILED)


@db.command()
@options(hidden=True)
@click.pass_obj
def history(session: Session) -> None:
    """Show every step of the schema, newest first, and which are taken."""
    found = _database(session).history()
    if session.json:
        output.print_json(found)
        return
    marks = {True: click.style("✓", fg="green"), False: click.style("-", dim=True)}
    rows = [[step.revision, marks[step.applied], step.title] for step in reversed(found)]
    output.table(["Revision", "Taken", "Subject"], rows)


@db.command()
@_revision("head", 'Where to: a revision, "head", "base", "+N" or "-N".')
@options(hidden=True)
@click.pass_obj
def plan(session: Session, revision: str) -> None:
    """Show what an upgrade or a downgrade to a revision would do, without doing it."""
    found = _database(session).plan(None, revision)
    if session.json:
        output.print_json(found)
    else:
        _print_plan(found)


@db.command()
@_revision("head", 'Up to which revision, or "+N" for so many steps; the newest if not given.')
@_yes
@options(hidden=True)
@click.pass_obj
def upgrade(session: Session, revision: str, yes: bool) -> None:
    """Take the steps up to a revision."""
    _walk(session, "upgrade", revision, yes=yes)


@db.command()
@_revision(None, 'Down to which revision, "-N" for so many steps, or "base" for an empty database.')
@_yes
@options(hidden=True)
@click.pass_obj
def downgrade(session: Session, revision: str, yes: bool) -> None:
    """Take steps back, down to a revision.

    The daemon stays in maintenance afterwards, until `orchctl db upgrade`, or until an older orchd is started.
    """
    _walk(session, "downgrade", revision, yes=yes)


@db.command()
@_yes
@options(hidden=True)
@click.pass_obj
def reset(session: Session, yes: bool) -> None:
    """Delete everything and build the newest schema."""
    _walk(session, "reset", "", yes=yes)


def _walk(session: Session, action: Action, target: str, *, yes: bool) -> None:
    database = _database(session)
    if not yes:
        _ask(session, database.plan(action, target))
    try:
        with progress.shown(as_json=session.json) as told:
            done = database.walk(action, target, told)
    except KeyboardInterrupt:
        goes_on = "Nothing was changed." if session.offline else "The daemon goes on; see `orchctl status`."
        raise Failure(f"Interrupted. {goes_on}", Exit.INTERRUPTED) from None
    if session.json:
        output.print_line(done)
    else:
        _print_done(done)


def _ask(session: Session, found: Plan) -> None:
    """Shows what would be done and lost, and goes on only when told to."""
    if session.json or not sys.stdin.isatty():
        raise Failure(
            f"`db {found.action}` asks before it begins, but there is nobody to ask: add -y to do it at once.",
            Exit.REFUSED,
        )
    _print_plan(found)
    if not found.steps and found.action != "reset":
        return
    question = {"upgrade": "Go on?", "downgrade": "Undo these steps?", "reset": "Delete everything?"}
    if not click.confirm(click.style(question[found.action], bold=True)):
        click.echo("Nothing was changed.")
        sys.exit(Exit.FAILED)


def _print_plan(found: Plan) -> None:
    before, after = found.before or "an empty database", found.after or "an empty database"
    if found.action == "reset":
        click.echo(f"Everything in the database is deleted, and the schema is built anew at {after}.\n")
        _print_rows(found, "The database has no rows.")
        return
    if not found.steps:
        click.echo(f"The schema is at {found.before or 'base'}: there is nothing to do.")
        return
    verb = "up" if found.action == "upgrade" else "down"
    click.echo(f"{output.count(len(found.steps), 'step')} {verb}, from {before} to {after}:\n")
    rows = [[step.revision, step.title, step.loses if verb == "down" else ""] for step in found.steps]
    output.table(["Revision", "Subject", "What is lost" if verb == "down" else ""], rows, indent="  ")
    click.echo()
    if verb == "down":
        _print_rows(found, "No table that these steps change or drop has rows.")


def _print_rows(found: Plan, none: str) -> None:
    if not found.tables:
        click.echo(f"{none}\n")
        return
    head = "Rows that are lost" if found.action == "reset" else "Rows in the tables that are changed or dropped"
    click.echo(click.style(f"{head}:\n", fg="yellow"))
    rows = [[each.table, f"{'more than ' if each.more else ''}{each.rows:,}"] for each in found.tables]
    output.table(["Table", "Rows"], rows, right=(1,), indent="  ")
    click.echo()


def _print_done(done: Done) -> None:
    before, after = done.before or "empty", done.after or "empty"
    if done.action == "reset":
        output.done(f"The database is empty and new, at {after}.")
    elif not done.steps:
        output.done(f"There was nothing to do: the schema is at {after}.")
    else:
        way = "up" if done.action == "upgrade" else "down"
        output.done(f"The schema went {way} from {before} to {after} ({output.count(len(done.steps), 'step')}).")
    if done.copy:
        click.echo(f"  A copy of the database as it was: {done.copy}")
    if done.phase == "ready":
        click.echo("  orchd is ready.")
    elif done.phase is not None:
        output.caution(f"orchd is in maintenance. {done.reason or ''}".rstrip())
