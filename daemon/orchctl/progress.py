"""How far work on the schema is: a bar on a terminal, a line for each step elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from orchctl import output
from orchd.wire.control import Progress

Told = Callable[[Progress], None]

_DOING = {
    "waiting": "Waiting for the database",
    "copying": "Keeping a copy of the database",
    "applying": "Applying",
    "undoing": "Undoing",
    "checking": "Checking the references between rows",
}


@contextmanager
def shown(*, as_json: bool) -> Iterator[Told]:
    """What to call with each piece of progress; the bar is gone when the work ends."""
    if as_json:
        yield output.print_line
    elif sys.stdout.isatty():
        with _bar() as told:
            yield told
    else:
        yield lambda at: click.echo(_sentence(at))


@contextmanager
def _bar() -> Iterator[Told]:
    # 60 ms of imports that only this needs
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar
    from rich.text import Text

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(24), TextColumn("{task.fields[steps]}"))
    with Bar(*columns, TimeElapsedColumn(), console=Console(highlight=False), transient=True) as bar:
        task = bar.add_task("Starting", total=None, steps="")

        def told(at: Progress) -> None:
            if at.revision:
                bar.console.print(Text.assemble("  ", (at.revision, "dim"), "  ", at.title))
            steps = f"{at.number} of {at.of}" if at.of else ""
            # A step that has begun is not done: the bar is full only at the end.
            bar.update(
                task,
                description=_DOING.get(at.phase, at.phase) + (f" {at.revision}" if at.revision else ""),
                completed=max(0, at.number - 1) if at.of else None,
                total=at.of or None,
                steps=steps,
            )

        yield told


def _sentence(at: Progress) -> str:
    doing = _DOING.get(at.phase, at.phase)
    return f"{doing} {at.revision} ({at.number} of {at.of}): {at.title}" if at.revision else doing
