"""`orchd`: runs the daemon, and checks and shows its configuration.

What only the daemon needs is imported when it runs: the other commands answer at once.
"""

import faulthandler
import sys
from pathlib import Path
from typing import Any, NoReturn

import click

from orchd import __version__
from orchd.config import Loaded, effective, load
from orchd.config.places import configuration_file
from orchd.errors import ConfigError
from orchd.kit.logs import error_line
from orchd.kit.systemd import Notifier

EXIT_CONFIG = 78  # EX_CONFIG of sysexits.h

_CONFIG = click.option(
    "--config",
    "file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The configuration. Otherwise orchd.yaml in $CONFIGURATION_DIRECTORY or /etc/orchd, if there is one.",
)


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@_CONFIG
@click.version_option(__version__, prog_name="orchd", message="%(prog)s %(version)s")
@click.pass_context
def main(context: click.Context, file: Path | None) -> None:
    """A workflow orchestration daemon that speaks the Prefect 3 API.

    Without a command it runs in the foreground until it is told to stop; systemd starts it like this. orchctl speaks
    to it while it runs.
    """
    context.obj = file
    if context.invoked_subcommand is None:
        faulthandler.enable()  # the watchdog's SIGABRT leaves a trace of every thread
        loaded = _loaded(file)
        from orchd.app import run  # half a second of imports

        sys.exit(run(loaded))


@main.command("check-config")
@click.argument("file", type=click.Path(path_type=Path))
def check_config(file: Path) -> None:
    """Says everything that is wrong with FILE; exits with 78 then, else with 0.

    Files with secrets must be there too; one that is empty is noted, but lets the check pass.
    """
    try:
        loaded = load(file, secrets_may_be_empty=True)
    except ConfigError as error:
        _refuse(error)
    for note in loaded.notes:
        click.echo(f"{file}: {note}", err=True)
    click.echo(f"{file}: the configuration is valid.")


@main.command("show-config")
@_CONFIG
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object: the file, and each option with value and origin."
)
@click.pass_context
def show_config(context: click.Context, file: Path | None, *, as_json: bool) -> None:
    """Shows every option's value and where it comes from. Secrets are masked."""
    loaded = _loaded(file or context.obj)
    if as_json:
        import json

        name = None if loaded.path is None else str(loaded.path)
        options = {key: {"value": value, "origin": loaded.origins[key]} for key, value in effective(loaded).items()}
        shown = {"file": name, "options": options}
        click.echo(json.dumps(shown, indent=2, ensure_ascii=False))
    else:
        click.echo(_table(loaded))


@main.command()
@click.option("--markdown", is_flag=True, help="The reference page for people instead.")
def schema(*, markdown: bool) -> None:
    """Prints the JSON Schema of the configuration file."""
    if markdown:
        from orchd.config import manual

        click.echo(manual.markdown(), nl=False)
    else:
        from orchd.kit.resources import data_path

        click.echo(data_path("schema.json").read_text(encoding="utf-8"), nl=False)


def _loaded(file: Path | None) -> Loaded:
    """The configuration of this file or of the usual one; ends the process when it does not hold."""
    try:
        return load(file or configuration_file())
    except ConfigError as error:
        _refuse(error)


def _refuse(error: ConfigError) -> NoReturn:
    Notifier().status(f"Failed: {error.message}")
    click.echo(error_line(error.message), err=True)
    sys.exit(EXIT_CONFIG)


def _table(loaded: Loaded) -> str:
    """One line for each option: name, value, origin; blank lines between sections."""
    lines = [(name, _shown(value), loaded.origins[name]) for name, value in effective(loaded).items()]
    widths = [max(len(line[column]) for line in lines) for column in (0, 1)]
    text = [f"# {loaded.path or 'no file: the defaults'}"]
    section = ""
    for name, value, origin in lines:
        if name.partition(".")[0] != section:
            section = name.partition(".")[0]
            text.append("")
        text.append(f"{name:{widths[0]}}  {value:{widths[1]}}  {origin}")
    return "\n".join(text)


def _shown(value: Any) -> str:
    """As it would stand in the file."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


if __name__ == "__main__":
    main()
