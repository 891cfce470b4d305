"""What holds for a whole call of orchctl, and how it ends."""

import json
import sys
from collections.abc import Callable
from enum import IntEnum
from pathlib import Path
from typing import IO, Any, TypeVar

import click
from msgspec import Struct
from msgspec.structs import replace

F = TypeVar("F", bound=Callable[..., Any])


class Exit(IntEnum):
    """Exit statuses, as the manual page lists them."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_REACHABLE = 3
    REFUSED = 4
    MIGRATION = 70
    CONFIG = 78
    INTERRUPTED = 130


BY_KIND = {
    "config": Exit.CONFIG,
    "conflict": Exit.REFUSED,
    "database": Exit.REFUSED,
    "forbidden": Exit.REFUSED,
    "migration": Exit.MIGRATION,
}
"""Exit statuses for the kinds of `wire.control.Problem`; all others are FAILED."""


class Session(Struct, frozen=True):
    """The options that every command takes."""

    socket: Path | None = None
    config: Path | None = None
    json: bool = False
    offline: bool = False


class Failure(click.ClickException):
    """Ends orchctl with a message on standard error and a status."""

    def __init__(self, message: str, exit_code: Exit, kind: str = "") -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]  # each has its own
        self.kind = kind or exit_code.name.lower()
        self.as_json = False

    @classmethod
    def of(cls, kind: str, message: str) -> "Failure":
        """From what the daemon, or the code that it shares with orchctl, says."""
        return cls(message, BY_KIND.get(kind, Exit.FAILED), kind)

    def show(self, file: IO[Any] | None = None) -> None:
        if self.as_json:
            click.echo(json.dumps({"kind": self.kind, "message": self.message}), file=file or sys.stderr)
        else:
            click.echo(click.style("✗ ", fg="red") + self.message, file=file, err=file is None)


def _remember(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value and parameter.name is not None:
        session = replace(context.obj or Session(), **{parameter.name: value})
        above: click.Context | None = context
        while above is not None:  # who shows an error does not know the command any more
            above.obj, above = session, above.parent


def options(*, hidden: bool = False, offline: bool = True) -> Callable[[F], F]:
    """The options of a `Session`: on `orchctl` itself, and hidden, so that their place does not matter, on commands."""
    common: dict[str, Any] = {"expose_value": False, "callback": _remember, "hidden": hidden}
    found = [
        click.option(
            "--socket",
            type=click.Path(path_type=Path, readable=False),
            metavar="PATH",
            help="The control socket; without it the one of the configuration, or the usual places.",
            **common,
        ),
        click.option(
            "--config",
            type=click.Path(path_type=Path, exists=True, dir_okay=False),
            metavar="FILE",
            help="The daemon's configuration, read for its socket and, with --offline, its database; "
            "without it /etc/orchd/orchd.yaml, if there is one.",
            **common,
        ),
        click.option("--json", is_flag=True, help="Print JSON, for programs.", **{**common, "hidden": False}),
    ]
    if offline:
        found.append(
            click.option(
                "--offline",
                is_flag=True,
                help="For db commands: work on the database directly, while the daemon is stopped.",
                **common,
            )
        )

    def decorate(command: F) -> F:
        for option in reversed(found):
            command = option(command)
        return command

    return decorate
