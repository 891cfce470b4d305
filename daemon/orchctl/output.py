"""Text for people: columns, facts, tones. Colours are left out where standard output is no terminal."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any

import click
import msgspec

GAP = "  "
UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def print_json(value: Any) -> None:
    """One JSON document, indented."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


def print_line(value: Any) -> None:
    """One JSON document on one line."""
    click.echo(msgspec.json.encode(value))


def table(
    headers: Sequence[str], rows: Iterable[Sequence[str]], *, right: Iterable[int] = (), indent: str = ""
) -> None:
    """Columns as wide as their widest cell; those in `right` are flush right."""
    cells = [list(row) for row in rows]
    widths = [max(map(width, column)) for column in zip_longest(headers, *cells, fillvalue="")]
    flush = set(right)

    def line(row: Sequence[str]) -> str:
        padded = [
            " " * (wide - width(cell)) + cell if at in flush else cell + " " * (wide - width(cell))
            for at, (cell, wide) in enumerate(zip(row, widths, strict=True))
        ]
        return indent + GAP.join(padded).rstrip()

    click.echo(click.style(line(headers), dim=True))
    for row in cells:
        click.echo(line(row))


def facts(pairs: Iterable[tuple[str, str | None]], indent: str = "  ") -> None:
    """Names and values, one a line; what is None is left out."""
    shown = [(name, value) for name, value in pairs if value is not None]
    wide = max(len(name) for name, _ in shown)
    for name, value in shown:
        click.echo(f"{indent}{click.style(name.ljust(wide), dim=True)}{GAP}{value}")


def width(text: str) -> int:
    """Columns on the screen: colours take none."""
    return len(click.unstyle(text))


def done(text: str) -> None:
    """Something was done."""
    click.echo(click.style("✓ ", fg="green") + text)


def caution(text: str) -> None:
    """Something is to be looked after."""
    click.echo(click.style("! ", fg="yellow") + text)


def count(number: int, noun: str) -> str:
    """`1 step`, `2 steps`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def ago(moment: datetime | None, now: datetime | None = None) -> str:
    """`3 minutes ago`: the largest unit is enough."""
    if moment is None:
        return "never"
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    for size, unit in UNITS:
        if seconds >= size:
            return f"{count(int(seconds // size), unit)} ago"
    return "just now"


def seconds(number: float | None) -> str:
    """`12 ms`, `1.5 s`, `2.5 min`."""
    if number is None:
        return "-"
    if number < 1:
        return f"{number * 1000:.3g} ms"
    return f"{number:.3g} s" if number < 120 else f"{number / 60:.3g} min"
