"""Makes the manual pages from what they describe: the commands, and the schema of the configuration.

python packaging/man/make.py        writes docs/man/*; a test holds the pages to the commands
"""

import json
import re
import sys
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path
from typing import Any

import click

from orchctl.cli import main as orchctl
from orchd.cli import main as orchd
from orchd.config.phrases import allowed
from orchd.config.schema import Option, schema

PROSE = Path(__file__).parent
PAGES = Path(__file__).parents[2] / "docs" / "man"


def pages() -> dict[str, str]:
    """Each page by its file name."""
    return {
        "orchctl.1": _filled("orchctl.1", {"OPTIONS": _options(orchctl), "COMMANDS": _commands(orchctl)}),
        "orchd.8": _filled("orchd.8", {"OPTIONS": _options(orchd), "COMMANDS": _commands(orchd)}),
        "orchd.yaml.5": _filled("orchd.yaml.5", {"OPTIONS": _sections((), schema())}),
    }


def _filled(name: str, parts: dict[str, Iterator[str]]) -> str:
    """The prose of a page with the made parts in their places."""
    text = (PROSE / f"{name}.in").read_text()
    for mark, lines in parts.items():
        text = text.replace(f"@{mark}@\n", "".join(f"{line}\n" for line in lines))
    return text


def roff(text: str) -> str:
    """Plain text as roff: escapes, and `code` in bold."""
    safe = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...")
    safe = re.sub(r"`([^`]+)`", r"\\fB\1\\fR", safe)
    return re.sub(r"^([.'])", r"\\&\1", safe, flags=re.MULTILINE)


def _commands(group: click.Group, above: str = "") -> Iterator[str]:
    """Every command with its options, depth first."""
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from _commands(command, f"{above}{name} ")
            continue
        arguments = " ".join(
            f"\\fI{roff(each.metavar or (each.name or '').upper())}\\fR"
            for each in command.params
            if isinstance(each, click.Argument)
        )
        yield ".TP"
        yield f"\\fB{roff(above + name)}\\fR {arguments}".rstrip()
        yield from _paragraphs(command.help or "")
        own = list(_options(command))
        if own:
            yield from [".RS", *own, ".RE"]


def _options(command: click.Command) -> Iterator[str]:
    """The options of one command; what every command takes is told once."""
    for option in command.params:
        if not isinstance(option, click.Option) or option.hidden:
            continue
        if option.name == "json" and command is not orchctl and command.name != "show-config":
            continue
        metavar = "" if option.is_flag else f" \\fI{roff(option.metavar or (option.name or '').upper())}\\fR"
        yield ".TP"
        yield ", ".join(f"\\fB{roff(name)}\\fR{metavar}" for name in option.opts)
        yield roff(option.help or "")


def _paragraphs(text: str) -> Iterator[str]:
    """A command's help; what stands after a \\b keeps its lines."""
    for number, paragraph in enumerate(cleandoc(text).split("\n\n")):
        if number:
            yield ".IP"
        if paragraph.startswith("\b"):
            yield from [".nf", *(roff(line) for line in paragraph.splitlines()[1:]), ".fi"]
        else:
            yield roff(" ".join(paragraph.split()))


def _sections(key: tuple[str, ...], spec: dict[str, Any]) -> Iterator[str]:
    """Every option of the configuration, section by section."""
    if key:
        yield f".SS {'.'.join(key)}"
        yield roff(spec["description"])
    inner = spec["properties"]
    for name, part in inner.items():
        if "properties" not in part:
            yield from _option(Option((*key, name), part))
    for name, part in inner.items():
        if "properties" in part:
            yield from _sections((*key, name), part)


def _option(option: Option) -> Iterator[str]:
    default = "none" if option.default is None else json.dumps(option.default, ensure_ascii=False)
    yield ".TP"
    yield f"\\fB{roff(option.name)}\\fR"
    yield roff(option.spec["description"])
    yield ".br"
    change = "a reload applies it" if option.live else "a change awaits a restart"
    yield roff(f"Allowed: {allowed(option.spec)}. Default: {default}; {change}.")


if __name__ == "__main__":
    for name, text in pages().items():
        (PAGES / name).write_text(text)
        sys.stdout.write(f"{PAGES / name}\n")
