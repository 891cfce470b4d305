"""`orchctl status`, `orchctl services`."""

import sys
from datetime import UTC, datetime

import click

from orchctl import output, places
from orchctl.remote import Remote
from orchctl.session import Exit, Session, options
from orchd.wire.control import Daemon, Schema, Service, Work

TONES = {"ready": "green", "maintenance": "yellow", "migrating": "yellow", "starting": "yellow", "draining": "yellow"}


@click.command()
@options(hidden=True)
@click.pass_obj
def status(session: Session) -> None:
    """Show how the daemon fares.

    Exit status 0 when it is ready, 1 when it is anything else, 3 when no daemon answers.
    """
    found = Remote(places.socket_path(session.socket, session.config)).get("/status", Daemon)
    if session.json:
        output.print_json(found)
    else:
        _print(found)
    sys.exit(Exit.OK if found.phase == "ready" else Exit.FAILED)


@click.command()
@options(hidden=True)
@click.pass_obj
def services(session: Session) -> None:
    """Show how each background service fares."""
    found = Remote(places.socket_path(session.socket, session.config)).get("/services", list[Service])
    if session.json:
        output.print_json(found)
    elif not found:
        click.echo("No service runs now.")
    else:
        rows = [_row(each) for each in found]
        headers = ["Service", "Every", "Passes", "Changed", "Took", "Last pass", "Next in", "State"]
        output.table(headers, rows, right=(1, 2, 3, 4, 6))


def _print(found: Daemon) -> None:
    tone = TONES.get(found.phase, "red")
    phase = "in maintenance" if found.phase == "maintenance" else found.phase
    click.echo(f"{click.style('●', fg=tone)} orchd {found.version} is {click.style(phase, fg=tone, bold=True)}")
    if found.phase != "ready":
        click.echo(f"  {found.reason}")
    click.echo()
    output.facts(
        [
            ("Process", str(found.pid)),
            ("Started", _moment(found.started)),
            (phase.capitalize(), _moment(found.since) if found.phase != "ready" else None),
            ("Listens on", ", ".join(found.addresses) or None),
            ("Configuration", found.configuration or "none: the defaults"),
            ("Database", found.database),
            ("Schema", _schema(found.schema) if found.work is None else None),
            ("Work", _work(found.work) if found.work else None),
            ("Services", _services(found)),
        ]
    )


def _moment(at: datetime) -> str:
    return f"{output.ago(at)} ({at:%Y-%m-%d %H:%M:%S} UTC)"


def _schema(found: Schema | None) -> str:
    if found is None:
        return click.style("unknown: the database does not answer", fg="red")
    at = found.current or "empty"
    return f"{at} (current)" if found.status == "current" else click.style(f"{at} ({found.status})", fg="yellow")


def _work(work: Work) -> str:
    at = work.progress
    where = "" if at is None else f", {at.phase}" + (f" {at.revision} ({at.number} of {at.of})" if at.revision else "")
    command = " ".join(filter(None, ("db", work.action, work.target)))
    return f"{command} for {work.caller}, since {output.ago(work.since)}{where}"


def _services(found: Daemon) -> str:
    if not found.failing:
        return f"{found.services} running"
    failing = click.style(f"failing: {', '.join(found.failing)}", fg="red")
    return f"{found.services} running, {failing} (see `orchctl services`)"


def _row(each: Service) -> list[str]:
    state = click.style("ok", fg="green") if each.last_error is None else click.style(each.last_error, fg="red")
    numbers = [output.seconds(each.every), f"{each.passes:,}", f"{each.changed:,}", output.seconds(each.last_seconds)]
    return [each.name, *numbers, output.ago(each.last_pass), _time_to(each.next_pass), state]


def _time_to(at: datetime | None) -> str:
    """How long it is until then; a pass that is due, or under way, is now."""
    left = 0.0 if at is None else (at - datetime.now(UTC)).total_seconds()
    return output.seconds(round(left)) if left >= 1 else "now"
