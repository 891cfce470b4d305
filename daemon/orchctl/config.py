"""`orchctl config show`, `orchctl config reload`."""

import json
from typing import Any

import click

from orchctl import output, places
from orchctl.remote import Remote
from orchctl.session import Session, options
from orchd.wire.control import Configuration, Reloaded


@click.group()
def config() -> None:
    """Look at the daemon's configuration, or have it read again."""


@config.command()
@options(hidden=True)
@click.pass_obj
def show(session: Session) -> None:
    """Show every option with the value in force and where it comes from. Secrets are masked."""
    found = Remote(places.socket_path(session.socket, session.config)).get("/config", Configuration)
    if session.json:
        output.print_json(found)
        return
    rows = [[name, _text(option.value), _origin(option.origin)] for name, option in found.options.items()]
    output.table(["Option", "Value", "From"], rows)


@config.command()
@options(hidden=True)
@click.pass_obj
def reload(session: Session) -> None:
    """Have the daemon read its configuration again.

    A file with a fault changes nothing: every fault is printed with its line and column, and the exit status is 78.
    """
    found = Remote(places.socket_path(session.socket, session.config)).post("/config/reload", Reloaded)
    if session.json:
        output.print_json(found)
        return
    if not found.live and not found.restart:
        output.done("The configuration is valid, and nothing in it has changed.")
    if found.live:
        output.done(f"Changed: {', '.join(found.live)}")
    if found.restart:
        output.caution(f"Changed in the file, awaiting a restart: {', '.join(found.restart)}")


def _text(value: Any) -> str:
    if value is None:
        return click.style("-", dim=True)
    return value if isinstance(value, str) else json.dumps(value)


def _origin(text: str) -> str:
    return click.style(text, dim=True) if text == "default" else text
