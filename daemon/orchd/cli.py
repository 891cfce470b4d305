"""The command `orchd`: runs the daemon, or looks at its configuration."""

import faulthandler
import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from orchd import __version__
from orchd.config import Loaded, effective, load, schema
from orchd.errors import ConfigError

EX_CONFIG = 78
SYSTEM_CONFIG = Path("/etc/orchd/orchd.yaml")


def default_config() -> Path | None:
    """The configuration of this machine; None where there is none, and the defaults hold."""
    folder = os.environ.get("CONFIGURATION_DIRECTORY", "").split(":")[0]
    candidates = [Path(folder) / "orchd.yaml"] if folder else []
    return next((path for path in [*candidates, SYSTEM_CONFIG] if path.exists()), None)


def _loaded(path: Path | None, *, building: bool = False) -> Loaded:
    try:
        return load(path or default_config(), building=building)
    except ConfigError as error:
        click.echo(error.message, err=True)
        sys.exit(EX_CONFIG)


_config = click.option(
    "--config",
    "path",
    type=click.Path(path_type=Path),
    help="The configuration file; without it /etc/orchd/orchd.yaml, or the defaults where there is none.",
)


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="orchd")
@_config
@click.pass_context
def main(context: click.Context, path: Path | None) -> None:
    """Run orchd, a workflow orchestration daemon that speaks the Prefect 3 API.

    It reads its configuration, brings the database to the newest schema, and serves the API and the pages. SIGHUP reads
    the configuration again, SIGTERM stops it after the requests under way.
    """
    if context.invoked_subcommand is not None:
        context.obj = path
        return
    faulthandler.enable()
    loaded = _loaded(path)
    from orchd.app import run  # half a second of imports that looking at the configuration does not need

    sys.exit(run(loaded))


@main.command("check-config")
@click.argument("file", type=click.Path(path_type=Path))
def check_config(file: Path) -> None:
    """Check FILE and say every fault with its place. Exit status 0, or 78."""
    _loaded(file, building=True)
    click.echo(f"{file}: the configuration holds.")


@main.command("show-config")
@_config
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_obj
def show_config(outer: Path | None, path: Path | None, as_json: bool) -> None:
    """Show every option with the value in force and where it comes from. Secrets are masked."""
    loaded = _loaded(path or outer)
    shown = effective(loaded)
    if as_json:
        rows = {name: {"value": value, "origin": loaded.origins[name]} for name, value in shown.items()}
        click.echo(json.dumps(rows, indent=2))
        return
    widths = [max(map(len, shown)), max(len(_text(value)) for value in shown.values())]
    for name, value in shown.items():
        click.echo(f"{name:{widths[0]}}  {_text(value):{widths[1]}}  {loaded.origins[name]}")


@main.command("schema")
@click.option("--markdown", is_flag=True, help="As the reference page of the manual.")
def print_schema(markdown: bool) -> None:
    """Print the schema of the configuration (JSON Schema 2020-12), for editors and other tools."""
    if markdown:
        from orchd.config.reference import page

        click.echo(page(schema()), nl=False)
        return
    click.echo(json.dumps(schema(), indent=2))


def _text(value: Any) -> str:
    return "-" if value is None else json.dumps(value) if not isinstance(value, str) else value


if __name__ == "__main__":
    main()
